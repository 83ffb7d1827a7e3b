"""Exports of the log and its seals as files, streamed while they are read."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.dependencies import services_of
from api.http.commands import POSITION_MAX, MinPosition, wait_for_position
from api.http.load_shedding import ConcurrencyLimit
from api.http.problems import problem_responses
from api.http.requests.periods import require_period
from api.http.routing import business_router
from api.routes.operations.audit import NAMES_MAX, After, Before, EventName, StreamName
from api.schemas.fields.values import Timestamp
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
NEXT_HEADER = {NEXT: {"description": "More follows: send this as `after`.", "schema": POSITION}}
EXPORT_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The events, in order.",
        "headers": {UPTO: {"description": "The last scanned position.", "schema": POSITION}, **NEXT_HEADER},
        "content": dict.fromkeys(TYPES.values(), BYTES),
    }
}
SEAL_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The seals, in order.", "headers": NEXT_HEADER, "content": {TYPES[Format.JSONL]: BYTES}}
}

router = business_router("audit")


class Export(StreamingResponse):
    """A streamed file. While it is sent it occupies one slot, a thread and a database connection.

    Args:
        slots: limits the exports that run at the same time.
    """

    def __init__(self, slots: ConcurrencyLimit, content: AsyncIterator[bytes], **options: Any) -> None:
        super().__init__(content, **options)
        self._slots = slots

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file.

        Raises:
            Busy: no slot became free in time.
        """
        async with self._slots:
            await super().__call__(scope, receive, send)


@router.get("/audit/export", response_class=StreamingResponse, responses={**EXPORT_RESPONSES, **problem_responses(404)})
async def export_log(
    request: Request,
    *,
    kind: Annotated[Format, Query(alias="format", description="JSON Lines or Parquet.")] = Format.JSONL,
    name: Annotated[
        list[EventName] | None, Query(max_length=NAMES_MAX, description="Only events with these names.")
    ] = None,
    stream: Annotated[StreamName | None, Query(description="Only events of this stream.")] = None,
    since: Annotated[Timestamp | None, Query(alias="from", description="Recorded at or after this time.")] = None,
    until: Annotated[Timestamp | None, Query(alias="to", description="Recorded at or before this time.")] = None,
    after: After = 0,
    before: Before = None,
    min_position: MinPosition = None,
) -> StreamingResponse:
    """Export a part of the log.

    Streams the stored bytes of events with their digests, at most a million positions. The number of concurrent exports
    is limited; one that would wait for more than five seconds gets 503. Every received line is complete: after an
    interruption continue after the position of the last line. The seals of the same positions (`/audit/export/seals`)
    prove the content.
    """
    require_period(since, until)
    await wait_for_position(request, min_position)
    services, event_filter = services_of(request), EventFilter(names=name or None, stream=stream)
    search = Search(wanted=event_filter, limit=POSITION_MAX, after=after, before=before, since=since, until=until)
    await require_known(services.store, event_filter)
    matching = await searchable_range(services.store, search)
    part = matching.first(POSITIONS_PER_EXPORT_MAX, newest_first=False)
    writer = await asyncio.to_thread(writer_of, kind)
    return Export(
        services.exports,
        stream_file(services.store, event_filter, part, writer),
        media_type=TYPES[kind],
        headers=export_headers(kind, part, matching),
    )


def export_headers(kind: Format, part: PositionRange, matching: PositionRange) -> dict[str, str]:
    """Return the headers of an exported part: its end, its file name, and where the next part begins."""
    more = {NEXT: str(part.until)} if part.until < matching.until else {}
    return {
        UPTO: str(max(part.after, part.until)),
        "Content-Disposition": f'attachment; filename="log-{part.after + 1}.{kind.value}"',
        **more,
    }


@router.get("/audit/export/seals", response_class=Response, responses=SEAL_RESPONSES)
async def export_seals(
    request: Request, *, after: After = 0, before: Before = None, min_position: MinPosition = None
) -> Response:
    """Export seals.

    Streams the seals that cover the given positions, one per line, at most 10,000.
    """
    await wait_for_position(request, min_position)
    last = POSITION_MAX if before is None else before - 1
    seals = await services_of(request).seal_verification.table.list_covering(
        first=after + 1, last=last, limit=SEALS_MAX
    )
    more = {NEXT: str(seals[-1].last)} if len(seals) == SEALS_MAX else {}
    return Response(b"".join(map(seal_line, seals)), media_type=TYPES[Format.JSONL], headers=more)


async def stream_file(
    store: Store, event_filter: EventFilter, part: PositionRange, writer: Writer
) -> AsyncIterator[bytes]:
    """Yield the file in chunks; encoding runs in a thread, off the event loop."""
    async for events in events_between(store, event_filter, after=part.after, until=part.until):
        yield await asyncio.to_thread(writer.add, events)
    yield await asyncio.to_thread(writer.finish)
