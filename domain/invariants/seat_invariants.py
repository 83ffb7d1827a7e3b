"""Invariants of places and quota, and that a refused command leaves no trace."""

from collections.abc import Iterator, Sequence

from domain import buyer_quota as buyers
from domain import hold as holds
from domain import order as orders
from domain import ticket as tickets
from domain.invariants.check import command_invariant
from domain.invariants.ledger import Ledger, stream_id
from domain.invariants.records import LoggedEvent


@command_invariant
def one_valid_ticket_per_seat(ledger: Ledger, command: Sequence[LoggedEvent]) -> Iterator[str]:
    """Invariant 2: at most one of a seat's tickets is valid."""
    for fact in command:
        if isinstance(fact.event, tickets.TicketIssued):
            seat = f"seat-{fact.event.performance}-{fact.event.place.seat}"
            valid = ledger.occupancy.valid[seat]
            if len(valid) > 1:
                yield f"{seat} has the tickets {sorted(valid)}."


@command_invariant
def places_held_and_sold_fit_the_capacity(ledger: Ledger, command: Sequence[LoggedEvent]) -> Iterator[str]:
    """Invariant 3: places in live baskets and places with a valid ticket do not exceed the capacity.

    They are counted by the baskets' lines and by tickets, not by the seats' streams: two lines of one place are two.
    """
    for fact in command:
        if isinstance(fact.event, holds.HoldPlaced | orders.OrderConfirmed):
            performance = performance_of(ledger, fact)
            capacity = ledger.occupancy.capacity.get(performance)
            taken = ledger.occupancy.count_taken(performance, fact.recorded_at)
            if capacity is not None and taken > capacity:
                yield f"performance {performance} has {capacity} places, and {taken} are held or sold."


def performance_of(ledger: Ledger, fact: LoggedEvent) -> str:
    """Return the performance of a basket or an order."""
    if isinstance(fact.event, holds.HoldPlaced):
        return fact.event.performance
    return ledger.orders[stream_id(fact.stream)].performance


@command_invariant
def a_basket_counts_once(ledger: Ledger, command: Sequence[LoggedEvent]) -> Iterator[str]:
    """A basket's seats count for one buyer's quota, also after a guest logs in; a paid order's seats all count."""
    for fact in command:
        match fact.event:
            case (
                buyers.BuyerQuotaTaken(hold=hold)
                | buyers.BuyerQuotaKept(hold=hold)
                | buyers.BuyerQuotaReceived(hold=hold)
            ):
                counted = ledger.occupancy.shares[hold]
                if len(counted) != 1:
                    yield f"hold {hold} counts for {sorted(counted)}."
            case orders.OrderConfirmed():
                order = ledger.orders[stream_id(fact.stream)]
                counted = ledger.occupancy.shares[order.hold]
                if sum(counted.values()) != len(order.lines):
                    yield f"order {stream_id(fact.stream)} of {len(order.lines)} seats counts as {counted}."


@command_invariant
def a_share_ends_with_its_basket(ledger: Ledger, command: Sequence[LoggedEvent]) -> Iterator[str]:
    """A basket that ended counts for no quota, and one that is extended counts until its new deadline."""
    for fact in command:
        hold = stream_id(fact.stream)
        match fact.event:
            case holds.HoldReleased() | holds.HoldExpired():
                if counted := ledger.occupancy.shares.get(hold):
                    yield f"hold {hold} has ended, and still counts as {counted}."
            case holds.HoldExtended(expires_at=until):
                if buyers.BuyerQuotaExtended(hold=hold, expires_at=until) not in [other.event for other in command]:
                    yield f"hold {hold} lasts until {until}, and its share of the quota does not."


@command_invariant
def a_refused_command_left_no_trace(ledger: Ledger, command: Sequence[LoggedEvent]) -> Iterator[str]:
    """Invariant 11: no event has the id of a command whose last response was a refusal.

    The log does not record refusals; the sender of the commands adds them to `ledger.refused`.
    """
    command_id = command[0].command_id
    if command_id is not None and command_id in ledger.refused:
        yield f"command {command_id} was refused, yet recorded {[type(fact.event).__name__ for fact in command]}."
