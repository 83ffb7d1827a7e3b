"""Events as requests say them and answers show them."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.performances import PerformanceResponse
from api.schemas.texts import ShortText, Text, Title
from api.schemas.values import Cursor, Id, Position, WebAddress
from domain.event import EventStatus

ImageUrl = Annotated[WebAddress | None, Field(description="Where a picture of it lies.")]
Category = Annotated[ShortText, Field(description="What kind of show it is, in the organizer's own words.")]


class EventRequest(RequestBody):
    """A show as it is marketed; a draft until it is published."""

    organizer_id: Annotated[
        Id | None, Field(description="May be left out by who is organizer of exactly one.", default=None)
    ]
    venue_id: Id
    title: Title
    description: Text = ""
    category: Annotated[Category | None, Field(default=None)]
    image_url: ImageUrl = None


class EventChange(RequestBody):
    """What is to be different; what is left out stays. `image_url` and `category` may be taken away by null."""

    title: Title | None = None
    description: Text | None = None
    category: Category | None = None
    image_url: ImageUrl = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("say what is to be different")
        return self


class EventFacts(ResponseBody):
    """What is known of an event itself."""

    event_id: str
    organizer_id: str
    venue_id: str
    title: str
    description: str
    category: str
    image_url: str | None
    status: EventStatus


class EventResult(EventFacts):
    """An event after a change."""

    position: Position


class VenueOfEvent(ResponseBody):
    """Where an event takes place."""

    venue_id: str
    name: str
    city: str
    country: str
    time_zone: str


class EventResponse(EventFacts):
    """An event with the first of its performances in the time looked at, by their start; the latest if it is over."""

    organizer_name: str
    venue: VenueOfEvent
    first_starts_at: Annotated[
        datetime | None, Field(description="The first performance in the time looked at; the last one if it is over.")
    ]
    next_starts_at: Annotated[datetime | None, Field(description="The next performance; null: none is to come.")]
    performance_count: Annotated[
        int, Field(description="How many performances there are in the time looked at; all if it is over.")
    ]
    performances: list[PerformanceResponse]


class EventDetailsResponse(EventResponse):
    """An event with a page of all its performances, by their start."""

    next: Cursor


class Events(ResponseBody):
    """A page of events: what is to come by its next performance, then what has none yet, then what is over."""

    items: list[EventResponse]
    next: Cursor


class EventDeleted(ResponseBody):
    """An event that is gone: nothing of it was ever booked."""

    event_id: str
    status: EventStatus
    position: Position
