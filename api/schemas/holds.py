"""Baskets as requests say them and answers show them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.summaries import WithPerformance
from api.schemas.texts import ShortText
from api.schemas.values import Cursor, Money, Position, QuotedLine, SeatKey, Whole

ITEMS_MAX = 1_000
QUANTITY_MAX = 1_000
TICKET_TYPE = "adult"


class SeatItem(RequestBody):
    """One seat."""

    seat: SeatKey
    ticket_type: ShortText = TICKET_TYPE


class AreaItem(RequestBody):
    """So many places of a standing area; which ones is found out."""

    area: SeatKey
    quantity: Annotated[Whole, Field(ge=1, le=QUANTITY_MAX)]
    ticket_type: ShortText = TICKET_TYPE


Item = Annotated[SeatItem | AreaItem, Field(union_mode="left_to_right")]
Items = Annotated[list[Item], Field(max_length=ITEMS_MAX, description="1 to 50 places, each seat once.")]


class HoldRequest(RequestBody):
    """The places somebody wants, all of them or none."""

    items: Items


class Quote(ResponseBody):
    """The price that is promised while the hold lives."""

    lines: list[QuotedLine]
    total: Money


class HoldFacts(ResponseBody):
    """A basket; everything in it lapses at `expires_at`."""

    hold_id: str
    performance_id: str
    event_id: str
    expires_at: datetime
    quote: Quote


class HoldPlaced(HoldFacts):
    """A basket that was filled."""

    position: Position


class HoldExtended(ResponseBody):
    """A basket whose one deadline moved."""

    hold_id: str
    expires_at: datetime
    position: Position


class HoldReleased(ResponseBody):
    """A basket that was given up."""

    hold_id: str
    status: Literal["released"]
    position: Position


class HoldResponse(HoldFacts, WithPerformance):
    """A basket as it stands."""

    status: Annotated[Literal["open", "ordered", "lapsed"], Field(description="lapsed: free for the next buyer.")]
    order_id: str | None
    extended: bool


class ListedHold(HoldFacts, WithPerformance):
    """A live basket that is not an order yet."""


class Holds(ResponseBody):
    """A page of live baskets, newest first."""

    items: list[ListedHold]
    next: Cursor
