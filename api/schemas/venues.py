"""Venues and layouts in requests and responses."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.fields.texts import ShortText, Title
from api.schemas.fields.values import Country, Cursor, Flag, Id, Position, TimeZone
from domain.decisions.deletion import DeletionStatus


class VenueRequest(RequestBody):
    """A new venue; it belongs to one organizer."""

    organizer_id: Annotated[
        Id | None, Field(description="May be omitted by a member of exactly one organizer.", default=None)
    ]
    name: Title
    address: Title
    city: ShortText
    country: Country
    time_zone: TimeZone


class VenueChange(RequestBody):
    """The fields to change; omitted fields stay."""

    name: Title | None = None
    address: Title | None = None
    city: ShortText | None = None
    country: Country | None = None
    time_zone: TimeZone | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if all(value is None for _, value in self):
            raise ValueError("must change at least one field")
        return self


class VenueResponse(ResponseBody):
    """A venue."""

    venue_id: str
    organizer_id: str
    name: str
    address: str
    city: str
    country: str
    time_zone: str


class VenueResult(VenueResponse):
    """The venue after the command."""

    position: Position


class ListedLayout(ResponseBody):
    """A published layout of a venue."""

    layout_id: str
    version: int
    name: str
    seat_count: int


class VenueDetails(VenueResponse):
    """A venue and its layouts, oldest first."""

    layouts: list[ListedLayout]


class Venues(ResponseBody):
    """A page of venues, oldest first."""

    items: list[VenueResponse]
    next: Cursor


class LayoutOptions(RequestBody):
    """Options for reading a document."""

    make_repeated_ids: Annotated[
        Flag,
        Field(
            description="Replace ids that several places share by ids made from their labels, instead of refusing them."
        ),
    ] = False


class LayoutRequest(RequestBody):
    """A layout in one of the supported formats; all faults of the document are reported."""

    name: Title
    format: Annotated[ShortText, Field(description="One of grid, seatsio, pretix, csv, seatledger.", examples=["grid"])]
    document: Annotated[
        dict[str, Any] | str,
        Field(description="A JSON object, or the text of a file (for csv always text)."),
    ]
    options: LayoutOptions | None = None


class LayoutPublished(ResponseBody):
    """The published layout; it never changes."""

    layout_id: str
    venue_id: str
    version: int
    name: str
    seat_count: Annotated[int, Field(description="Number of seats and places of standing areas.")]
    position: Position


class VenueDeleted(ResponseBody):
    """The deleted venue."""

    venue_id: str
    status: DeletionStatus
    position: Position
