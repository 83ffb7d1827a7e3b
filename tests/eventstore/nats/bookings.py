"""Bookings that continue during a fault, and the proof that some were in flight when it occurred."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import TypeVar

from eventstore.store import Appended, Store
from tests.eventstore.appends import at, to_append

CLERKS = 3
EVENTS_PER_BOOKING = 5
REST_S = 0.02
"""Pause between two bookings of a clerk, so that they do not use the whole machine."""

CONDITION_WITHIN_S = 30.0
POLL_S = 0.01

Found = TypeVar("Found")


class NothingInFlight(AssertionError):
    """No booking was in flight during the fault, so the test proves nothing."""


class Bookings:
    """Appends of five events by several clerks, each in a loop.

    Args:
        appended: called after every append, as the API notifies the relay.
    """

    def __init__(self, store: Store, *, appended: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._appended = appended
        self._numbers = count(1)
        self._stop = asyncio.Event()
        self.spans: list[tuple[float, float]] = []

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Book during the block; no booking may fail."""
        async with asyncio.TaskGroup() as group:
            for _ in range(CLERKS):
                group.create_task(self._book())
            try:
                yield
            finally:
                self._stop.set()

    @asynccontextmanager
    async def while_broken(self, *, bookings: int = 10) -> AsyncIterator[None]:
        """Book before and during the block, which causes a fault, and after it until enough bookings were made.

        Raises:
            NothingInFlight: no booking began or ended during the fault.
        """
        await until(lambda: len(self.spans) >= bookings, "bookings before the fault")
        began_at = time.monotonic()
        yield
        done = len(self.spans)
        await until(lambda: len(self.spans) >= done + bookings, "bookings during the fault")
        self.require_some_between(began_at, time.monotonic())

    def require_some_between(self, began_at: float, ended_at: float) -> None:
        """Check that bookings were in flight.

        Raises:
            NothingInFlight: there were none.
        """
        if not any(start <= ended_at and end >= began_at for start, end in self.spans):
            raise NothingInFlight

    async def _book(self) -> None:
        while not self._stop.is_set():
            began_at = time.monotonic()
            (verdict,) = await self._store.append([to_append(at(f"seat-{next(self._numbers)}", 0, EVENTS_PER_BOOKING))])
            assert isinstance(verdict, Appended)
            self.spans.append((began_at, time.monotonic()))
            self._appended()
            await asyncio.sleep(REST_S)


async def until(condition: Callable[[], bool], what: str, *, within_s: float = CONDITION_WITHIN_S) -> None:
    """Wait for a condition."""

    async def ask() -> bool:
        return condition()

    await until_some(ask, what, within_s=within_s)


async def until_some(ask: Callable[[], Awaitable[Found]], what: str, *, within_s: float = CONDITION_WITHIN_S) -> Found:
    """Wait until a function returns a result, and return it."""
    deadline = time.monotonic() + within_s
    while True:
        found = await ask()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {within_s} s for {what}"
        await asyncio.sleep(POLL_S)
