"""A subscription that polls the store; for processes, and for readers that do not need NATS."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from eventstore.back_off import POLL_BACKOFF, BackOffCounter
from eventstore.checkpoint import LogReader
from eventstore.store import RecordedEvent, Store

RANGE_EVENTS = 1_000


class PollingSubscription:
    """Polls for ranges of the log after a position; the pause doubles from 5 ms while nothing is new.

    Args:
        after: the last position that was read before.
        poll_max_s: the longest pause between two polls; None: that of `POLL_BACKOFF`.
    """

    def __init__(self, *, store: Store, after: int, poll_max_s: float | None = None) -> None:
        self._reader = LogReader(store, after)
        maximum = POLL_BACKOFF.maximum if poll_max_s is None else timedelta(seconds=poll_max_s)
        self._back_off = replace(POLL_BACKOFF, maximum=maximum)

    async def next(self) -> list[RecordedEvent]:
        """Wait for the next events; they follow the previous ones and end on a command's last part.

        Raises:
            StoreUnavailable: the server cannot be reached; call again later, nothing is lost.
            LogRestored: the log is not the one that was read.
        """
        polls = BackOffCounter(self._back_off)
        while True:
            events = await self._reader.read(RANGE_EVENTS)
            if events:
                return events
            await asyncio.sleep(polls.next_s())

    async def close(self) -> None:
        """Do nothing: no resource is held."""
