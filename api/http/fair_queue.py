"""A bounded queue that is fair between clients."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from application.errors import Busy

NO_CLIENT = ""


class FairQueue:
    """A bounded queue that is fair between clients.

    A client's requests run in order and clients alternate, so a client with a hundred waiting requests delays another
    client's request by one slot. When the queue is full, the client with the most waiting requests loses its newest one
    to a client with fewer.

    Args:
        running_max: maximum number of running requests.
        waiting_max: maximum number of waiting requests.
        waiting_seconds_max: maximum wait in seconds.
        client_max: maximum number of running requests per client; None: no limit.
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

    def try_enter(self, client: str = NO_CLIENT) -> bool:
        """Take a slot if one is free, and return whether it was; `leave` returns it."""
        if self.running >= self._running_max or not self._may_run(client):
            return False
        self._start(client)
        return True

    async def enter(self, client: str = NO_CLIENT) -> None:
        """Take a slot, or wait for one; `leave` returns it.

        Raises:
            Busy: the queue is full, or the wait exceeded its limit.
        """
        if not self.try_enter(client):
            if self.waiting >= self._waiting_max:
                self._displace_newest_for(client)
            await self._wait(client)

    def leave(self, client: str = NO_CLIENT) -> None:
        """Return a slot and admit the next waiting request."""
        self.running -= 1
        if self._client_max is not None:
            self._running_of[client] -= 1
            if not self._running_of[client]:
                del self._running_of[client]
        if self.waiting:
            self._admit_next()

    @asynccontextmanager
    async def slot(self, client: str = NO_CLIENT) -> AsyncIterator[None]:
        """Hold a slot inside the context.

        Raises:
            Busy: as for `enter`.
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
            raise Busy("The wait exceeded its limit.") from None
        finally:
            if not admitted:
                self._withdraw(client, waiter)

    def _withdraw(self, client: str, waiter: asyncio.Future[None]) -> None:
        if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
            self.leave(client)  # The slot was granted at the same time.
            return
        with suppress(KeyError, ValueError):
            self._waiting[client].remove(waiter)
            self._remove_waiting(client)

    def _remove_waiting(self, client: str) -> None:
        self.waiting -= 1
        if not self._waiting[client]:
            del self._waiting[client]

    def _admit_next(self) -> None:
        """Give free slots to the clients that have waited longest."""
        for client in tuple(self._waiting):
            while self.running < self._running_max and client in self._waiting and self._may_run(client):
                waiter = self._waiting[client].popleft()
                self._waiting.move_to_end(client)
                self._remove_waiting(client)
                if not waiter.done():
                    self._start(client)
                    waiter.set_result(None)
                    break
            if self.running >= self._running_max:
                return

    def _displace_newest_for(self, client: str) -> None:
        self.refused += 1
        most = max(self._waiting, key=lambda known: len(self._waiting[known]), default=client)
        if len(self._waiting.get(most, ())) <= len(self._waiting.get(client, ())) + 1:
            raise Busy("The queue is full.")
        newest = self._waiting[most].pop()
        self._remove_waiting(most)
        if not newest.done():
            newest.set_exception(Busy("The queue is full."))
