"""Table of the functions that describe events, by class of event."""

import re
from collections.abc import Callable, Mapping
from typing import get_args

from audit.descriptions.exceptions import describe_exception_event
from audit.descriptions.orders import describe_order_event, describe_payment_event, describe_refund_event
from audit.descriptions.seats import describe_hold_event, describe_quota_event, describe_seat_event
from audit.descriptions.tickets import describe_device_event, describe_scan_event, describe_ticket_event
from domain import buyer_quota, device, hold, money_exception, order, payment, refund, scan, seat, ticket
from eventstore.errors import UnknownEvent
from eventstore.schema.codec import Codec
from eventstore.store import RecordedEvent

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")

DESCRIBERS: Mapping[type, Callable[..., str]] = {
    **dict.fromkeys(get_args(seat.SeatEvent), describe_seat_event),
    **dict.fromkeys(get_args(hold.HoldEvent), describe_hold_event),
    **dict.fromkeys(get_args(buyer_quota.BuyerEvent), describe_quota_event),
    **dict.fromkeys(get_args(order.OrderEvent), describe_order_event),
    **dict.fromkeys(get_args(payment.PaymentEvent), describe_payment_event),
    **dict.fromkeys(get_args(refund.RefundEvent), describe_refund_event),
    **dict.fromkeys(get_args(ticket.TicketEvent), describe_ticket_event),
    **dict.fromkeys(get_args(money_exception.ExceptionEvent), describe_exception_event),
    **dict.fromkeys(get_args(scan.ScanEvent), describe_scan_event),
    **dict.fromkeys(get_args(device.DeviceEvent), describe_device_event),
}
"""Class of event → function that describes it."""


WITHOUT_CURRENCY = frozenset({describe_seat_event, describe_order_event})
"""Functions that also take the performance's currency, since their events have amounts without a currency."""


def describe(event: object, currency: str | None = None) -> str:
    """Return an event's sentence; for events that concern no seat, money or entry, the name as a sentence.

    Args:
        currency: currency of the event's performance; None if it is unknown.

    Raises:
        AssertionError: the describing function does not handle the event; mypy and tests prevent it.
    """
    describer = DESCRIBERS.get(type(event))
    if describer is None:
        return plain_name(type(event).__name__)
    return describer(event, currency) if describer in WITHOUT_CURRENCY else describer(event)


def description_of(recorded: RecordedEvent, codec: Codec, currency: str | None = None) -> str:
    """Return a recorded event's sentence; never fails, also for events that cannot be decoded or described."""
    try:
        return describe(codec.decode(recorded.name, recorded.schema_version, recorded.data), currency)
    except UnknownEvent:
        return f"{plain_name(recorded.name)} This program cannot decode its data."
    except AssertionError:
        return plain_name(recorded.name)


def plain_name(name: str) -> str:
    """Return an event's name as a sentence: VenueOpened → Venue opened."""
    return _CAPITAL.sub(" ", name).capitalize() + "."
