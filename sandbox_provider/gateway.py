"""The dependencies of the gateway's routes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.requests import Request

from sandbox_provider.ledger import Ledger
from sandbox_provider.models import Checkout
from sandbox_provider.webhooks import WebhookSender


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Ledger, webhook sender and delays.

    Attributes:
        base_url: URL of this process for browsers and the shop, without a slash at the end.
        timeout_delay_s: delay in seconds before a request that should time out ends with 504.
        late_capture_delay: delay of a late capture, and duration of a pending refund.
    """

    ledger: Ledger
    webhook_sender: WebhookSender
    api_key: str
    base_url: str
    timeout_delay_s: float
    late_capture_delay: timedelta

    def page_of(self, checkout: Checkout) -> str:
        """Return the URL of a checkout's page."""
        return self.base_url + page_path(checkout)

    def now(self) -> datetime:
        """Return the provider's time, which is independent of the shop's."""
        return datetime.now(UTC)


def page_path(checkout: Checkout) -> str:
    """Return the path of a checkout's page, without host."""
    return f"/sandbox/checkouts/{checkout.checkout_id}"


def gateway_of(request: Request) -> Gateway:
    """Return the gateway that serves this request."""
    gateway: Gateway = request.app.state.gateway
    return gateway
