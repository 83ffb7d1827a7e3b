"""A part of the log as a file, sent while it is read."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.dependencies import services_of
from api.http.commands import POSITION_MAX, MinPosition, wait_for_position
from api.http.load_shedding import ConcurrencyLimit
from api.http.periods import require_period
from api.http.problems import problem_responses
from api.http.routing import business_router
from api.routes.audit import NAMES_MAX, After, Before, EventName, StreamName
from api.schemas.values import Timestamp
from audit.known import require_known
from audit.log_search import PositionRange, Search, searchable_range
from eventstore.exports.formats import Format, writer_of
from eventstore.exports.writer import Writer, events_between
from eventstore.sealing.seal import seal_line
from eventstore.sealing.seal_repository import SEALS_MAX
from eventstore.store import EventFilter, Store

POSITIONS_PER_EXPORT_MAX = 1_000_000
UPTO, NEXT = "Export-Upto", "Export-Next"
TYPES = {Format.JSONL: "application/x-ndjson", Format.PARQUET: "application/vnd.apache.parquet"}

BYTES = {"schema": {"type": "string", "format": "binary"}}
POSITION = {"type": "string", "pattern": "^[0-9]+$"}
GO_ON = {NEXT: {"description": "There is more: ask again with this as `after`.", "schema": POSITION}}
SENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The events, in order.",
        "headers": {UPTO: {"description": "The last position that was looked at.", "schema": POSITION}, **GO_ON},
        "content": dict.fromkeys(TYPES.values(), BYTES),
    }
}
SEALS_SENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The seals, in order.", "headers": GO_ON, "content": {TYPES[Format.JSONL]: BYTES}}
}

router = business_router("audit")


class Export(StreamingResponse):
    """A file that is sent in its turn: as long as it takes, it keeps a thread and a connection to the database busy.

    Args:
        turns: who is let in.
    """

    def __init__(self, slots: ConcurrencyLimit, content: AsyncIterator[bytes], **options: Any) -> None:
        super().__init__(content, **options)
        self._slots = slots

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, or refuse while too many others are sent.

        Raises:
            Busy: its turn did not come in time.
        """
        async with self._slots:
            await super().__call__(scope, receive, send)


@router.get("/audit/export", response_class=StreamingResponse, responses={**SENT, **problem_responses(404)})
async def export(
    request: Request,
    *,
    kind: Annotated[Format, Query(alias="format", description="JSON Lines, or Parquet.")] = Format.JSONL,
    name: Annotated[list[EventName] | None, Query(max_length=NAMES_MAX, description="Events of these names.")] = None,
    stream: Annotated[StreamName | None, Query(description="Events of this stream.")] = None,
    since: Annotated[Timestamp | None, Query(alias="from", description="Recorded at this time or later.")] = None,
    until: Annotated[Timestamp | None, Query(alias="to", description="Recorded at this time or before.")] = None,
    after: After = 0,
    before: Before = None,
    min_position: MinPosition = None,
) -> StreamingResponse:
    """Send events byte for byte as they are stored, with their digests; of a million positions at most.

    Some are sent at a time: whoever would wait for more than five seconds is told to come back (503).
    Lines that came are whole, whatever happens to the rest: go on after the position of the last one. The seals of the
    same positions, at `/audit/export/seals`, prove what is in the file.
    """
    require_period(since, until)
    await wait_for_position(request, min_position)
    services, wanted = services_of(request), EventFilter(names=name or None, stream=stream)
    search = Search(wanted=wanted, limit=POSITION_MAX, after=after, before=before, since=since, until=until)
    await require_known(services.store, wanted)
    whole = await searchable_range(services.store, search)
    part = whole.first(POSITIONS_PER_EXPORT_MAX, newest_first=False)
    more = {NEXT: str(part.until)} if part.until < whole.until else {}
    return Export(
        services.exports,
        stream_file(services.store, wanted, part, await asyncio.to_thread(writer_of, kind)),
        media_type=TYPES[kind],
        headers={
            UPTO: str(max(part.after, part.until)),
            "Content-Disposition": f'attachment; filename="log-{part.after + 1}.{kind.value}"',
            **more,
        },
    )


@router.get("/audit/export/seals", response_class=Response, responses=SEALS_SENT)
async def export_seals(
    request: Request, *, after: After = 0, before: Before = None, min_position: MinPosition = None
) -> Response:
    """Send the seals that cover any of these positions, a line each, 10,000 at most."""
    await wait_for_position(request, min_position)
    last = POSITION_MAX if before is None else before - 1
    seals = await services_of(request).seal_verification.table.covering(first=after + 1, last=last, limit=SEALS_MAX)
    more = {NEXT: str(seals[-1].last)} if len(seals) == SEALS_MAX else {}
    return Response(b"".join(map(seal_line, seals)), media_type=TYPES[Format.JSONL], headers=more)


async def stream_file(store: Store, wanted: EventFilter, part: PositionRange, writer: Writer) -> AsyncIterator[bytes]:
    """Yield the file, some events at a time; writing them keeps nobody else waiting."""
    async for events in events_between(store, wanted, after=part.after, until=part.until):
        yield await asyncio.to_thread(writer.add, events)
    yield await asyncio.to_thread(writer.finish)
