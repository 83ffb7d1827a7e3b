"""Load shedding: a limit of concurrent requests, a bounded queue, and refusal beyond it.

Only the work of a request counts, not reading its body or sending its response, so that slow clients take no slots.
Streamed responses have a limit of their own.
"""

from types import TracebackType

from api.http.fair_queue import FairQueue

RUNNING_MAX = 512
WAITING_MAX = 2_000
WAITING_SECONDS_MAX = 5.0


class ConcurrencyLimit(FairQueue):
    """A limit of concurrent requests with a fair bounded queue; `async with` enters it without a client."""

    def __init__(
        self,
        *,
        running_max: int = RUNNING_MAX,
        waiting_max: int = WAITING_MAX,
        waiting_seconds_max: float = WAITING_SECONDS_MAX,
    ) -> None:
        super().__init__(running_max=running_max, waiting_max=waiting_max, waiting_seconds_max=waiting_seconds_max)

    async def __aenter__(self) -> None:
        """Take a slot, or wait for one.

        Raises:
            Busy: the queue is full, or the wait exceeded its limit.
        """
        await self.enter()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()
