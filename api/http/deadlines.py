"""Time limits of requests: every client gets an answer before its limit and before the process ends."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

STOP_SECONDS_MAX = 3.0
"""Seconds left to a request once the process stops. The server cancels running requests after five seconds."""

ARRIVED_AT = "seatledger.arrived_at"
"""Key in a request's scope: its time of arrival, in the event store's `ticks`."""

GONE = "seatledger.gone"
"""Key in the extensions of a request's scope: `{"gone": …}` returns whether the client has disconnected."""

Answer = TypeVar("Answer")


class OutOfTime(Exception):
    """The time limit of a request has passed."""


class Deadlines:
    """Limits the duration of requests; `stop` shortens the limit of those that run."""

    def __init__(self, *, stop_seconds_max: float = STOP_SECONDS_MAX) -> None:
        self._stop_seconds_max = stop_seconds_max
        self._running: set[asyncio.Timeout] = set()
        self._stops_at: float | None = None

    @property
    def stopping(self) -> bool:
        """Whether the process is stopping."""
        return self._stops_at is not None

    async def within(self, seconds_max: float, work: Awaitable[Answer]) -> Answer:
        """Await some work within a time limit.

        Args:
            seconds_max: the limit in seconds.

        Raises:
            OutOfTime: the limit has passed, or the process stops.
        """
        ends_at = asyncio.get_running_loop().time() + seconds_max
        limit = asyncio.timeout_at(ends_at if self._stops_at is None else min(ends_at, self._stops_at))
        self._running.add(limit)
        try:
            async with limit:
                return await work
        except TimeoutError:
            if limit.expired():
                raise OutOfTime from None
            raise
        finally:
            self._running.discard(limit)

    def stop(self) -> None:
        """Shorten the limit of all current and later work to `stop_seconds_max`."""
        self._stops_at = asyncio.get_running_loop().time() + self._stop_seconds_max
        for limit in self._running:
            ends_at = limit.when()
            if ends_at is not None and ends_at > self._stops_at:
                limit.reschedule(self._stops_at)
