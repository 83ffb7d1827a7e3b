"""The server's clock, estimated here between two verdicts; a wrong estimate costs a second decision, no more."""

import time
from datetime import UTC, datetime, timedelta

CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def ticks() -> float:
    """Return seconds on this machine's own clock, which nobody sets and which goes on while the machine sleeps."""
    return time.clock_gettime(CLOCK)


class ServerClock:
    """Follows the store's clock by what its verdicts say: at most as far ahead as the last of them was.

    Args:
        server_now: what the server's clock said a moment ago; this machine's own may be wrong by hours.
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
        """Take the server's word for what time it is."""
        self._offset_s = server_now.timestamp() - ticks()


class FixedClock:
    """A clock that tests move by hand."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self._now

    def at(self, _moment: float) -> datetime:
        """Return the time it was set to."""
        return self._now

    def synchronize(self, server_now: datetime) -> None:
        """Take the server's word for what time it is."""
        self._now = server_now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by
