"""Growing pauses between attempts or polls."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """Pauses between attempts: `first`, then `factor` times as long each time, at most `maximum`."""

    first: timedelta
    factor: float
    maximum: timedelta

    def after(self, tries: int) -> timedelta:
        """Return the pause after an attempt that followed `tries` earlier ones."""
        longest = self.maximum.total_seconds()
        pause = self.first.total_seconds()
        for _ in range(tries):
            if pause >= longest:
                break
            pause *= self.factor
        return timedelta(seconds=min(pause, longest))


POLL_BACKOFF = BackOff(first=timedelta(milliseconds=5), factor=2.0, maximum=timedelta(milliseconds=250))
"""Between two polls of the log while nothing is new."""


class BackOffCounter:
    """Counts attempts in a row without success, and returns the pause after each."""

    __slots__ = ("_back_off", "_tries")

    def __init__(self, back_off: BackOff) -> None:
        self._back_off = back_off
        self._tries = 0

    def next_s(self) -> float:
        """Count an attempt without success; return the pause after it, in seconds."""
        pause = self._back_off.after(self._tries)
        self._tries += 1
        return pause.total_seconds()

    def reset(self) -> None:
        """Start again with the first pause, after a success."""
        self._tries = 0
