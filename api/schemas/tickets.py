"""Tickets and scans as requests say them and answers show them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.codes import CODE_BYTES_MAX
from api.schemas.base import Body, Shown
from api.schemas.texts import Word
from api.schemas.values import Cursor, Id, Place, Position
from domain.ticket import RefusalReason

READING_LENGTH_MAX = 4 * CODE_BYTES_MAX

Reading = Annotated[str, Field(max_length=READING_LENGTH_MAX, description="What the scanner read, whatever it was.")]
Nonce = Annotated[
    str,
    StringConstraints(pattern="^[A-Za-z0-9._~-]{1,64}$"),
    Field(description="The reading's own number on this device; sent again, it gives the same answer."),
]
TicketState = Literal["valid", "used", "void"]


class TicketFacts(Shown):
    """The right to enter, once."""

    ticket_id: str
    order_id: str
    performance_id: str
    event_id: str
    place: Place
    ticket_type: str
    state: TicketState
    disputed: Annotated[bool, Field(description="The buyer's bank disputes the payment, or took it back.")]


class ListedTicket(TicketFacts):
    """A ticket in a list."""

    issued_at: datetime
    entered_at: datetime | None


class Tickets(Shown):
    """A page of tickets, newest first."""

    items: list[ListedTicket]
    next: Cursor


class TicketShown(TicketFacts):
    """A ticket with what its holder needs to know."""

    code: Annotated[str | None, Field(description="What the QR carries; null once the ticket is void.")]
    event_title: str
    organizer_name: str
    starts_at: datetime
    doors_at: datetime | None
    venue_name: str
    venue_city: str
    time_zone: str


class ScanWish(Body):
    """One reading at a gate."""

    code: Reading
    gate: Word
    nonce: Nonce
    performance_id: Annotated[Id | None, Field(description="The one this gate admits to, if it is set to one.")] = None


class ScannedTicket(Shown):
    """What the person at the gate is shown."""

    ticket_id: str
    performance_id: str
    event_id: str
    place: Place
    ticket_type: str


class Scanned(Shown):
    """Whether the gate opens, and if not, why."""

    outcome: Literal["admitted", "refused"]
    reason: RefusalReason | None
    ticket: Annotated[ScannedTicket | None, Field(description="null if it is none of yours, or none at all.")]
    position: Position
