"""What routes about the past share: the time or position somebody asks for, and what it means in the log."""

from typing import Annotated

from fastapi import Depends, Query, Request

from api.dependencies import services_of
from api.http.commands import POSITION_MAX, MinPosition, wait_for_position
from api.schemas.values import Timestamp
from audit.as_of import AsOf, as_of
from audit.streams import HistoricalStreams

At = Annotated[Timestamp | None, Query(description="As it was then. Neither this nor `position`: now.")]
AtPosition = Annotated[
    int | None,
    Query(ge=0, le=POSITION_MAX, description="As it was after this position, or the command's end before it."),
]


async def as_of_parameter(
    request: Request, at: At = None, position: AtPosition = None, min_position: MinPosition = None
) -> AsOf:
    """Return the place in the log that a request asks about; the log itself is never behind.

    Raises:
        Malformed: no event has the position that should be waited for.
        Invalid: both a time and a position are given, or what is yet to come.
    """
    await wait_for_position(request, min_position)
    return await as_of(services_of(request).store, at=at, position=position)


AsOfParameter = Annotated[AsOf, Depends(as_of_parameter)]
"""The place in the log that `at`, `position` and `min_position` of a request ask about."""


def historical_streams(request: Request) -> HistoricalStreams:
    """Return the streams as they were."""
    services = services_of(request)
    return HistoricalStreams(services.store, services.codec)
