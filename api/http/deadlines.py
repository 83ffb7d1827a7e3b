"""The time a request has: whoever waits is answered before it is over, and before the process ends."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

STOP_SECONDS_MAX = 3.0
"""What a request has left once the process stops. The server cancels what it still waits for after five seconds."""

ARRIVED_AT = "seatledger.arrived_at"
"""In a request's scope: when it came, in the event store's `ticks`."""

GONE = "seatledger.gone"
"""In the extensions of a request's scope: `{"gone": …}`, which says whether its client has hung up."""

Answer = TypeVar("Answer")


class OutOfTime(Exception):
    """A request's time is over."""


class Deadlines:
    """Bounds the work of requests in time; `stop` leaves those under way a last moment."""

    def __init__(self, *, stop_seconds_max: float = STOP_SECONDS_MAX) -> None:
        self._stop_seconds_max = stop_seconds_max
        self._under_way: set[asyncio.Timeout] = set()
        self._stops_at: float | None = None

    @property
    def stopping(self) -> bool:
        """Whether the process is about to end."""
        return self._stops_at is not None

    async def within(self, seconds_max: float, work: Awaitable[Answer]) -> Answer:
        """Do some work in the time it has.

        Raises:
            OutOfTime: it takes longer, or the process stops.
        """
        ends_at = asyncio.get_running_loop().time() + seconds_max
        limit = asyncio.timeout_at(ends_at if self._stops_at is None else min(ends_at, self._stops_at))
        self._under_way.add(limit)
        try:
            async with limit:
                return await work
        except TimeoutError:
            if limit.expired():
                raise OutOfTime from None
            raise
        finally:
            self._under_way.discard(limit)

    def stop(self) -> None:
        """Let everything end soon, what is under way and what comes."""
        self._stops_at = asyncio.get_running_loop().time() + self._stop_seconds_max
        for limit in self._under_way:
            ends_at = limit.when()
            if ends_at is not None and ends_at > self._stops_at:
                limit.reschedule(self._stops_at)
