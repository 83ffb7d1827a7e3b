"""The log as it stands, for those who read history and change nothing."""

from collections.abc import Sequence
from typing import Annotated

import orjson
from fastapi import Path, Query, Request, Response

from api.commands import POSITION_MAX, MinPosition, shown
from api.engine import engine_of
from api.paging import Limit
from api.presenters.values import Body
from api.routing import business_router
from api.schemas.operators import RecordedEvents
from domain.errors import NotFound
from eventstore.store import Recorded

STREAM_LENGTH_MAX = 200

After = Annotated[int, Query(ge=0, le=POSITION_MAX, description="`next` of the part before; 0: from the beginning.")]

router = business_router("audit")


@router.get("/audit/log", responses={200: {"model": RecordedEvents}})
async def show_log(
    request: Request,
    after: After = 0,
    limit: Limit = 100,
    min_position: MinPosition = None,  # noqa: ARG001 - the log is never behind
) -> Response:
    """Show the log's events after a position, in order."""
    events = (await engine_of(request).store.read_range(after=after, limit=limit))[:limit]
    following = str(events[-1].position) if len(events) == limit else None
    return shown({"items": [recorded(event) for event in events], "next": following})


@router.get("/audit/streams/{stream}", responses={200: {"model": RecordedEvents}})
async def show_stream(
    request: Request,
    stream: Annotated[str, Path(max_length=STREAM_LENGTH_MAX, examples=["order-0198…"])],
    after: Annotated[int, Query(ge=0, le=POSITION_MAX, description="`next` of the part before: a version.")] = 0,
    limit: Limit = 100,
    min_position: MinPosition = None,  # noqa: ARG001 - the log is never behind
) -> Response:
    """Show everything that happened to one thing, in order; `next` is a version."""
    events: Sequence[Recorded] = await engine_of(request).store.read_stream(stream, after_version=after, limit=limit)
    if not events and not await engine_of(request).store.read_stream(stream, limit=1):
        raise NotFound("There is no such stream.")
    following = str(events[-1].version) if len(events) == limit else None
    return shown({"items": [recorded(event) for event in events], "next": following})


def recorded(event: Recorded) -> Body:
    """Show one event; its data goes out byte for byte as it was stored."""
    return {
        "position": event.position,
        "stream": event.stream,
        "version": event.version,
        "name": event.name,
        "schema_version": event.schema_version,
        "command_id": event.command_id,
        "part": event.part,
        "parts": event.parts,
        "recorded_at": event.recorded_at,
        "data": orjson.Fragment(event.data),
        "metadata": orjson.Fragment(event.metadata),
        "digest": event.digest.hex(),
    }
