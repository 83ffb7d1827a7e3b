"""The live seat map: what changed, as absolute states with their position, to everybody who watches a performance.

One reader follows the log while anybody watches. Each look at the log is a tick; a tick's message is made once for all
who watch the same performance. A watcher that falls behind the ticks that are kept is told to begin anew.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import orjson

from api.errors import Busy
from domain.layout.model import AREA_LETTER, PLACE_DIGITS
from domain.seat import SEAT
from eventstore.errors import EventStoreError
from eventstore.store import Recorded, Store

WATCHERS_MAX = 2_000
TICK_SECONDS = 0.1
HEARTBEAT_SECONDS = 10.0
RETRY_SECONDS = 1.0
IDLE_TICKS_MAX = 50
EVENTS_PER_TICK_MAX = 5_000
CATCH_UP_EVENTS_MAX = 20_000
TICKS_KEPT_MAX = 3_000
BYTES_KEPT_MAX = 16 * 1024 * 1024
HEARTBEAT = b": still here\n\n"
SEAT_STREAMS = SEAT.stream("")

STATES = {
    "SeatHeld": "held",
    "SeatHoldExtended": "held",
    "SeatReleased": "free",
    "SeatSold": "sold",
    "SeatReturned": "free",
    "SeatBlocked": "blocked",
    "SeatUnblocked": "free",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What happened after position `after` up to `upto`, by performance, ready to be sent."""

    after: int
    upto: int
    messages: dict[str, bytes]

    @property
    def size(self) -> int:
        """How many bytes its messages have."""
        return sum(map(len, self.messages.values()))


class LiveFeed:
    """Follows the log for those who watch; without watchers it stops by itself."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ticks: deque[Tick] = deque()
        self._bytes_kept = 0
        self._upto = 0
        self._watchers = 0
        self._reader: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._ticked = asyncio.Event()

    async def watch(self, performance: str, after: int | None) -> AsyncIterator[bytes]:
        """Return the messages about a performance after a position (None: from now on); they never end.

        Raises:
            Busy: too many watch already.
            StoreUnavailable: the log cannot be read.
        """
        if self._watchers >= WATCHERS_MAX:
            raise Busy("Too many watch already.")
        await self._ensure_reader(after)
        return self._messages(performance, self._upto if after is None else after)

    async def close(self) -> None:
        """Stop following the log."""
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader

    async def _messages(self, performance: str, cursor: int) -> AsyncIterator[bytes]:
        self._watchers += 1
        try:
            yield HEARTBEAT
            while True:
                await self._ensure_reader(cursor)
                ticked = self._ticked
                for upto, message in self._since(performance, cursor):
                    cursor = upto
                    if message:
                        yield message
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        await ticked.wait()
                except TimeoutError:
                    yield HEARTBEAT
        finally:
            self._watchers -= 1

    def _since(self, performance: str, cursor: int) -> Iterator[tuple[int, bytes]]:
        """Give the cursor's next positions and what is to be sent at each."""
        begins = self._ticks[0].after if self._ticks else self._upto
        if cursor < begins:
            yield self._upto, reset(self._upto)
            return
        for tick in [tick for tick in self._ticks if tick.upto > cursor]:
            yield tick.upto, tick.messages.get(performance, b"")

    async def _ensure_reader(self, after: int | None) -> None:
        async with self._starting:
            if self._reader is None:
                await self._start(after)

    async def _start(self, after: int | None) -> None:
        head = await self._store.head()
        recent = after is not None and head - CATCH_UP_EVENTS_MAX <= after <= head
        self._upto = after if recent and after is not None else head
        self._ticks.clear()
        self._bytes_kept = 0
        self._reader = asyncio.create_task(self._follow(), name="live seat map")

    async def _follow(self) -> None:
        idle = 0
        try:
            while idle < IDLE_TICKS_MAX:
                idle = 0 if self._watchers else idle + 1
                try:
                    events = await self._store.read_range(after=self._upto, limit=EVENTS_PER_TICK_MAX)
                except EventStoreError:
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                self._keep(events)
                await asyncio.sleep(TICK_SECONDS)
        finally:
            self._reader = None

    def _keep(self, events: Sequence[Recorded]) -> None:
        if not events:
            return
        tick = Tick(after=self._upto, upto=events[-1].position, messages=messages_of(events))
        self._upto = tick.upto
        self._ticks.append(tick)
        self._bytes_kept += tick.size
        while len(self._ticks) > TICKS_KEPT_MAX or self._bytes_kept > BYTES_KEPT_MAX:
            self._bytes_kept -= self._ticks.popleft().size
        self._ticked.set()
        self._ticked = asyncio.Event()


def messages_of(events: Sequence[Recorded]) -> dict[str, bytes]:
    """Return one message for each performance whose seats the events touched."""
    touched: dict[str, dict[str, str]] = {}
    for event in events:
        state = STATES.get(event.name)
        if state is not None:
            performance, _, seat = event.stream.removeprefix(SEAT_STREAMS).rpartition("-")
            touched.setdefault(performance, {})[seat] = state
    upto = events[-1].position
    return {performance: delta(upto, states) for performance, states in touched.items()}


def delta(position: int, states: dict[str, str]) -> bytes:
    """Write one message: seats with their states, and standing areas in which something changed."""
    body = {
        "position": position,
        "states": {seat: state for seat, state in states.items() if not seat.startswith(AREA_LETTER)},
        "areas": sorted({seat[:-PLACE_DIGITS] for seat in states if seat.startswith(AREA_LETTER)}),
    }
    return b"id: %d\nevent: seats\ndata: %s\n\n" % (position, orjson.dumps(body))


def reset(position: int) -> bytes:
    """Tell a watcher to fetch all seats again, at `position` or later."""
    return b'id: %d\nevent: reset\ndata: {"position":%d}\n\n' % (position, position)
