"""Venues, layouts, events and performances as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from api.presenters.values import Body, money
from api.schemas.performances import SalesStatus
from domain.decisions.entry import entry_closes_at, entry_opens_at
from domain.event import EventDetails, EventStatus
from domain.performance import PerformanceScheduled, SalesState, ScheduledPerformance
from domain.values import EntryRules, Limits
from domain.venue import VenueDetails
from projections import catalogue
from projections.seat_map.queries import SeatCounts


def venue_facts(venue: str, organizer: str, details: VenueDetails) -> Body:
    """Return a venue's own fields as JSON."""
    return {"venue_id": venue, "organizer_id": organizer, **asdict(details)}


def venue_from_row(venue: catalogue.Venue) -> Body:
    """Return a venue as JSON, from its row."""
    return {
        "venue_id": venue.venue,
        "organizer_id": venue.organizer,
        "name": venue.name,
        "address": venue.address,
        "city": venue.city,
        "country": venue.country,
        "time_zone": venue.time_zone,
    }


def event_facts(event: str, organizer: str, venue: str, details: EventDetails, status: EventStatus) -> Body:
    """Return an event's own fields as JSON."""
    return {
        "event_id": event,
        "organizer_id": organizer,
        "venue_id": venue,
        "title": details.title,
        "description": details.description,
        "category": details.category,
        "image_url": details.image_url,
        "status": status,
    }


def event_from_row(event: catalogue.Event, now: datetime) -> Body:
    """Return an event with its performances as JSON, from its row."""
    published = event.status == EventStatus.PUBLISHED
    return {
        "event_id": event.event,
        "organizer_id": event.organizer,
        "organizer_name": event.organizer_name,
        "venue_id": event.venue,
        "venue": {
            "venue_id": event.venue,
            "name": event.venue_name,
            "city": event.city,
            "country": event.country,
            "time_zone": event.time_zone,
        },
        "title": event.title,
        "description": event.description,
        "category": event.category,
        "image_url": event.image_url,
        "status": event.status,
        "first_starts_at": event.first_starts_at,
        "next_starts_at": event.next_starts_at,
        "performance_count": event.performance_count,
        "performances": [performance_from_row(each, published=published, now=now) for each in event.performances],
    }


def performance_from_row(performance: catalogue.Performance, *, published: bool, now: datetime) -> Body:
    """Return a performance as JSON, from its row."""
    known = {
        "performance_id": performance.performance,
        "event_id": performance.event,
        "organizer_id": performance.organizer,
        "venue_id": performance.venue,
        "layout_id": performance.layout,
        "seat_count": performance.seats,
        "currency": performance.currency,
        "starts_at": performance.starts_at,
        "doors_at": performance.doors_at,
        "on_sale_at": performance.on_sale_at,
        "prices": prices_json(performance.prices, performance.currency),
        "limits": performance.limits,
        "entry_rules": performance.entry_rules,
        **entry_window(performance.starts_at, performance.doors_at),
        "sales": performance.sales,
        "cancelled": performance.cancelled_for is not None,
        "cancel_reason": performance.cancelled_for,
        "availability": availability(
            SeatCounts(held=performance.held, sold=performance.sold, blocked=performance.blocked), performance.seats
        ),
    }
    return with_sales(known, published=published, now=now)


def with_sales(known: Body, *, published: bool, now: datetime) -> Body:
    """Return a performance with its current sales status; the organizer's decision becomes `sales_decided`.

    The order of the checks is that of `domain.performance.require_on_sale`.
    """
    if known["cancelled"]:
        sales = SalesStatus.CANCELLED
    elif not published:
        sales = SalesStatus.UNPUBLISHED
    elif known["sales"] != SalesState.OPEN:
        sales = SalesStatus(str(known["sales"]))
    elif now < known["on_sale_at"]:
        sales = SalesStatus.UPCOMING
    else:
        sales = SalesStatus.OPEN if now < known["starts_at"] else SalesStatus.ENDED
    return {**known, "sales": sales, "sales_decided": known["sales"]}


def scheduled_performance(performance: str, scheduled: PerformanceScheduled) -> Body:
    """Return a performance as JSON, from the event that scheduled it."""
    return {
        "performance_id": performance,
        "event_id": scheduled.event,
        "organizer_id": scheduled.organizer,
        "venue_id": scheduled.venue,
        "layout_id": scheduled.layout,
        "seat_count": scheduled.seats,
        "currency": scheduled.currency,
        "starts_at": scheduled.starts_at,
        "doors_at": scheduled.doors_at,
        "on_sale_at": scheduled.on_sale_at,
        "prices": [
            {
                "category": price.category,
                "ticket_type": price.ticket_type,
                "price": money(price.amount, scheduled.currency),
            }
            for price in scheduled.prices
        ],
        "limits": limits_json(scheduled.limits),
        "entry_rules": entry_rules_json(scheduled.entry_rules),
        **entry_window(scheduled.starts_at, scheduled.doors_at),
        "sales": "open",
        "cancelled": False,
        "cancel_reason": None,
    }


def performance_from_state(performance: str, scheduled: PerformanceScheduled, state: ScheduledPerformance) -> Body:
    """Return a performance as JSON: constant fields from its first event, the others from its state."""
    return {
        **scheduled_performance(performance, scheduled),
        "starts_at": state.starts_at,
        "doors_at": state.doors_at,
        "on_sale_at": state.on_sale_at,
        "prices": [
            {"category": category, "ticket_type": ticket_type, "price": money(amount, state.currency)}
            for (category, ticket_type), amount in state.prices.items()
        ],
        "limits": limits_json(state.limits),
        "entry_rules": entry_rules_json(state.entry_rules),
        **entry_window(state.starts_at, state.doors_at),
        "sales": state.sales,
        "cancelled": state.cancelled,
        "cancel_reason": state.cancel_reason,
    }


def limits_json(limits: Limits) -> Body:
    """Return the limits per buyer as JSON."""
    return {
        "seats_per_order": limits.seats_per_order,
        "seats_per_buyer": limits.seats_per_buyer,
        "live_holds_per_buyer": limits.live_holds_per_buyer,
    }


def entry_window(starts_at: datetime, doors_at: datetime | None) -> Body:
    """Return the times between which tickets are admitted."""
    return {"entry_opens_at": entry_opens_at(starts_at, doors_at), "entry_closes_at": entry_closes_at(starts_at)}


def entry_rules_json(rules: EntryRules) -> Body:
    """Return the entry rules as JSON."""
    return {
        "registered_devices": rules.registered_devices,
        "disputed_tickets_admitted": rules.disputed_tickets_admitted,
    }


def prices_json(prices: Sequence[Mapping[str, Any]], currency: str) -> list[Body]:
    """Return stored prices as JSON."""
    return [
        {
            "category": price["category"],
            "ticket_type": price["ticket_type"],
            "price": money(price["amount"], currency),
        }
        for price in prices
    ]


def availability(tally: SeatCounts, seats: int) -> Body:
    """Return the availability of a performance as JSON."""
    return {
        "available": tally.available(seats),
        "held": tally.held,
        "sold": tally.sold,
        "blocked": tally.blocked,
    }
