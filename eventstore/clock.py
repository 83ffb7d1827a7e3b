"""Local estimate of the server's clock between two verdicts. A wrong estimate costs a second decision, no more."""

import time
from datetime import UTC, datetime, timedelta

CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def ticks() -> float:
    """Return seconds of the machine's boot-time clock: it is never set, and it includes time spent suspended."""
    return time.clock_gettime(CLOCK)


class ServerClock:
    """Estimates the store's clock from the times in its verdicts; never further ahead than the latest of them was.

    Args:
        server_now: the server's time a moment ago; the wall clock of this machine may be wrong by hours.
    """

    def __init__(self, server_now: datetime) -> None:
        self._offset_s = 0.0
        self.synchronize(server_now)

    def now(self) -> datetime:
        """Return the estimated server time."""
        return self.at(ticks())

    def at(self, moment: float) -> datetime:
        """Return the estimated server time at a moment of `ticks`."""
        return datetime.fromtimestamp(moment + self._offset_s, UTC)

    def synchronize(self, server_now: datetime) -> None:
        """Set the estimate to a time that the server reported."""
        self._offset_s = server_now.timestamp() - ticks()


class FixedClock:
    """A clock that only moves when a test advances it."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the fixed time."""
        return self._now

    def at(self, _moment: float) -> datetime:
        """Return the fixed time."""
        return self._now

    def synchronize(self, server_now: datetime) -> None:
        """Set the fixed time."""
        self._now = server_now

    def advance(self, by: timedelta) -> None:
        """Move the clock forward."""
        self._now += by
