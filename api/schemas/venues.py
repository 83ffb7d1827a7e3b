"""Venues and their layouts as requests say them and answers show them."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.texts import ShortText, Title
from api.schemas.values import Country, Cursor, Flag, Id, Position, TimeZone
from domain.decisions.deletion import DeletionStatus


class VenueRequest(RequestBody):
    """A real place; it belongs to one organizer."""

    organizer_id: Annotated[
        Id | None, Field(description="May be left out by who is organizer of exactly one.", default=None)
    ]
    name: Title
    address: Title
    city: ShortText
    country: Country
    time_zone: TimeZone


class VenueChange(RequestBody):
    """What is to be different; what is left out stays."""

    name: Title | None = None
    address: Title | None = None
    city: ShortText | None = None
    country: Country | None = None
    time_zone: TimeZone | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if all(value is None for _, value in self):
            raise ValueError("say what is to be different")
        return self


class VenueResponse(ResponseBody):
    """A real place."""

    venue_id: str
    organizer_id: str
    name: str
    address: str
    city: str
    country: str
    time_zone: str


class VenueResult(VenueResponse):
    """A venue after a change."""

    position: Position


class ListedLayout(ResponseBody):
    """A published drawing of a venue."""

    layout_id: str
    version: int
    name: str
    seat_count: int


class VenueDetails(VenueResponse):
    """A real place and its drawings, oldest first."""

    layouts: list[ListedLayout]


class Venues(ResponseBody):
    """A page of venues, in the order they were entered."""

    items: list[VenueResponse]
    next: Cursor


class LayoutOptions(RequestBody):
    """How a document is read."""

    make_repeated_ids: Annotated[
        Flag,
        Field(description="Where places share an id, make their ids of their labels instead of refusing them."),
    ] = False


class LayoutRequest(RequestBody):
    """A drawing in one of the known formats; every fault in it is named at once."""

    name: Title
    format: Annotated[ShortText, Field(description="grid, seatsio, pretix, csv or seatledger.", examples=["grid"])]
    document: Annotated[
        dict[str, Any] | str,
        Field(description="The document: a JSON object, or the text of a file (csv: always the text)."),
    ]
    options: LayoutOptions | None = None


class LayoutPublished(ResponseBody):
    """A drawing that was published; it never changes."""

    layout_id: str
    venue_id: str
    version: int
    name: str
    seat_count: Annotated[int, Field(description="Seats and places of standing areas.")]
    position: Position


class VenueDeleted(ResponseBody):
    """A venue that is gone: no event takes place there."""

    venue_id: str
    status: DeletionStatus
    position: Position
