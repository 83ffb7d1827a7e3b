"""Stored events and historical states as JSON, for HTTP and the command line."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum

import orjson

from api.live.messages import states_in
from api.live.places import NUMBERS
from api.presenters.values import Body, line_json, money, to_plain_json
from audit.as_of import AsOf
from audit.currencies import performance_id_of
from audit.descriptions import description_of
from audit.order_history import OrderAsOf
from audit.seat_history import SeatAsOf
from audit.streams import StreamAsOf, StreamPage
from domain.layout.inventory import Inventory
from domain.order import PlacedOrder
from domain.payment import RequestedPayment
from domain.refund import RequestedRefund
from domain.ticket import IssuedTicket
from domain.values import order_code
from eventstore.schema.codec import Codec
from eventstore.store import RecordedEvent
from projections.seat_map.queries import SeatMap


def recorded_event_json(event: RecordedEvent, codec: Codec, currencies: Mapping[str, str]) -> Body:
    """Return an event as JSON; its data is copied byte for byte as stored.

    Args:
        event: the stored event.
        codec: decodes it for its description.
        currencies: currency by performance, where known.
    """
    return {
        "position": event.position,
        "stream": event.stream,
        "version": event.version,
        "name": event.name,
        "schema_version": event.schema_version,
        "command_id": event.command_id,
        "part": event.part,
        "parts": event.parts,
        "recorded_at": event.recorded_at,
        "sentence": description_of(event, codec, currencies.get(performance_id_of(event))),
        "data": orjson.Fragment(event.data),
        "metadata": orjson.Fragment(event.metadata),
        "digest": event.digest.hex(),
    }


def as_of_fields(as_of: AsOf) -> Body:
    """Return the fields that state the moment of an answer."""
    return {"position": as_of.position, "recorded_at": as_of.recorded_at, "at": as_of.moment}


def state(folded: object) -> Body:
    """Return a state as JSON: the name of its class and its fields."""
    return {"is": type(folded).__name__, **fields_of(folded)}


def fields_of(folded: object) -> Body:
    """Return the fields of a dataclass as JSON values."""
    return {field.name: plain_state(getattr(folded, field.name)) for field in fields(folded)}  # type: ignore[arg-type]


def plain_state(value: object) -> object:
    """Return a value of a state as JSON; a mapping with keys that are not text becomes a list of pairs."""
    if is_dataclass(value):
        return fields_of(value)
    match value:
        case Enum():
            return value.value
        case Mapping() if all(isinstance(key, str) for key in value):
            return {str(key): plain_state(each) for key, each in value.items()}
        case Mapping():
            return [{"key": plain_state(key), "value": plain_state(each)} for key, each in value.items()]
        case set() | frozenset():
            return sorted(map(plain_state, value), key=str)
        case tuple() | list():
            return [plain_state(each) for each in value]
        case None | bool() | int() | float() | str() | datetime():
            return value
        case _:
            return str(value)


def stream_as_of(
    found: StreamAsOf | StreamPage, page: Sequence[RecordedEvent], codec: Codec, currencies: Mapping[str, str]
) -> Body:
    """Return a stream as of a moment and a page of its events as JSON."""
    return {
        "stream": found.stream,
        "kind": found.kind,
        "version": found.version,
        "state": None if found.state is None else state(found.state),
        "items": [recorded_event_json(event, codec, currencies) for event in page],
    }


def seat_as_of(found: SeatAsOf, codec: Codec, currencies: Mapping[str, str]) -> Body:
    """Return a seat as of a moment and a page of its history as JSON."""
    return {
        "version": found.version,
        "state": state(found.state),
        "available": found.free,
        "items": [
            {**recorded_event_json(step.event, codec, currencies), "holder": step.holder, "order_id": step.order}
            for step in found.steps
        ],
        "next": str(found.steps[-1].event.version) if found.more else None,
    }


def seats_as_of(inventory: Inventory, seats: SeatMap, as_of: AsOf) -> Body:
    """Return a seat map as of a moment in the format of live seat maps."""
    states = bytearray(len(inventory))
    for group in seats.taken_at(as_of.moment):
        number = NUMBERS[group.state]
        for index in inventory.indexes(group.seats):
            if index is not None:
                states[index] = number
    return states_in(inventory, bytes(states))


def order_as_of(found: OrderAsOf, order: str) -> Body | None:
    """Return an order's state and money as of a moment as JSON; None before it was placed."""
    placed = found.order
    if placed is None:
        return None
    sums = {
        "captured": found.money.captured,
        "refunded": found.money.refunded,
        "refund_open": found.money.refund_open,
        "disputes_lost": found.money.disputes_lost,
    }
    return {
        "order_code": order_code(order),
        "account_id": placed.account,
        "performance_id": placed.performance,
        "hold_id": placed.hold,
        "status": placed.status,
        "total": money(placed.total, placed.currency),
        "expires_at": placed.expires_at,
        **{name: money(amount, placed.currency) for name, amount in sums.items()},
        "lines": order_lines(placed),
        "payments": [payment_as_of(payment, each) for payment, each in found.payments.items()],
        "refunds": [refund_as_of(refund, each) for refund, each in found.refunds.items()],
        "tickets": [ticket_as_of(ticket, each) for ticket, each in found.tickets.items()],
    }


def order_lines(order: PlacedOrder) -> list[Body]:
    """Return an order's lines as JSON, with their tickets and whether they had ended."""
    return [
        {
            **line_json(line, order.currency),
            "ticket_id": order.tickets.get(line["line_id"]),
            "cancelled": line["line_id"] in order.cancelled_lines,
        }
        for line in to_plain_json(order.lines)
    ]


def payment_as_of(payment: str, as_of: RequestedPayment) -> Body:
    """Return a payment as of a moment as JSON."""
    return {
        "payment_id": payment,
        "status": as_of.status,
        "provider": as_of.provider,
        "amount": money(as_of.amount, as_of.currency),
        "captured": money(as_of.captured, as_of.captured_currency or as_of.currency),
        "outcome": as_of.outcome,
    }


def refund_as_of(refund: str, as_of: RequestedRefund) -> Body:
    """Return a refund as of a moment as JSON."""
    return {
        "refund_id": refund,
        "status": as_of.status,
        "reason": as_of.reason,
        "lines": as_of.lines,
        "amount": money(as_of.amount, as_of.currency),
    }


def ticket_as_of(ticket: str, as_of: IssuedTicket) -> Body:
    """Return a ticket as of a moment as JSON."""
    return {"ticket_id": ticket, "void": as_of.void, "gate": as_of.entry.gate if as_of.entry else None}
