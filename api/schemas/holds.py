"""Holds in requests and responses."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.fields.texts import ShortText
from api.schemas.fields.values import Cursor, Money, Position, QuotedLine, SeatKey, Whole
from api.schemas.summaries import WithPerformance

ITEMS_MAX = 1_000
QUANTITY_MAX = 1_000
TICKET_TYPE = "adult"


class SeatItem(RequestBody):
    """One seat."""

    seat: SeatKey
    ticket_type: ShortText = TICKET_TYPE


class AreaItem(RequestBody):
    """A number of places of a standing area; the system chooses them."""

    area: SeatKey
    quantity: Annotated[Whole, Field(ge=1, le=QUANTITY_MAX)]
    ticket_type: ShortText = TICKET_TYPE


Item = Annotated[SeatItem | AreaItem, Field(union_mode="left_to_right")]
Items = Annotated[list[Item], Field(max_length=ITEMS_MAX, description="1 to 50 places, each seat once.")]


class HoldRequest(RequestBody):
    """The places to hold, all or none."""

    items: Items


class Quote(ResponseBody):
    """The price that is promised while the hold lives."""

    lines: list[QuotedLine]
    total: Money


class HoldFacts(ResponseBody):
    """A hold; all its places lapse at `expires_at`."""

    hold_id: str
    performance_id: str
    event_id: str
    expires_at: datetime
    quote: Quote


class HoldPlaced(HoldFacts):
    """The new hold."""

    position: Position


class HoldExtended(ResponseBody):
    """The hold with its new deadline."""

    hold_id: str
    expires_at: datetime
    position: Position


class HoldReleased(ResponseBody):
    """The released hold."""

    hold_id: str
    status: Literal["released"]
    position: Position


class HoldResponse(HoldFacts, WithPerformance):
    """The hold."""

    status: Annotated[Literal["open", "ordered", "lapsed"], Field(description="`lapsed`: the places are free again.")]
    order_id: str | None
    extended: bool


class ListedHold(HoldFacts, WithPerformance):
    """A live hold that is not ordered."""


class Holds(ResponseBody):
    """A page of live holds, newest first."""

    items: list[ListedHold]
    next: Cursor
