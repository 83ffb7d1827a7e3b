"""Starts few requests an iteration, round-robin over clients, so that a burst of one client delays no other."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable

STARTS_PER_ITERATION = 64
"""Per iteration of the event loop, which reads from every connection and accepts new ones in between."""

Start = Callable[[], None]


class FairStarts:
    """Starts requests: at once while there are few, else round-robin over clients.

    The first step of a request is its most expensive one; three hundred in one iteration blocked the loop for 0.3 s.
    """

    def __init__(self, *, per_iteration: int = STARTS_PER_ITERATION) -> None:
        self._per_iteration = per_iteration
        self._left = per_iteration
        self._is_scheduled = False
        self._waiting: OrderedDict[str, deque[Start]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """The number of queued requests."""
        return sum(map(len, self._waiting.values()))

    def try_start(self) -> bool:
        """Use one of this iteration's starts; False: none is left, or other requests are queued."""
        if not self._is_scheduled:
            self._schedule()
        if self._waiting or not self._left:
            return False
        self._left -= 1
        return True

    def enqueue(self, client: str, start: Start) -> None:
        """Queue a request for one of the next iterations."""
        self._waiting.setdefault(client, deque()).append(start)
        if not self._is_scheduled:
            self._schedule()

    def _schedule(self) -> None:
        self._is_scheduled = True
        asyncio.get_running_loop().call_soon(self._next_iteration)

    def _next_iteration(self) -> None:
        self._is_scheduled = False
        self._left = self._per_iteration
        while self._waiting and self._left:
            self._left -= 1
            client, own = next(iter(self._waiting.items()))
            start = own.popleft()
            if own:
                self._waiting.move_to_end(client)
            else:
                del self._waiting[client]
            start()
        if self._waiting:
            self._schedule()
