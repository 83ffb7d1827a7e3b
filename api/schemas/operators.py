"""What organizers and auditors read: reports, the log."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from api.schemas.base import Shown
from api.schemas.values import Cursor, Money


class Figures(Shown):
    """What was sold, and what ended or went back since; amounts in minor units of the currency."""

    sold: int
    returned: int
    gross: Money
    returned_gross: Money
    refunded: Money


class SoldOnDay(Figures):
    """One day's (UTC) figures of a performance's category and ticket type."""

    organizer_id: str
    performance_id: str
    day: date
    category: Annotated[str, Field(description="Empty: money that came beside the lines and went back.")]
    ticket_type: str


class SalesReport(Shown):
    """Figures that are true at `position`."""

    position: int
    totals: Annotated[list[Figures], Field(description="One for each currency.")]
    items: list[SoldOnDay]
    next: Cursor


class RecordedEvent(Shown):
    """One event as it stands in the log; `data` and `metadata` as they were stored."""

    position: int
    stream: str
    version: int
    name: str
    schema_version: int
    command_id: str
    part: Annotated[int, Field(description="Its place among the command's `parts` events.")]
    parts: int
    recorded_at: datetime
    data: dict[str, Any]
    metadata: dict[str, Any]
    digest: Annotated[str, Field(description="SHA-256, in hexadecimal.")]


class RecordedEvents(Shown):
    """A part of the log, in order."""

    items: list[RecordedEvent]
    next: Cursor
