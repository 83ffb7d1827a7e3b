"""The log as it stands, for those who read history and change nothing."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response
from pydantic import StringConstraints

from api.commands import POSITION_MAX, MinPosition, caught_up, shown
from api.engine import engine_of
from api.paging import Limit
from api.presenters.past import recorded
from api.routing import business_router
from api.schemas.operators import RecordedEvents
from api.schemas.values import Moment
from domain.errors import NotFound
from eventstore.store import STREAM_CHARACTERS_MAX, Recorded, Wanted
from projections.past.searching import Search, search

NAMES_MAX = 20
NAME_LENGTH_MAX = 80

After = Annotated[int, Query(ge=0, le=POSITION_MAX, description="Only what stands after this position.")]
Before = Annotated[int | None, Query(ge=0, le=POSITION_MAX, description="Only what stands before this position.")]
EventName = Annotated[str, StringConstraints(min_length=1, max_length=NAME_LENGTH_MAX)]
StreamName = Annotated[str, StringConstraints(min_length=1, max_length=STREAM_CHARACTERS_MAX)]

router = business_router("audit")


@router.get("/audit/log", responses={200: {"model": RecordedEvents}})
async def show_log(
    request: Request,
    *,
    name: Annotated[list[EventName] | None, Query(max_length=NAMES_MAX, description="Events of these names.")] = None,
    stream: Annotated[StreamName | None, Query(description="Events of this stream.")] = None,
    prefix: Annotated[StreamName | None, Query(description="Of streams whose names begin so: `seat-`.")] = None,
    actor: Annotated[StreamName | None, Query(description="Caused by this account, device or kind of actor.")] = None,
    performance_id: Annotated[UUID | None, Query(description="About this performance.")] = None,
    organizer_id: Annotated[UUID | None, Query(description="About this organizer.")] = None,
    since: Annotated[Moment | None, Query(alias="from", description="Recorded at this time or later.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Recorded at this time or before.")] = None,
    after: After = 0,
    before: Before = None,
    newest_first: Annotated[bool, Query(description="Backwards, from the end.")] = False,
    limit: Limit = 100,
    min_position: MinPosition = None,
) -> Response:
    """Show the events of the log that are looked for, in order.

    `next` goes on: give it as `after`, newest first as `before`. One answer looks at 200,000 positions at most; it may
    hold fewer events than `limit`, or none, and still have a `next`. A stream's events are found however long the log.
    """
    await caught_up(request, min_position)
    subjects = {"performance": performance_id, "organizer": organizer_id}
    wanted = Wanted(
        names=name or None,
        stream=stream,
        prefix=prefix,
        actor=actor,
        subjects={subject: str(wished) for subject, wished in subjects.items() if wished is not None},
    )
    found = await search(
        engine_of(request).store,
        Search(
            wanted=wanted,
            limit=limit,
            after=after,
            before=before,
            since=since,
            until=until,
            newest_first=newest_first,
        ),
    )
    following = None if found.following is None else str(found.following)
    return shown({"items": [recorded(event) for event in found.events], "next": following})


@router.get("/audit/streams/{stream}", responses={200: {"model": RecordedEvents}})
async def show_stream(
    request: Request,
    stream: Annotated[str, Path(max_length=STREAM_CHARACTERS_MAX, examples=["order-0198…"])],
    after: Annotated[int, Query(ge=0, le=POSITION_MAX, description="`next` of the part before: a version.")] = 0,
    limit: Limit = 100,
    min_position: MinPosition = None,
) -> Response:
    """Show everything that happened to one thing, in order; `next` is a version."""
    await caught_up(request, min_position)
    events: Sequence[Recorded] = await engine_of(request).store.read_stream(stream, after_version=after, limit=limit)
    if not events and not await engine_of(request).store.read_stream(stream, limit=1):
        raise NotFound("There is no such stream.")
    following = str(events[-1].version) if len(events) == limit else None
    return shown({"items": [recorded(event) for event in events], "next": following})
