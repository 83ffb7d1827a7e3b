"""What must be true of payments while they wait for the buyer."""

from collections.abc import Iterator, Sequence

from domain import order as orders
from domain.invariants.check import command_invariant
from domain.invariants.ledger import Ledger, stream_id
from domain.invariants.records import LoggedEvent


@command_invariant
def no_payment_awaits_a_buyer_of_an_ended_order(ledger: Ledger, command: Sequence[LoggedEvent]) -> Iterator[str]:
    """An order that is confirmed or cancelled leaves no checkout open in which somebody could pay for it."""
    for fact in command:
        if not isinstance(fact.event, orders.OrderConfirmed | orders.OrderCancelled):
            continue
        order = stream_id(fact.stream)
        left = [name for name, paid in ledger.payments.items() if paid.order == order and paid.awaits_buyer]
        if left:
            yield f"order {order} ended, and the payments {left} still wait for the buyer."
