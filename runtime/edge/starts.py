"""Requests begin a few at a time, and clients take turns, so a burst of one delays another's request by a moment."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable

STARTS_PER_ITERATION = 64
"""Of the event loop, which reads from every connection and takes new ones in between."""

Start = Callable[[], None]


class FairStarts:
    """Begins requests: at once while there are few, else in turn between clients.

    A request's first step is its most expensive one; three hundred of them in one iteration took the loop 0.3 s.
    """

    def __init__(self, *, per_iteration: int = STARTS_PER_ITERATION) -> None:
        self._per_iteration = per_iteration
        self._left = per_iteration
        self._is_scheduled = False
        self._waiting: OrderedDict[str, deque[Start]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many requests have not begun yet."""
        return sum(map(len, self._waiting.values()))

    def try_start(self) -> bool:
        """Take one of this iteration's starts if one is left and nobody waits for it."""
        if not self._is_scheduled:
            self._schedule()
        if self._waiting or not self._left:
            return False
        self._left -= 1
        return True

    def enqueue(self, client: str, start: Start) -> None:
        """Have a request begin in one of the next iterations."""
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
