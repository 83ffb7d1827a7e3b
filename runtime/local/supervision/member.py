"""One supervised process: how it is started and stopped, and when it is restarted."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from runtime.local.embedded.process import SupervisedProcess
from runtime.local.supervision.restart_policy import RestartPolicy, Restarts

Ready = Callable[[], bool] | re.Pattern[str] | None
"""Called until it returns true, or searched for in the output; None: ready at once."""


@dataclass(slots=True, kw_only=True)
class Member:
    """A supervised process and its restarts.

    Args:
        start: starts it; may raise EmbeddedServerError or OSError.
        stop: stops it; changes nothing when it does not run.
        essential: everything stops when it cannot be kept running.
        before_restart: called before each restart, such as to end its predecessor's leases.
        has_heartbeat: it touches a heartbeat file itself.
        outage_effect: what happens while it is down, as one or two sentences.
    """

    name: str
    start: Callable[[], SupervisedProcess]
    stop: Callable[[], object]
    policy: RestartPolicy
    essential: bool = False
    ready: Ready = None
    nice: int = 0
    before_restart: Callable[[], None] | None = None
    has_heartbeat: bool = False
    outage_effect: str = ""
    process: SupervisedProcess | None = None
    restart_at: float = 0.0
    awaits_ready: bool = False
    awaits_disk_space: bool = False
    restarts: Restarts = field(init=False)

    def __post_init__(self) -> None:
        """Start with an empty history of ends."""
        self.restarts = Restarts(self.policy)

    @property
    def running(self) -> SupervisedProcess:
        """The process; raises ValueError when it does not run."""
        if self.process is None:
            raise ValueError(f"{self.name} does not run")
        return self.process

    def is_ready(self) -> bool:
        """Return whether the running process is ready."""
        match self.ready:
            case None:
                return True
            case re.Pattern() as pattern:
                return pattern.search(self.running.output()) is not None
            case ask:
                return ask()

    def is_due(self) -> bool:
        """Return whether it is down and its pause is over."""
        return self.process is None and time.monotonic() >= self.restart_at

    def pause(self, seconds: float) -> None:
        """Mark it as down and schedule its restart after so many seconds."""
        self.process = None
        self.awaits_ready = False
        self.restart_at = time.monotonic() + seconds

    def end(self) -> None:
        """Stop it without a restart."""
        self.stop()
        self.process = None
