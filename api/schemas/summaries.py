"""The performance of an order, hold, refund or ticket, in responses."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.base import ResponseBody
from domain.values import PerformanceCancelReason


class WithPerformance(ResponseBody):
    """Summary of the performance. All fields are null in a list whose read model is ahead of the catalogue."""

    event_title: str | None
    organizer_name: str | None
    starts_at: datetime | None
    doors_at: datetime | None
    venue_name: str | None
    venue_city: str | None
    time_zone: Annotated[str | None, Field(description="Time zone of the venue, an IANA name.")]
    performance_cancelled: Annotated[bool | None, Field(description="Whether the performance is cancelled.")]
    cancel_reason: Annotated[PerformanceCancelReason | None, Field(description="Why the performance is cancelled.")]
