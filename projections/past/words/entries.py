"""What happened to a ticket, and to a reading that was turned away."""

from typing import assert_never

from domain import ticket
from projections.past.words.phrases import REASONS


def of_ticket(event: ticket.TicketEvent) -> str:
    """Tell what happened to a ticket."""
    match event:
        case ticket.TicketIssued():
            return f"Issued to account {event.account} for {event.place.label} in order {event.order}."
        case ticket.TicketVoided():
            return f"Void: refund {event.refund} ended the right to attend."
        case ticket.TicketDisputed():
            return f"The buyer's bank disputes payment {event.payment}, which paid for it."
        case ticket.TicketDisputeWon():
            return f"The dispute of payment {event.payment} was decided for the shop."
        case ticket.EntryRecorded():
            return f"Somebody entered with it at gate {event.gate}, read by device {event.device}."
        case _:
            assert_never(event)


def of_scan(event: ticket.ScanRefused) -> str:
    """Tell why somebody was turned away."""
    which = f"Ticket {event.ticket}" if event.ticket else "Somebody"
    return f"{which} was turned away at gate {event.gate} {REASONS[event.reason]}."
