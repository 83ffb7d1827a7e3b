"""What every route of the gateway works with."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.requests import Request

from sandbox_provider.ledger import Ledger
from sandbox_provider.models import Checkout
from sandbox_provider.webhooks import WebhookSender


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The books, the courier, and how unfriendly an unfriendly card is.

    Attributes:
        base_url: where browsers and the shop reach this process, without a slash at the end.
        hang_s: how long a request that shall time out is held before it ends with a 504.
        late_by: how long a late capture or a pending refund lets others wait.
    """

    ledger: Ledger
    courier: WebhookSender
    api_key: str
    base_url: str
    timeout_delay_s: float
    late_capture_delay: timedelta

    def page_of(self, checkout: Checkout) -> str:
        """Return the address of a checkout's page."""
        return self.base_url + page_path(checkout)

    def now(self) -> datetime:
        """Return the provider's own time, which is not the shop's."""
        return datetime.now(UTC)


def page_path(checkout: Checkout) -> str:
    """Return the path of a checkout's page, the same under every name this process is reached by."""
    return f"/sandbox/checkouts/{checkout.checkout_id}"


def gateway_of(request: Request) -> Gateway:
    """Return the gateway that serves this request."""
    gateway: Gateway = request.app.state.gateway
    return gateway
