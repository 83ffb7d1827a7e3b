"""Seat maps as of any moment; timelines are read from the log once and cached, for a slider in the screen."""

import asyncio
import math
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from audit.as_of import AsOf
from audit.seat_timeline import DEADLINES, SeatHistory
from domain.seat import SEAT
from eventstore.checkpoint import BEGINNING, Checkpoint, checkpoint_at, is_in_log
from eventstore.store import Store
from projections.seat_map.queries import SeatMap

PERFORMANCES_KEPT_MAX = 8
EVENTS_KEPT_MAX = 500_000
"""Limit over all performances; an event takes about 200 bytes, snapshots included."""


CHECK_INTERVAL_S = 1.0
"""Seconds for which a comparison with the log is valid. A restore ends the sessions of the API and takes longer."""


@dataclass(slots=True)
class CachedTimeline:
    """One performance's history, read up to a checkpoint; the lock admits one reader at a time.

    `checked_at`: when the checkpoint was last found in the log, by `time.monotonic`.
    """

    history: SeatHistory = field(default_factory=SeatHistory)
    checkpoint: Checkpoint = BEGINNING
    checked_at: float = -math.inf
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


class SeatMapTimelines:
    """Cache of timelines, by performance.

    A cached timeline is extended when a later moment is requested, and read again after the log was restored.
    """

    def __init__(self, store: Store, *, check_interval_s: float = CHECK_INTERVAL_S) -> None:
        self._store = store
        self._check_interval_s = check_interval_s
        self._timelines: OrderedDict[str, CachedTimeline] = OrderedDict()

    async def at(self, performance: str, then: AsOf) -> SeatMap:
        """Return a performance's seat map as of a moment.

        Raises:
            StoreUnavailable.
        """
        timeline = self._timelines.setdefault(performance, CachedTimeline())
        self._timelines.move_to_end(performance)
        async with timeline.reading:
            await self._reset_after_restore(timeline)
            if timeline.history.until < then.position:
                await self._read_on(performance, timeline)
                self._evict()
        return await asyncio.to_thread(timeline.history.seat_map_at, then.position)

    async def _reset_after_restore(self, timeline: CachedTimeline) -> None:
        """Empty a timeline whose checkpoint is no longer in the log, which was restored since."""
        now = time.monotonic()
        if now - timeline.checked_at < self._check_interval_s:
            return
        if not await is_in_log(self._store, timeline.checkpoint):
            timeline.history, timeline.checkpoint = SeatHistory(), BEGINNING
        timeline.checked_at = now

    async def _read_on(self, performance: str, timeline: CachedTimeline) -> None:
        """Extend a timeline to the end of the log, so that any later request is served from memory."""
        history, head = timeline.history, await self._store.head()
        prefix = SEAT.stream(performance, "")
        columns = await self._store.read_columns(prefix, fields=DEADLINES, after=history.until, until=head)
        await asyncio.to_thread(history.extend, columns, head)
        timeline.checkpoint = await checkpoint_at(self._store, head)

    def _evict(self) -> None:
        """Evict the least recently used timelines."""
        while len(self._timelines) > 1 and (
            len(self._timelines) > PERFORMANCES_KEPT_MAX or self._events > EVENTS_KEPT_MAX
        ):
            self._timelines.popitem(last=False)

    @property
    def _events(self) -> int:
        return sum(len(timeline.history) for timeline in self._timelines.values())
