"""From a recorded event to its sentence."""

import re
from collections.abc import Callable, Mapping
from typing import get_args

from domain import buyer, device, hold, money_exception, order, payment, refund, scan, seat, ticket
from eventstore.codec import Codec
from eventstore.errors import UnknownEvent
from eventstore.store import RecordedEvent
from projections.past.words.entries import of_device, of_scan, of_ticket
from projections.past.words.exceptions import of_exception
from projections.past.words.purchases import of_order, of_payment, of_refund
from projections.past.words.seats import of_buyer, of_hold, of_seat

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")

TELLERS: Mapping[type, Callable[..., str]] = {
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


WITHOUT_CURRENCY = frozenset({of_seat, of_order})
"""Tellers of events that name amounts and no currency: the performance's."""


def tell(event: object, currency: str | None = None) -> str:
    """Return an event's sentence; of what concerns no seat, money or entry, its name says enough.

    Args:
        currency: of the performance that the event is about, where it is known.

    Raises:
        AssertionError: an event that its teller has forgotten; mypy and the tests say so before.
    """
    teller = TELLERS.get(type(event))
    if teller is None:
        return plain_name(type(event).__name__)
    return teller(event, currency) if teller in WITHOUT_CURRENCY else teller(event)


def sentence(recorded: RecordedEvent, codec: Codec, currency: str | None = None) -> str:
    """Return a stored event's sentence, also where this program cannot read the event, or has no words for it."""
    try:
        return tell(codec.decode(recorded.name, recorded.schema_version, recorded.data), currency)
    except UnknownEvent:
        return f"{plain_name(recorded.name)} This program cannot read what it says."
    except AssertionError:
        return plain_name(recorded.name)


def plain_name(name: str) -> str:
    """Return an event's name as a sentence: VenueOpened → Venue opened."""
    return _CAPITAL.sub(" ", name).capitalize() + "."
