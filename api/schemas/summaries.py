"""The performance beside an order, a basket, a refund or a ticket, as answers show it."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.base import ResponseBody
from domain.values import PerformanceCancelReason


class WithPerformance(ResponseBody):
    """What is known of the performance; null, all of it, in a list that is ahead of the catalogue."""

    event_title: str | None
    organizer_name: str | None
    starts_at: datetime | None
    doors_at: datetime | None
    venue_name: str | None
    venue_city: str | None
    time_zone: Annotated[str | None, Field(description="The venue's, an IANA name.")]
    performance_cancelled: Annotated[bool | None, Field(description="true: it does not take place.")]
    cancel_reason: Annotated[PerformanceCancelReason | None, Field(description="Why it does not take place.")]
