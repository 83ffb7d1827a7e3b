"""Tickets and scans as JSON."""

from api.presenters.summaries import performance_summary
from api.presenters.values import Body, place_json, place_to_plain_json
from application.tickets import TicketDetails
from domain.ticket import TicketIssued
from projections.catalogue import PerformanceSummary
from projections.tickets.queries import Ticket

VOID, CANCELLED = "void", "cancelled"
NOT_ADMITTING = frozenset({VOID, CANCELLED})


def issued_ticket(ticket: str, issued: TicketIssued) -> Body:
    """Return what a ticket is for as JSON."""
    return {
        "ticket_id": ticket,
        "performance_id": issued.performance,
        "event_id": issued.event,
        "place": place_json(place_to_plain_json(issued.place)),
        "ticket_type": issued.ticket_type,
    }


def ticket_from_row(ticket: Ticket, summary: PerformanceSummary | None) -> Body:
    """Return a ticket as JSON, from its row; after a cancellation it is `cancelled` until it is void."""
    cancelled = summary is not None and summary.cancel_reason is not None
    return {
        "ticket_id": ticket.ticket,
        "order_id": ticket.order_id,
        "performance_id": ticket.performance,
        "event_id": ticket.event,
        "place": place_json(ticket.place),
        "ticket_type": ticket.ticket_type,
        "state": CANCELLED if cancelled and ticket.state != VOID else ticket.state,
        "disputed": ticket.disputed,
        "issued_at": ticket.issued_at,
        "entered_at": ticket.entered_at,
        **performance_summary(summary),
    }


def ticket_with_show(details: TicketDetails, code: str | None) -> Body:
    """Return a ticket with the details for its holder as JSON."""
    return {
        **issued_ticket(details.ticket, details.issued),
        "order_id": details.issued.order,
        "state": details.state,
        "disputed": details.disputed,
        "code": code,
        "event_title": details.title,
        "organizer_name": details.organizer_name,
        "starts_at": details.performance.starts_at,
        "doors_at": details.performance.doors_at,
        "venue_name": details.venue.name,
        "venue_city": details.venue.city,
        "time_zone": details.venue.time_zone,
        "performance_cancelled": details.performance.cancelled,
        "cancel_reason": details.performance.cancel_reason,
    }
