"""Invariants of refunds: the time of the request, and the tickets they may void."""

from collections.abc import Iterator

from domain import refund as refunds
from domain import ticket as tickets
from domain.invariants.check import event_invariant
from domain.invariants.ledger import Ledger, stream_id
from domain.invariants.records import LoggedEvent
from domain.values import RefundReason


@event_invariant
def owners_request_refunds_before_the_start(ledger: Ledger, fact: LoggedEvent) -> Iterator[str]:
    """An owner's request is recorded before the start, unless the performance was cancelled."""
    match fact.event:
        case refunds.RefundRequested(reason=RefundReason.BUYER_REQUEST, performance=str(performance)):
            if ledger.takes_place(performance) and ledger.started(performance, fact.recorded_at):
                yield f"{fact.stream} was requested by the owner after {ledger.starts[performance]}."


@event_invariant
def used_tickets_are_refunded_for_cause_only(ledger: Ledger, fact: LoggedEvent) -> Iterator[str]:
    """A used ticket is voided if its performance was cancelled, or after the start by a refund with a reason."""
    if not isinstance(fact.event, tickets.TicketVoided):
        return
    ticket = ledger.tickets[stream_id(fact.stream)]
    performance = ticket.performance
    explained = ledger.refunds[fact.event.refund].explained and ledger.started(performance, fact.recorded_at)
    if ticket.entry and ledger.takes_place(performance) and not explained:
        yield f"{fact.stream} was voided by {fact.event.refund} although it was used."
