"""Server-sent events with the state and builds of every read model, for admins.

One poll per second while there are watchers; a message is written once for all watchers, on changes.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress

import orjson
from psycopg import Error

from api.ports import Positions
from api.presenters.projections import builds_json
from application.errors import Busy
from eventstore.errors import StoreUnavailable
from eventstore.store import Store
from eventstore.tasks import cancel_and_wait
from projections.engine.checkpoints import ProjectionState
from projections.rebuild.build_repository import Build
from projections.rebuild.throttle import Rate

WATCHERS_MAX = 100
POLL_SECONDS = 1.0
HEARTBEAT_SECONDS = 10.0
HEARTBEAT = b": keep-alive\n\n"


class ProjectionStatusStream:
    """Polls the read models while there are watchers."""

    def __init__(self, *, positions: Positions, store: Store) -> None:
        self._positions = positions
        self._store = store
        self._rates: dict[str, Rate] = {}
        self._last_message = b""
        self._changed = asyncio.Event()
        self._poll_task: asyncio.Task[None] | None = None
        self._ended = False
        self.watchers = 0

    def watch(self) -> AsyncIterator[bytes]:
        """Return the current state and all changes, until the process stops.

        Raises:
            Busy: the maximum number of watchers is reached.
        """
        if self.watchers >= WATCHERS_MAX:
            raise Busy("The maximum number of watchers is reached.")
        return self._messages()

    def end(self) -> None:
        """End all streams."""
        self._ended = True
        self._broadcast(b"")

    async def close(self) -> None:
        """Stop polling."""
        if self._poll_task is not None:
            await cancel_and_wait(self._poll_task)

    async def _messages(self) -> AsyncIterator[bytes]:
        self.watchers += 1
        sent = b""
        try:
            yield HEARTBEAT
            while not self._ended:
                self._ensure_polling()
                changed = self._changed
                if self._last_message != sent:
                    sent = self._last_message
                    yield sent
                    continue
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        await changed.wait()
                except TimeoutError:
                    yield HEARTBEAT
        finally:
            self.watchers -= 1

    def _ensure_polling(self) -> None:
        if self._poll_task is None or self._poll_task.done():
            self._poll_task = asyncio.create_task(self._poll(), name="projection status")

    async def _poll(self) -> None:
        while self.watchers and not self._ended:
            with suppress(Error, StoreUnavailable):
                self._broadcast(await self._read_status())
            await asyncio.sleep(POLL_SECONDS)

    def _broadcast(self, message: bytes) -> None:
        if message != self._last_message:
            self._last_message = message
            self._changed.set()
            self._changed = asyncio.Event()

    async def _read_status(self) -> bytes:
        states, builds = await self._positions.states(), await self._positions.builds()
        head = await self._store.head()
        rates = {build.schema: self._rates.get(build.schema, Rate()) for build in builds if build.unfinished}
        self._rates = rates
        events_s = {
            build.schema: rates[build.schema].record(build.position) for build in builds if build.schema in rates
        }
        return message_of(head, states, builds, events_s)


def message_of(
    head: int, states: Sequence[ProjectionState], builds: Sequence[Build], events_s: Mapping[str, float | None]
) -> bytes:
    """Return one message; its id is the last position of the log."""
    items = [
        {
            "name": state.name,
            "state": state.state,
            "version": state.version,
            "schema": state.schema,
            "position": state.position,
            "lag": max(0, head - state.position),
            "error": state.error,
            **builds_json(state, builds, events_s),
        }
        for state in states
    ]
    body = orjson.dumps({"position": head, "items": items}, option=orjson.OPT_UTC_Z)
    return b"event: projections\nid: %d\ndata: %b\n\n" % (head, body)
