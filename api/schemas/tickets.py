"""Tickets and scans as requests say them and answers show them."""

import re
import unicodedata
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.summaries import WithPerformance
from api.schemas.texts import ShortText
from api.schemas.values import Cursor, Flag, Id, Place, Position
from application.ticket_codes import CODE_BYTES_MAX
from domain.ticket import EntryMode, RefusalReason, RevertReason
from domain.values import PerformanceCancelReason

READING_LENGTH_MAX = 4 * CODE_BYTES_MAX
TICKET_NUMBER_LENGTH_MAX = 80
TICKET_DIGITS = re.compile(r"[0-9a-fA-F]{32}")
BETWEEN_DIGITS = frozenset({"Pd", "Cf"})
"""Dashes of any kind, and characters without width: what a number has between its digits when it is copied."""


def plain_number(typed: str) -> str:
    """Return a ticket's number as it is stored, whatever its case, blanks, dashes and width of digits.

    Raises:
        ValueError: it is no ticket's number.
    """
    digits = "".join(
        character
        for character in unicodedata.normalize("NFKC", typed)
        if unicodedata.category(character) not in BETWEEN_DIGITS and not character.isspace()
    )
    if not TICKET_DIGITS.fullmatch(digits):
        raise ValueError("a ticket's number has 32 digits from 0 to 9 and a to f")
    return str(UUID(digits))


Reading = Annotated[
    str,
    StringConstraints(max_length=READING_LENGTH_MAX, strip_whitespace=True),
    Field(description="What the scanner read, whatever it was; blanks and line ends around it do not count."),
]
TicketNumber = Annotated[
    str, StringConstraints(min_length=1, max_length=TICKET_NUMBER_LENGTH_MAX), AfterValidator(plain_number)
]
Nonce = Annotated[
    str,
    StringConstraints(pattern="^[A-Za-z0-9._~-]{1,64}$"),
    Field(description="The reading's own number on this device; sent again, it gives the same answer."),
]
TicketState = Annotated[
    Literal["valid", "used", "cancelled", "void"],
    Field(description="cancelled: the performance does not take place, and the ticket is not refunded yet."),
]


class TicketFacts(ResponseBody):
    """The right to enter, once."""

    ticket_id: str
    order_id: str
    performance_id: str
    event_id: str
    place: Place
    ticket_type: str
    state: TicketState
    disputed: Annotated[bool, Field(description="The buyer's bank disputes the payment, or took it back.")]


class ListedTicket(TicketFacts, WithPerformance):
    """A ticket in a list."""

    issued_at: datetime
    entered_at: datetime | None


class Tickets(ResponseBody):
    """A page of tickets, newest first."""

    items: list[ListedTicket]
    next: Cursor


class TicketResponse(TicketFacts):
    """A ticket with what its holder needs to know."""

    code: Annotated[str | None, Field(description="What the QR carries; null once the ticket admits nobody.")]
    event_title: str
    organizer_name: str
    starts_at: datetime
    doors_at: datetime | None
    venue_name: str
    venue_city: str
    time_zone: str
    performance_cancelled: bool
    cancel_reason: PerformanceCancelReason | None


class ScanRequest(RequestBody):
    """One scan at a gate: a code, or the number printed on the ticket."""

    code: Reading | None = None
    ticket_number: Annotated[
        TicketNumber | None, Field(description="Typed by hand. Send it twice: the second time with `confirm`.")
    ] = None
    confirm: Annotated[Flag, Field(description="Record the entry of the `ticket_number`.")] = False
    gate: ShortText
    nonce: Nonce
    performance_id: Annotated[Id | None, Field(description="The one this gate admits to, if it is set to one.")] = None
    override_window: Annotated[
        Flag, Field(description="Admit although it is `too_early` or `too_late`; it is recorded.")
    ] = False

    @model_validator(mode="after")
    def _one_ticket(self) -> Self:
        if (self.code is None) == (self.ticket_number is None):
            raise ValueError("send either code or ticket_number")
        if self.confirm and self.ticket_number is None:
            raise ValueError("confirm goes with ticket_number")
        return self


class ScannedTicket(ResponseBody):
    """What the person at the gate is shown."""

    ticket_id: str
    performance_id: str
    event_id: str
    place: Place
    ticket_type: str


class FirstEntry(ResponseBody):
    """When and where a ticket was used."""

    at: datetime
    gate: str
    scan_id: str
    mode: EntryMode


class ScanResult(ResponseBody):
    """Whether the gate opens, and if not, why. `confirmation_required`: nothing is recorded yet."""

    outcome: Literal["admitted", "refused", "confirmation_required"]
    reason: RefusalReason | None
    scan_id: Annotated[str | None, Field(description="By which the entry can be reverted; null: nothing is recorded.")]
    mode: EntryMode
    overrode: Annotated[RefusalReason | None, Field(description="The refusal that `override_window` overrode.")]
    ticket: Annotated[ScannedTicket | None, Field(description="null if it is none of yours, or none at all.")]
    first_entry: Annotated[FirstEntry | None, Field(description="Of a ticket that is `already_used`.")]
    position: Position


class RevertRequest(RequestBody):
    """Why an entry is taken back."""

    reason: RevertReason


class RevertResponse(ResponseBody):
    """An entry that counts no longer."""

    scan_id: str
    reverted: bool
    position: Position
