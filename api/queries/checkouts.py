"""URLs of open checkouts; they are stored beside the log, because they allow paying."""

from collections.abc import Mapping

from api.dependencies import Services
from domain.payment import AWAITING_BUYER, RequestedPayment


async def checkout_urls(
    services: Services, payments: Mapping[str, RequestedPayment], *, owner: bool
) -> Mapping[str, str]:
    """Return the URLs of payments that await the buyer, by payment; none unless the reader is the owner."""
    now = services.clock.now()
    waiting = [name for name, state in payments.items() if state.status in AWAITING_BUYER and now < state.expires_at]
    return await services.checkout_urls.find_many(waiting) if owner and waiting else {}
