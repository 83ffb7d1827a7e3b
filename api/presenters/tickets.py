"""Tickets and scans as answers show them."""

from typing import Any

from api.presenters.values import Body, plain_place, shown_place
from domain.ticket import EntryRecorded, TicketIssued, TicketVoided
from projections.tickets import Ticket


def issued_ticket(ticket: str, issued: TicketIssued) -> Body:
    """Show what a ticket is for."""
    return {
        "ticket_id": ticket,
        "performance_id": issued.performance,
        "event_id": issued.event,
        "place": shown_place(plain_place(issued.place)),
        "ticket_type": issued.ticket_type,
    }


def ticket_state(events: list[Any]) -> str:
    """Say whether a ticket admits."""
    if any(type(event) is TicketVoided for event in events):
        return "void"
    return "used" if any(type(event) is EntryRecorded for event in events) else "valid"


def listed_ticket(ticket: Ticket) -> Body:
    """Show a ticket from its row."""
    return {
        "ticket_id": ticket.ticket,
        "order_id": ticket.order_id,
        "performance_id": ticket.performance,
        "event_id": ticket.event,
        "place": shown_place(ticket.place),
        "ticket_type": ticket.ticket_type,
        "state": ticket.state,
        "issued_at": ticket.issued_at,
        "entered_at": ticket.entered_at,
    }
