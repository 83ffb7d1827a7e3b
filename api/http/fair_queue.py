"""Whom a full queue refuses: clients take turns, and whoever has most waiting waits first."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from application.errors import Busy

NOBODY = ""


class FairQueue:
    """A bounded queue that is fair between clients.

    A client's requests come in order, and clients take turns, so one with a hundred waiting delays another's one by a
    single place. Where the queue is full, the client with most waiting loses its newest to a client with fewer.

    Args:
        running_max: how many may run at once.
        waiting_max: how many may wait.
        waiting_seconds_max: how long one may wait before it is refused after all.
        client_max: how many of one client may run at once; None: as many as there are places.
    """

    def __init__(
        self, *, running_max: int, waiting_max: int, waiting_seconds_max: float, client_max: int | None = None
    ) -> None:
        self._running_max = running_max
        self._waiting_max = waiting_max
        self._waiting_seconds_max = waiting_seconds_max
        self._client_max = client_max
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._running_of: Counter[str] = Counter()
        self.running = 0
        self.waiting = 0
        self.refused = 0

    def try_enter(self, client: str = NOBODY) -> bool:
        """Take a place if there is one to be had at once; `leave` gives it back."""
        if self.running >= self._running_max or not self._may_run(client):
            return False
        self._start(client)
        return True

    async def enter(self, client: str = NOBODY) -> None:
        """Take a place, or wait for one; `leave` gives it back.

        Raises:
            Busy: too many wait already, or the wait became too long.
        """
        if not self.try_enter(client):
            if self.waiting >= self._waiting_max:
                self._make_room_for(client)
            await self._wait(client)

    def leave(self, client: str = NOBODY) -> None:
        """Give a place back to whoever is next."""
        self.running -= 1
        if self._client_max is not None:
            self._running_of[client] -= 1
            if not self._running_of[client]:
                del self._running_of[client]
        if self.waiting:
            self._admit_next()

    @asynccontextmanager
    async def place(self, client: str = NOBODY) -> AsyncIterator[None]:
        """Have a place while something is done.

        Raises:
            Busy: as `enter` says.
        """
        await self.enter(client)
        try:
            yield
        finally:
            self.leave(client)

    def _may_run(self, client: str) -> bool:
        return self._client_max is None or self._running_of[client] < self._client_max

    def _start(self, client: str) -> None:
        self.running += 1
        if self._client_max is not None:
            self._running_of[client] += 1

    async def _wait(self, client: str) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(waiter)
        self.waiting += 1
        admitted = False
        try:
            async with asyncio.timeout(self._waiting_seconds_max):
                await waiter
            admitted = True
        except TimeoutError:
            self.refused += 1
            raise Busy("The wait became too long.") from None
        finally:
            if not admitted:
                self._give_up(client, waiter)

    def _give_up(self, client: str, waiter: asyncio.Future[None]) -> None:
        if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
            self.leave(client)  # the place came in the very moment of giving up
            return
        with suppress(KeyError, ValueError):
            self._waiting[client].remove(waiter)
            self._took_one(client)

    def _took_one(self, client: str) -> None:
        self.waiting -= 1
        if not self._waiting[client]:
            del self._waiting[client]

    def _admit_next(self) -> None:
        """Hand free places to the clients that have waited longest for one."""
        for client in tuple(self._waiting):
            while self.running < self._running_max and client in self._waiting and self._may_run(client):
                waiter = self._waiting[client].popleft()
                self._waiting.move_to_end(client)
                self._took_one(client)
                if not waiter.done():
                    self._start(client)
                    waiter.set_result(None)
                    break
            if self.running >= self._running_max:
                return

    def _make_room_for(self, client: str) -> None:
        self.refused += 1
        most = max(self._waiting, key=lambda known: len(self._waiting[known]), default=client)
        if len(self._waiting.get(most, ())) <= len(self._waiting.get(client, ())) + 1:
            raise Busy("The queue is full.")
        newest = self._waiting[most].pop()
        self._took_one(most)
        if not newest.done():
            newest.set_exception(Busy("The queue is full."))
