"""From a recorded event to its sentence."""

import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

from domain import buyer, device, hold, money_exception, order, payment, refund, scan, seat, ticket
from eventstore.codec import Codec
from eventstore.errors import UnknownEvent
from eventstore.store import Recorded
from projections.past.words.entries import of_device, of_scan, of_ticket
from projections.past.words.exceptions import of_exception
from projections.past.words.purchases import of_order, of_payment, of_refund
from projections.past.words.seats import of_buyer, of_hold, of_seat

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")

TELLERS: Mapping[type, Callable[[Any], str]] = {
    **dict.fromkeys(get_args(seat.SeatEvent), of_seat),
    **dict.fromkeys(get_args(hold.HoldEvent), of_hold),
    **dict.fromkeys(get_args(buyer.BuyerEvent), of_buyer),
    **dict.fromkeys(get_args(order.OrderEvent), of_order),
    **dict.fromkeys(get_args(payment.PaymentEvent), of_payment),
    **dict.fromkeys(get_args(refund.RefundEvent), of_refund),
    **dict.fromkeys(get_args(ticket.TicketEvent), of_ticket),
    **dict.fromkeys(get_args(money_exception.ExceptionEvent), of_exception),
    **dict.fromkeys(get_args(scan.ScanEvent), of_scan),
    **dict.fromkeys(get_args(device.DeviceEvent), of_device),
}
"""A class of events → who tells what happened."""


def tell(event: object) -> str:
    """Return an event's sentence; of what concerns no seat, money or entry, its name says enough."""
    teller = TELLERS.get(type(event))
    return plain_name(type(event).__name__) if teller is None else teller(event)


def sentence(recorded: Recorded, codec: Codec) -> str:
    """Return a stored event's sentence, also where this program cannot read the event any more, or not yet."""
    try:
        return tell(codec.decode(recorded.name, recorded.schema_version, recorded.data))
    except UnknownEvent:
        return f"{plain_name(recorded.name)} This program cannot read what it says."


def plain_name(name: str) -> str:
    """Return an event's name as a sentence: VenueOpened → Venue opened."""
    return _CAPITAL.sub(" ", name).capitalize() + "."
