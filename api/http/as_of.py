"""Parameters of historical routes: a time or a position, resolved to a point in the log."""

from typing import Annotated

from fastapi import Depends, Query, Request

from api.dependencies import services_of
from api.http.commands import POSITION_MAX, MinPosition, wait_for_position
from api.schemas.fields.values import Timestamp
from audit.as_of import AsOf, as_of
from audit.streams import HistoricalStreams

At = Annotated[Timestamp | None, Query(description="State as of this time. Without `at` and `position`: current.")]
AtPosition = Annotated[
    int | None,
    Query(ge=0, le=POSITION_MAX, description="State as of this position, rounded down to the end of a command."),
]


async def as_of_parameter(
    request: Request, at: At = None, position: AtPosition = None, min_position: MinPosition = None
) -> AsOf:
    """Return the point in the log that a request names; the log itself is always current.

    Raises:
        Malformed: `min_position` is beyond the end of the log.
        Invalid: both `at` and `position` are given, or the point is in the future.
    """
    await wait_for_position(request, min_position)
    return await as_of(services_of(request).store, at=at, position=position)


AsOfParameter = Annotated[AsOf, Depends(as_of_parameter)]
"""The point in the log that the parameters `at`, `position` and `min_position` name."""


def historical_streams(request: Request) -> HistoricalStreams:
    """Return access to streams as of earlier moments."""
    services = services_of(request)
    return HistoricalStreams(services.store, services.codec)
