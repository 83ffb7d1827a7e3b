"""Reads the log range by range and checks that each range follows the one before."""

from collections.abc import Sequence

from eventstore.checkpoint import log_went_back_error
from eventstore.store import RecordedEvent, Store


class LogReader:
    """Reads the log in order. Each range overlaps the last known event, which detects a restored log.

    Args:
        after: the last position that was read before; its digest is taken from the first range read.
    """

    def __init__(self, store: Store, after: int) -> None:
        self._store = store
        self._digest: bytes | None = None
        self.position = after

    async def read(self, limit: int) -> list[RecordedEvent]:
        """Return the next events and advance past them; raises as `peek` does."""
        events = await self.peek(limit)
        self.advance(events)
        return events

    async def peek(self, limit: int) -> list[RecordedEvent]:
        """Return the next events, ending on a command's last part; nothing at the end of the log.

        Raises:
            LogWentBack: the log ends before what was read, or holds another event there.
            StoreUnavailable.
        """
        if self.position == 0:
            return await self._store.read_range(after=0, limit=limit)
        events = await self._store.read_range(after=self.position - 1, limit=limit + 1)
        if not events or self._digest not in {None, events[0].digest}:
            raise await log_went_back_error(self._store, self.position)
        self._digest = events[0].digest
        return events[1:]

    def advance(self, events: Sequence[RecordedEvent]) -> None:
        """Advance past events that follow the current position, whichever way they were received."""
        if events:
            self.position, self._digest = events[-1].position, events[-1].digest
