"""The sales: lines sold and returned, money refunded and lost, per day, performance, category and ticket type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projections.engine.model import ProjectedEvent, ReadModel, WriteStep
from projections.sales import tables as sql

NAME = "sales"

Row = Mapping[str, Any]


def fold(events: Sequence[ProjectedEvent]) -> Sequence[WriteStep]:
    """Return the statements of a batch: cache orders, refunds and time zones first, then add up the counted events."""
    orders = [cached_order(event) for event in events if event.name == "OrderPlaced"]
    refunds = [{**event.data, "order_id": event.key} for event in events if event.name == "RefundOpened"]
    counts = count_events(events)
    return [
        WriteStep(sql.CACHE_TIME_ZONES, [time_zone_row(event) for event in events if event.name in VENUES]),
        WriteStep(
            sql.CACHE_PERFORMANCES, [venue_row(event) for event in events if event.name == "PerformanceScheduled"]
        ),
        WriteStep(sql.CACHE_ORDERS, orders),
        WriteStep(sql.CACHE_REFUNDS, refunds),
        WriteStep(sql.ADD_SOLD, counts.sold),
        WriteStep(sql.ADD_RETURNED, counts.returned),
        WriteStep(sql.ADD_REFUNDED, counts.refunded),
        WriteStep(sql.ADD_LOST, counts.lost),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The events that change figures, as rows for the counting statements."""

    sold: Sequence[Row]
    returned: Sequence[Row]
    refunded: Sequence[Row]
    lost: Sequence[Row]


def count_events(events: Sequence[ProjectedEvent]) -> Counts:
    """Return the events of a batch that change figures."""
    return Counts(
        sold=[with_day(event) for event in events if event.name == "OrderConfirmed"],
        returned=[with_day(event) for event in events if event.name == "OrderLinesCancelled"],
        refunded=[
            with_day(event) for event in events if event.name == "RefundClosed" and event.data["outcome"] == "completed"
        ],
        lost=[loss(event) for event in events if event.name in LOSSES],
    )


def cached_order(event: ProjectedEvent) -> Row:
    """Return the fields of an order that its later events do not repeat."""
    data = event.data
    return {
        "order_id": event.key,
        "organizer": data["organizer"],
        "performance": data["performance"],
        "currency": data["currency"],
        "lines": [cached_line(line) for line in data["lines"]],
    }


def cached_line(line: Mapping[str, Any]) -> Row:
    """Return the fields of an order line that figures are grouped by or summed from."""
    return {
        "line_id": line["line_id"],
        "category": line["place"]["category"],
        "ticket_type": line["ticket_type"],
        "gross": line["gross"],
        "refundable": sum(component["gross"] for component in line["components"] if component["refundable"]),
    }


def with_day(event: ProjectedEvent) -> Row:
    """Return the event's data with order id, position and time, from which the statement computes the day."""
    return {**event.data, "order_id": event.key, "position": event.position, "recorded_at": event.recorded_at}


def loss(event: ProjectedEvent) -> Row:
    """Return the amount that a dispute withheld; negative if it was won back. Minor units."""
    return {
        **with_day(event),
        "order_id": event.data["order"],
        "lost": LOSSES[event.name] * event.data[LOST_IN[event.name]],
    }


def time_zone_row(event: ProjectedEvent) -> Row:
    """Return a venue's time zone, valid for later positions."""
    return {"venue": event.key, "since": event.position, "time_zone": event.data["details"]["time_zone"]}


def venue_row(event: ProjectedEvent) -> Row:
    """Return the venue of a performance."""
    return {"performance": event.key, "venue": event.data["venue"]}


VENUES = frozenset({"VenueOpened", "VenueChanged"})
LOSSES: Mapping[str, int] = {"DisputeLost": 1, "DisputeWon": -1}
LOST_IN: Mapping[str, str] = {"DisputeLost": "amount", "DisputeWon": "recovered"}
COUNTED = frozenset({"OrderConfirmed", "OrderLinesCancelled", "RefundClosed", *LOSSES})
NAMES = COUNTED | VENUES | {"PerformanceScheduled", "OrderPlaced", "RefundOpened"}

SALES = ReadModel(name=NAME, version=1, schema=sql.SCHEMA, event_names=NAMES, fold=fold)
