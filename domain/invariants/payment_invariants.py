"""Invariants of payments that await the buyer."""

from collections.abc import Iterator, Sequence

from domain import order as orders
from domain.invariants.check import command_invariant
from domain.invariants.ledger import Ledger, stream_id
from domain.invariants.records import LoggedEvent


@command_invariant
def no_payment_awaits_a_buyer_of_an_ended_order(ledger: Ledger, command: Sequence[LoggedEvent]) -> Iterator[str]:
    """A confirmed or cancelled order has no open checkout in which it could be paid again."""
    for fact in command:
        if not isinstance(fact.event, orders.OrderConfirmed | orders.OrderCancelled):
            continue
        order = stream_id(fact.stream)
        awaiting = [name for name, paid in ledger.payments.items() if paid.order == order and paid.awaits_buyer]
        if awaiting:
            yield f"order {order} ended, and the payments {awaiting} still await the buyer."
