"""Sheds load: so many requests run, so many wait for their turn, the next one is told to come back.

Of a request only the work counts, neither the reading of its body nor the sending of the answer, so slow clients hold
nobody up. What is read while it is sent has a turnstile of its own.
"""

import asyncio
from collections import deque
from types import TracebackType

from api.errors import Busy

RUNNING_MAX = 512
WAITING_MAX = 2_000
WAITING_SECONDS_MAX = 5.0


class Admission:
    """A turnstile with a bounded queue, first come, first served; enter it with `async with`.

    Args:
        running_max: how many requests may be worked on at once.
        waiting_max: how many may wait; the next is refused at once.
        waiting_seconds_max: how long one may wait before it is refused after all.
    """

    def __init__(
        self,
        *,
        running_max: int = RUNNING_MAX,
        waiting_max: int = WAITING_MAX,
        waiting_seconds_max: float = WAITING_SECONDS_MAX,
    ) -> None:
        self._running_max = running_max
        self._waiting_max = waiting_max
        self._waiting_seconds_max = waiting_seconds_max
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.running = 0
        self.refused = 0

    @property
    def waiting(self) -> int:
        """How many requests wait for their turn."""
        return len(self._waiting)

    async def __aenter__(self) -> None:
        """Take a place.

        Raises:
            Busy: too many wait already, or the wait became too long.
        """
        if self.running < self._running_max:
            self.running += 1
            return
        if len(self._waiting) >= self._waiting_max:
            self.refused += 1
            raise Busy("The queue is full.")
        await self._turn()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    async def _turn(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        admitted = False
        try:
            async with asyncio.timeout(self._waiting_seconds_max):
                await turn
            admitted = True
        except TimeoutError:
            self.refused += 1
            raise Busy("The wait became too long.") from None
        finally:
            if not admitted:
                self._give_up(turn)

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            self._leave()  # the place came in the very moment of giving up
        elif turn in self._waiting:
            self._waiting.remove(turn)

    def _leave(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.running -= 1
