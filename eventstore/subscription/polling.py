"""A feed that only ever asks the store: for processes, and wherever NATS is not worth its trouble."""

import asyncio

from eventstore.log_reader import LogReader
from eventstore.store import RecordedEvent, Store

RANGE_EVENTS = 1_000
POLL_FIRST_S = 0.005
POLL_MAX_S = 0.25


class PollingSubscription:
    """Ranges of the log after a position, asked for at 5 ms and, while nothing comes, ever more rarely.

    Args:
        after: the last position that is known already.
        poll_max_s: the longest pause between two questions.
    """

    def __init__(self, *, store: Store, after: int, poll_max_s: float = POLL_MAX_S) -> None:
        self._reader = LogReader(store, after)
        self._poll_max_s = poll_max_s

    async def next(self) -> list[RecordedEvent]:
        """Wait for the next events; they follow the last ones and end on a command's last part.

        Raises:
            StoreUnavailable: the store cannot be asked; ask again later, nothing is lost.
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
        """Nothing is held."""
