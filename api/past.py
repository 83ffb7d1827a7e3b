"""What routes about the past share: the time or position somebody asks for, and what it means in the log."""

from typing import Annotated

from fastapi import Depends, Query, Request

from api.commands import POSITION_MAX, MinPosition, caught_up
from api.engine import engine_of
from api.schemas.values import Moment
from projections.past.moment import AsOf, as_of
from projections.past.streams import HistoricalStreams

At = Annotated[Moment | None, Query(description="As it was then. Neither this nor `position`: now.")]
AtPosition = Annotated[
    int | None,
    Query(ge=0, le=POSITION_MAX, description="As it was after this position, or the command's end before it."),
]


async def then_of(
    request: Request, at: At = None, position: AtPosition = None, min_position: MinPosition = None
) -> AsOf:
    """Return the place in the log that a request asks about; the log itself is never behind.

    Raises:
        Malformed: no event has the position that should be waited for.
        Invalid: both a time and a position are given, or what is yet to come.
    """
    await caught_up(request, min_position)
    return await as_of(engine_of(request).store, at=at, position=position)


Then = Annotated[AsOf, Depends(then_of)]
"""The place in the log that `at`, `position` and `min_position` of a request ask about."""


def streams_of(request: Request) -> HistoricalStreams:
    """Return the streams as they were."""
    engine = engine_of(request)
    return HistoricalStreams(engine.store, engine.codec)
