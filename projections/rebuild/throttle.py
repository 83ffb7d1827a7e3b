"""How fast a rebuild may go, and how fast it goes: full speed in a quiet shop, a share of the time in a busy one."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

QUIET_EVENTS_S = 20.0
RANGE_QUIET = 20_000
RANGE_BUSY = 250
SHARE_BUSY = 0.15
REST_S_MAX = 2.0
GROWTH_OVER_S = 2.0
RATE_OVER_S = 10.0

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a rebuild is: `position` of `target`, where the live version stands; `state` as its row says.

    `events_s`: positions a second lately; None until it is known.
    """

    state: str
    position: int
    target: int
    events_s: float | None

    @property
    def share(self) -> float:
        """What is done, 0 to 1."""
        return min(1.0, self.position / self.target) if self.target else 1.0

    @property
    def left_s(self) -> float | None:
        """How long it will take at this rate."""
        return (self.target - self.position) / self.events_s if self.events_s else None


class Rate:
    """How fast a number grows, over the last seconds."""

    def __init__(self, over_s: float = RATE_OVER_S, *, clock: Clock = time.monotonic) -> None:
        self._over_s = over_s
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def record(self, number: int) -> float | None:
        """Take note of the number; return how much it grows a second, None until that is known."""
        now = self._clock()
        self._seen.append((now, number))
        while len(self._seen) > 2 and self._seen[1][0] <= now - self._over_s:  # noqa: PLR2004 - two points make a rate
            self._seen.popleft()
        began_at, began = self._seen[0]
        return (number - began) / (now - began_at) if now > began_at else None


class Throttle:
    """Lets a rebuild work only a share of the time while people book.

    Args:
        share_busy: that share.
    """

    def __init__(self, *, share_busy: float = SHARE_BUSY, clock: Clock = time.monotonic) -> None:
        self._share_busy = share_busy
        self._growth = Rate(GROWTH_OVER_S, clock=clock)
        self._busy = True

    def record(self, head: int) -> None:
        """Take note of where the log ends; until it is known how fast it grows, the shop counts as busy."""
        growth = self._growth.record(head)
        self._busy = growth is None or growth > QUIET_EVENTS_S

    @property
    def range_events(self) -> int:
        """How many positions to fold at once."""
        return RANGE_BUSY if self._busy else RANGE_QUIET

    def pause_s(self, worked_s: float) -> float:
        """Return how long to rest after some work."""
        return min(REST_S_MAX, worked_s * (1 / self._share_busy - 1)) if self._busy else 0.0
