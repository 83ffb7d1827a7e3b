"""Sheds load: so many requests run, so many wait for their turn, the next one is told to come back.

Of a request only the work counts, neither the reading of its body nor the sending of the answer, so slow clients hold
nobody up. What is read while it is sent has a turnstile of its own.
"""

from types import TracebackType

from api.http.fair_queue import FairQueue

RUNNING_MAX = 512
WAITING_MAX = 2_000
WAITING_SECONDS_MAX = 5.0


class ConcurrencyLimit(FairQueue):
    """A turnstile with a bounded queue, in turn between clients; `async with` enters it for nobody in particular."""

    def __init__(
        self,
        *,
        running_max: int = RUNNING_MAX,
        waiting_max: int = WAITING_MAX,
        waiting_seconds_max: float = WAITING_SECONDS_MAX,
    ) -> None:
        super().__init__(running_max=running_max, waiting_max=waiting_max, waiting_seconds_max=waiting_seconds_max)

    async def __aenter__(self) -> None:
        """Take a place.

        Raises:
            Busy: too many wait already, or the wait became too long.
        """
        await self.enter()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()
