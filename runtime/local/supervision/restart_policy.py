"""When an ended process is restarted: pauses that double, and a limit within a window."""

from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartPolicy:
    """How often a process is restarted, and how soon.

    Args:
        first_pause_s: the pause before the first restart; each further one within the window is twice as long.
        pause_s_max: the longest of these pauses.
        restarts_max: restarts allowed within the window.
        window_s: the length of the window.
        retry_s: after the limit, the pause before each further restart of a process that is not essential.
    """

    first_pause_s: float = 0.2
    pause_s_max: float = 5.0
    restarts_max: int = 5
    window_s: float = 60.0
    retry_s: float = 60.0


@dataclass(slots=True)
class Restarts:
    """The ends of one process within the window."""

    policy: RestartPolicy
    _ends: deque[float] = field(default_factory=deque)

    def pause_after_end(self, now: float) -> float | None:
        """Count an end; return the pause before the next start, or None when the limit is reached."""
        while self._ends and now - self._ends[0] > self.policy.window_s:
            self._ends.popleft()
        self._ends.append(now)
        earlier = len(self._ends) - 1
        if earlier >= self.policy.restarts_max:
            return None
        return min(self.policy.first_pause_s * 2.0**earlier, self.policy.pause_s_max)

    @property
    def ends(self) -> int:
        """The number of ends within the window."""
        return len(self._ends)

    def reset(self) -> None:
        """Clear the history of ends."""
        self._ends.clear()
