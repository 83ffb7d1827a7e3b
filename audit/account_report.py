"""Report of one account's purchases as of a moment: order ids from the read model, states folded from the log."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from audit.as_of import AsOf
from audit.streams import HistoricalStreams
from domain.decisions.disputes.disputed_money import own_currency
from domain.order import ORDER, OrderStatus, PlacedOrder, RefundOutcome
from domain.payment import PAYMENT, RequestedPayment
from domain.values import total
from projections.engine.queries import PAGE_ROWS_MAX, ReadModelQueries
from projections.my_orders.queries import Order, list_orders

ORDERS_MAX = 1_000


@dataclass(slots=True)
class PurchaseTotals:
    """An account's purchases of one performance and currency; amounts in minor units, as in the sales figures."""

    organizer: str
    performance: str
    currency: str
    orders: int = 0
    confirmed: int = 0
    sold: int = 0
    returned: int = 0
    gross: int = 0
    returned_gross: int = 0
    refunded: int = 0
    disputes_lost: int = 0

    def add(self, order: PlacedOrder, lost: int) -> None:
        """Add one order, and the amount that disputes withheld from its payments."""
        cancelled = [line for line in order.lines if line.line_id in order.cancelled_lines]
        self.orders += 1
        self.disputes_lost += lost
        self.returned += len(cancelled)
        self.returned_gross += total(cancelled)
        self.refunded += sum(
            refund.amount
            for refund in order.refunds.values()
            if refund.outcome is RefundOutcome.COMPLETED and refund.currency == order.currency
        )
        if order.status is OrderStatus.CONFIRMED:
            self.confirmed += 1
            self.sold += len(order.lines)
            self.gross += order.total


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReport:
    """Purchases by performance; if not `complete`, of the account's latest `ORDERS_MAX` orders only."""

    bought: Sequence[PurchaseTotals]
    complete: bool


async def orders_until(models: ReadModelQueries, *, account: str, position: int) -> list[Order]:
    """Return the orders that an account had placed by a position, newest first, at most `ORDERS_MAX` + 1."""
    found: list[Order] = []
    before = position + 1
    while len(found) <= ORDERS_MAX:
        page = (await list_orders(models, account=account, before=before)).orders
        found += page
        if len(page) < PAGE_ROWS_MAX:
            break
        before = page[-1].position
    return found[: ORDERS_MAX + 1]


async def account_report(
    models: ReadModelQueries, streams: HistoricalStreams, then: AsOf, *, account: str, organizers: Sequence[str] | None
) -> AccountReport:
    """Return an account's purchases as of a moment, from some organizers (None: from all).

    Raises:
        ModelMissing; StoreUnavailable.
    """
    placed = await orders_until(models, account=account, position=then.position)
    wanted = [order.order_id for order in placed[:ORDERS_MAX] if organizers is None or order.organizer in organizers]
    found: dict[tuple[str, str, str], PurchaseTotals] = {}
    orders = {stream.stream: stream.state for stream in await streams.read(list(map(ORDER.stream, wanted)), then)}
    lost = await losses(streams, list(orders.values()), then)
    for order in orders.values():
        key = (order.organizer, order.performance, order.currency)
        found.setdefault(key, PurchaseTotals(*key)).add(order, sum(lost[payment] for payment in order.payments))
    return AccountReport(bought=[found[key] for key in sorted(found)], complete=len(placed) <= ORDERS_MAX)


async def losses(streams: HistoricalStreams, orders: Sequence[PlacedOrder], then: AsOf) -> Counter[str]:
    """Return payment → amount that disputes had withheld, in minor units of the order's currency."""
    payments = {PAYMENT.stream(payment): order for order in orders for payment in order.payments}
    lost: Counter[str] = Counter()
    for stream in await streams.read(list(payments), then):
        paid = stream.state
        if isinstance(paid, RequestedPayment) and own_currency(paid) == payments[stream.stream].currency:
            lost[stream.stream.partition("-")[2]] = paid.lost
    return lost
