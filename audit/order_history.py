"""One order as of a moment: state, money, and its events from all streams that it involves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from audit.as_of import AsOf
from audit.streams import HistoricalStreams, StreamAsOf
from domain.buyer_quota import BUYER_QUOTA, BuyerQuota
from domain.decisions.disputes.disputed_money import own_currency
from domain.hold import HOLD
from domain.money_exception import EXCEPTION
from domain.order import ORDER, NoOrder, PlacedOrder, RefundOutcome
from domain.payment import PAYMENT, RequestedPayment
from domain.refund import REFUND, RequestedRefund
from domain.seat import SEAT
from domain.ticket import TICKET, IssuedTicket
from domain.values import seats_of
from eventstore.store import RecordedEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMoney:
    """Totals of an order's money in minor units of its currency; `refund_open`: refunds without an outcome."""

    captured: int
    refunded: int
    refund_open: int
    disputes_lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAsOf:
    """An order as of a moment, with its payments, refunds and tickets by id; empty before it was placed."""

    order: PlacedOrder | None
    money: OrderMoney
    payments: dict[str, RequestedPayment]
    refunds: dict[str, RequestedRefund]
    tickets: dict[str, IssuedTicket]
    events: Sequence[RecordedEvent]


NO_MONEY = OrderMoney(captured=0, refunded=0, refund_open=0, disputes_lost=0)


async def order_as_of(
    streams: HistoricalStreams, then: AsOf, order: str, *, exceptions: Sequence[str] = ()
) -> OrderAsOf | None:
    """Return an order as of a moment, with its events in the order of the log; None if it does not exist now either.

    Args:
        exceptions: ids of the exceptions of this order.
    """
    found = await streams.find(ORDER.stream(order), then)
    if found is None:
        return None
    placed = found.state
    if isinstance(placed, NoOrder):
        return OrderAsOf(order=None, money=NO_MONEY, payments={}, refunds={}, tickets={}, events=[])
    others = await streams.read([*related_streams(placed), *map(EXCEPTION.stream, exceptions)], then)
    merged = [each.state.moved_into for each in others if isinstance(each.state, BuyerQuota) and each.state.moved_into]
    if merged:
        quotas = [BUYER_QUOTA.stream(account, placed.performance) for account in merged]
        others = [*others, *await streams.read(quotas, then)]
    payments = {key(each): each.state for each in others if isinstance(each.state, RequestedPayment)}
    refunds = {key(each): each.state for each in others if isinstance(each.state, RequestedRefund)}
    events = [*found.events, *(event for each in others for event in of_order(streams, each, order, placed.hold))]
    return OrderAsOf(
        order=placed,
        money=money_of(placed, payments),
        payments=payments,
        refunds=refunds,
        tickets={key(each): each.state for each in others if isinstance(each.state, IssuedTicket)},
        events=sorted(events),
    )


def related_streams(order: PlacedOrder) -> list[str]:
    """Return the names of the streams that the order refers to."""
    return [
        HOLD.stream(order.hold),
        BUYER_QUOTA.stream(order.account, order.performance),
        *map(PAYMENT.stream, order.payments),
        *map(REFUND.stream, order.refunds),
        *map(TICKET.stream, order.tickets.values()),
        *(SEAT.stream(*seat) for seat in seats_of(order.lines)),
    ]


def of_order(streams: HistoricalStreams, stream: StreamAsOf, order: str, hold: str) -> Iterator[RecordedEvent]:
    """Yield the stream's events that belong to the order; streams of seats and quotas also have events of others."""
    shared = stream.kind in {SEAT.prefix, BUYER_QUOTA.prefix}
    for event in stream.events:
        if not shared:
            yield event
            continue
        decoded = streams.decode(event)
        if getattr(decoded, "order", None) == order or getattr(decoded, "hold", None) == hold:
            yield event


def money_of(order: PlacedOrder, payments: dict[str, RequestedPayment]) -> OrderMoney:
    """Return the totals of an order's money; money in another currency is not included, it has an exception."""
    own = [each for each in payments.values() if own_currency(each) == order.currency]
    refunds = [each for each in order.refunds.values() if each.currency == order.currency]
    return OrderMoney(
        captured=sum(payment.captured for payment in own),
        refunded=sum(each.amount for each in refunds if each.outcome is RefundOutcome.COMPLETED),
        refund_open=sum(each.amount for each in refunds if each.outcome is None),
        disputes_lost=sum(payment.lost for payment in own),
    )


def key(stream: StreamAsOf) -> str:
    """Return the id in a stream's name."""
    return stream.stream.partition("-")[2]
