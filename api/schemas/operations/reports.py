"""Sales reports in responses."""

from datetime import date
from typing import Annotated

from pydantic import Field

from api.schemas.base import ResponseBody
from api.schemas.fields.values import Cursor, Money
from domain.values import PerformanceCancelReason


class Figures(ResponseBody):
    """Sales, and what was returned or refunded since; amounts in minor units of the currency."""

    sold: int
    returned: int
    gross: Money
    returned_gross: Money
    refunded: Money
    disputes_lost: Annotated[Money, Field(description="Money lost to disputes.")]


class SoldOnDay(Figures):
    """One day's sales of a performance, category and ticket type; days are in the venue's time zone."""

    organizer_id: str
    performance_id: str
    day: date
    category: Annotated[str, Field(description="Empty: refunds and losses that belong to no line.")]
    ticket_type: str


class SalesReport(ResponseBody):
    """Sales as of `position`."""

    position: int
    totals: Annotated[list[Figures], Field(description="One per currency, over all pages.")]
    items: list[SoldOnDay]
    next: Cursor


class PerformanceReport(SalesReport):
    """Places and sales of one performance."""

    performance_id: str
    capacity: int
    held: int
    places_sold: Annotated[int, Field(description="Sold and not returned.")]
    blocked: int
    available: int
    cancelled: Annotated[bool, Field(description="Whether it is cancelled.")]
    cancel_reason: PerformanceCancelReason | None


class PerformancePurchases(Figures):
    """An account's purchases of one performance."""

    organizer_id: str
    performance_id: str
    orders: Annotated[int, Field(description="Number of placed orders, in any later state.")]
    confirmed: int


class AccountReport(ResponseBody):
    """An account's purchases as of `position`."""

    account_id: str
    position: int
    complete: Annotated[bool, Field(description="false: only the latest 1,000 orders are counted.")]
    totals: Annotated[list[Figures], Field(description="One per currency.")]
    items: list[PerformancePurchases]
    next: Cursor
