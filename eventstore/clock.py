"""The server's clock, estimated here between two verdicts; a wrong estimate costs a second decision, no more."""

import time
from datetime import UTC, datetime, timedelta


class ServerClock:
    """Follows the store's clock by what its verdicts say."""

    def __init__(self) -> None:
        self._offset_s = time.time() - time.monotonic()

    def now(self) -> datetime:
        """Return the estimated server time."""
        return datetime.fromtimestamp(time.monotonic() + self._offset_s, UTC)

    def correct(self, server_now: datetime) -> None:
        """Take the server's word for what time it is."""
        self._offset_s = server_now.timestamp() - time.monotonic()


class FixedClock:
    """A clock that tests move by hand."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self._now

    def correct(self, server_now: datetime) -> None:
        """Take the server's word for what time it is."""
        self._now = server_now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by
