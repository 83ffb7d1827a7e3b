"""Throttle of rebuilds by the log's growth, and measurement of their rate."""

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
    """Progress of a rebuild: `position` of `target` (the live version's position), in the build's `state`.

    `events_s`: positions per second over the last `RATE_OVER_S`; None until it is known.
    """

    state: str
    position: int
    target: int
    events_s: float | None

    @property
    def share(self) -> float:
        """The share of positions folded, 0 to 1."""
        return min(1.0, self.position / self.target) if self.target else 1.0

    @property
    def left_s(self) -> float | None:
        """The seconds left at the current rate; None if it is unknown."""
        return (self.target - self.position) / self.events_s if self.events_s else None


class Rate:
    """Measures the growth of a number per second, over the last `over_s` seconds."""

    def __init__(self, over_s: float = RATE_OVER_S, *, clock: Clock = time.monotonic) -> None:
        self._over_s = over_s
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def record(self, number: int) -> float | None:
        """Record the number; return its growth per second, None until there are two points in time."""
        now = self._clock()
        self._seen.append((now, number))
        while len(self._seen) > 2 and self._seen[1][0] <= now - self._over_s:  # noqa: PLR2004 - two points make a rate
            self._seen.popleft()
        began_at, began = self._seen[0]
        return (number - began) / (now - began_at) if now > began_at else None


class Throttle:
    """Limits a rebuild to a share of the time while the log grows by more than `QUIET_EVENTS_S` events per second.

    Args:
        share_busy: the share, 0 to 1.
    """

    def __init__(self, *, share_busy: float = SHARE_BUSY, clock: Clock = time.monotonic) -> None:
        self._share_busy = share_busy
        self._growth = Rate(GROWTH_OVER_S, clock=clock)
        self._busy = True

    def record(self, head: int) -> None:
        """Record the end of the log; the system counts as busy until its growth is known."""
        growth = self._growth.record(head)
        self._busy = growth is None or growth > QUIET_EVENTS_S

    @property
    def range_events(self) -> int:
        """The number of positions to fold in one transaction."""
        return RANGE_BUSY if self._busy else RANGE_QUIET

    def pause_s(self, worked_s: float) -> float:
        """Return the pause in seconds after `worked_s` seconds of work, at most `REST_S_MAX`."""
        return min(REST_S_MAX, worked_s * (1 / self._share_busy - 1)) if self._busy else 0.0
