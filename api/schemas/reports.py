"""What organizers read: reports."""

from datetime import date
from typing import Annotated

from pydantic import Field

from api.schemas.base import ResponseBody
from api.schemas.values import Cursor, Money
from domain.values import PerformanceCancelReason


class Figures(ResponseBody):
    """What was sold, and what ended or went back since; amounts in minor units of the currency."""

    sold: int
    returned: int
    gross: Money
    returned_gross: Money
    refunded: Money
    disputes_lost: Annotated[Money, Field(description="What buyers' banks took back.")]


class SoldOnDay(Figures):
    """One day's figures of a performance's category and ticket type; the day is the venue's when it was recorded."""

    organizer_id: str
    performance_id: str
    day: date
    category: Annotated[str, Field(description="Empty: money beside the lines that went back, or was lost.")]
    ticket_type: str


class SalesReport(ResponseBody):
    """Figures that are true at `position`."""

    position: int
    totals: Annotated[list[Figures], Field(description="One for each currency, of the rows of all pages.")]
    items: list[SoldOnDay]
    next: Cursor


class PerformanceReport(SalesReport):
    """How a performance sold: its places as they stand, beside the figures."""

    performance_id: str
    capacity: int
    held: int
    places_sold: Annotated[int, Field(description="Sold and not returned.")]
    blocked: int
    available: int
    cancelled: Annotated[bool, Field(description="It does not take place.")]
    cancel_reason: PerformanceCancelReason | None


class PerformancePurchases(Figures):
    """What an account bought of one performance."""

    organizer_id: str
    performance_id: str
    orders: Annotated[int, Field(description="Placed, whatever became of them.")]
    confirmed: int


class AccountReport(ResponseBody):
    """What an account bought; true at `position`."""

    account_id: str
    position: int
    complete: Annotated[bool, Field(description="False: only its latest 1,000 orders are counted.")]
    totals: Annotated[list[Figures], Field(description="One for each currency.")]
    items: list[PerformancePurchases]
    next: Cursor
