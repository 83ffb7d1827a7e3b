"""Events in requests and responses."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.fields.texts import ShortText, Text, Title
from api.schemas.fields.values import Cursor, Id, Position, WebAddress
from api.schemas.performances import PerformanceResponse
from domain.event import EventStatus

ImageUrl = Annotated[WebAddress | None, Field(description="URL of a picture.")]
Category = Annotated[ShortText, Field(description="Kind of event, in the organizer's own words.")]


class EventRequest(RequestBody):
    """A new event; it is a draft until it is published."""

    organizer_id: Annotated[
        Id | None, Field(description="May be omitted by a member of exactly one organizer.", default=None)
    ]
    venue_id: Id
    title: Title
    description: Text = ""
    category: Annotated[Category | None, Field(default=None)]
    image_url: ImageUrl = None


class EventChange(RequestBody):
    """The fields to change; omitted fields stay. null removes `image_url` or `category`."""

    title: Title | None = None
    description: Text | None = None
    category: Category | None = None
    image_url: ImageUrl = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must change at least one field")
        return self


class EventFacts(ResponseBody):
    """An event's own fields."""

    event_id: str
    organizer_id: str
    venue_id: str
    title: str
    description: str
    category: str
    image_url: str | None
    status: EventStatus


class EventResult(EventFacts):
    """The event after the command."""

    position: Position


class VenueOfEvent(ResponseBody):
    """The venue of an event."""

    venue_id: str
    name: str
    city: str
    country: str
    time_zone: str


class EventResponse(EventFacts):
    """An event with its first performances in the requested period (a past event: its last), ordered by start."""

    organizer_name: str
    venue: VenueOfEvent
    first_starts_at: Annotated[
        datetime | None,
        Field(description="Start of the first performance in the period (past event: the last)."),
    ]
    next_starts_at: Annotated[
        datetime | None, Field(description="Start of the next performance; null if there is none.")
    ]
    performance_count: Annotated[
        int, Field(description="Number of performances in the requested period; of all for a past event.")
    ]
    performances: list[PerformanceResponse]


class EventDetailsResponse(EventResponse):
    """An event with a page of all its performances, ordered by start."""

    next: Cursor


class Events(ResponseBody):
    """A page of events: events to come by their next performance, events without performances, then past events."""

    items: list[EventResponse]
    next: Cursor


class EventDeleted(ResponseBody):
    """The deleted event."""

    event_id: str
    status: EventStatus
    position: Position
