"""A subscription that polls the store; for processes, and for readers that do not need NATS."""

import asyncio

from eventstore.log_reader import LogReader
from eventstore.store import RecordedEvent, Store

RANGE_EVENTS = 1_000
POLL_FIRST_S = 0.005
POLL_MAX_S = 0.25


class PollingSubscription:
    """Polls for ranges of the log after a position; the pause doubles from 5 ms while nothing is new.

    Args:
        after: the last position that was read before.
        poll_max_s: the longest pause between two polls.
    """

    def __init__(self, *, store: Store, after: int, poll_max_s: float = POLL_MAX_S) -> None:
        self._reader = LogReader(store, after)
        self._poll_max_s = poll_max_s

    async def next(self) -> list[RecordedEvent]:
        """Wait for the next events; they follow the previous ones and end on a command's last part.

        Raises:
            StoreUnavailable: the server cannot be reached; call again later, nothing is lost.
            LogWentBack: the log is not the one that was read.
        """
        pause_s = POLL_FIRST_S
        while True:
            events = await self._reader.read(RANGE_EVENTS)
            if events:
                return events
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, self._poll_max_s)

    async def close(self) -> None:
        """Do nothing: no resource is held."""
