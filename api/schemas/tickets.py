"""Tickets and scans in requests and responses."""

import re
import unicodedata
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.fields.texts import ShortText
from api.schemas.fields.values import Cursor, Flag, Id, Place, Position
from api.schemas.summaries import WithPerformance
from application.ticket_codes import CODE_BYTES_MAX
from domain.ticket import EntryMode, RefusalReason, RevertReason
from domain.values import PerformanceCancelReason

READING_LENGTH_MAX = 4 * CODE_BYTES_MAX
TICKET_NUMBER_LENGTH_MAX = 80
TICKET_DIGITS = re.compile(r"[0-9a-fA-F]{32}")
BETWEEN_DIGITS = frozenset({"Pd", "Cf"})
"""Unicode categories of dashes and zero-width characters, which a copied number may contain."""


def plain_number(typed: str) -> str:
    """Return a typed ticket number in its stored form, for any case, blanks, dashes and digit width.

    Raises:
        ValueError: it is not a ticket number.
    """
    digits = "".join(
        character
        for character in unicodedata.normalize("NFKC", typed)
        if unicodedata.category(character) not in BETWEEN_DIGITS and not character.isspace()
    )
    if not TICKET_DIGITS.fullmatch(digits):
        raise ValueError("must have 32 hexadecimal digits")
    return str(UUID(digits))


Reading = Annotated[
    str,
    StringConstraints(max_length=READING_LENGTH_MAX, strip_whitespace=True),
    Field(description="The text that the scanner read; surrounding white space is ignored."),
]
TicketNumber = Annotated[
    str, StringConstraints(min_length=1, max_length=TICKET_NUMBER_LENGTH_MAX), AfterValidator(plain_number)
]
Nonce = Annotated[
    str,
    StringConstraints(pattern="^[A-Za-z0-9._~-]{1,64}$"),
    Field(description="Number of the scan on this device; a repeated nonce returns the same answer."),
]
TicketState = Annotated[
    Literal["valid", "used", "cancelled", "void"],
    Field(description="`cancelled`: the performance is cancelled and the ticket is not refunded yet."),
]


class TicketFacts(ResponseBody):
    """A ticket: the right to enter once."""

    ticket_id: str
    order_id: str
    performance_id: str
    event_id: str
    place: Place
    ticket_type: str
    state: TicketState
    disputed: Annotated[bool, Field(description="Whether the payment is disputed, or lost to a dispute.")]


class ListedTicket(TicketFacts, WithPerformance):
    """A ticket in a list."""

    issued_at: datetime
    entered_at: datetime | None


class Tickets(ResponseBody):
    """A page of tickets, newest first."""

    items: list[ListedTicket]
    next: Cursor


class TicketResponse(TicketFacts):
    """A ticket with the details for its holder."""

    code: Annotated[str | None, Field(description="Text of the QR code; null once the ticket is not valid.")]
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
        TicketNumber | None,
        Field(description="The printed number, typed. Send it twice, the second time with `confirm`."),
    ] = None
    confirm: Annotated[Flag, Field(description="Record the entry of the `ticket_number`.")] = False
    gate: ShortText
    nonce: Nonce
    performance_id: Annotated[Id | None, Field(description="The performance of this gate, if it serves only one.")] = (
        None
    )
    override_window: Annotated[
        Flag, Field(description="Admit even if `too_early` or `too_late`; the override is recorded.")
    ] = False

    @model_validator(mode="after")
    def _one_ticket(self) -> Self:
        if (self.code is None) == (self.ticket_number is None):
            raise ValueError("must have either code or ticket_number")
        if self.confirm and self.ticket_number is None:
            raise ValueError("confirm requires ticket_number")
        return self


class ScannedTicket(ResponseBody):
    """The ticket, as shown at the gate."""

    ticket_id: str
    performance_id: str
    event_id: str
    place: Place
    ticket_type: str


class FirstEntry(ResponseBody):
    """When and where the ticket was used."""

    at: datetime
    gate: str
    scan_id: str
    mode: EntryMode


class ScanResult(ResponseBody):
    """Result of a scan. `confirmation_required`: nothing is recorded yet."""

    outcome: Literal["admitted", "refused", "confirmation_required"]
    reason: RefusalReason | None
    scan_id: Annotated[str | None, Field(description="Id for reverting the entry; null: nothing is recorded.")]
    mode: EntryMode
    overrode: Annotated[RefusalReason | None, Field(description="The refusal that `override_window` overrode.")]
    ticket: Annotated[ScannedTicket | None, Field(description="null if the ticket is unknown or of another organizer.")]
    first_entry: Annotated[FirstEntry | None, Field(description="First entry of a ticket that is `already_used`.")]
    position: Position


class RevertRequest(RequestBody):
    """Why the entry is reverted."""

    reason: RevertReason


class RevertResponse(ResponseBody):
    """The reverted entry."""

    scan_id: str
    reverted: bool
    position: Position
