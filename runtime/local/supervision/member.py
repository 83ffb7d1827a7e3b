"""One process of a running shop: how it is started and stopped, and when it is started again."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from runtime.local.embedded.process import SupervisedProcess
from runtime.local.supervision.restart_policy import RestartPolicy, Restarts

Ready = Callable[[], bool] | re.Pattern[str] | None
"""Asked again and again until true, or searched for in the output; None: ready at once."""


@dataclass(slots=True, kw_only=True)
class Member:
    """A supervised process and its restarts.

    Args:
        start: starts it; may raise what its server raises.
        stop: stops it; harmless when it does not run.
        essential: the shop ends when this one cannot be kept.
        before_restart: called before it is started again, such as to end what its predecessor still owned.
        gives_signs: it touches a file every few seconds while it is alive.
        meanwhile: what is safe and what waits while it does not run, as one or two sentences.
    """

    name: str
    start: Callable[[], SupervisedProcess]
    stop: Callable[[], object]
    policy: RestartPolicy
    essential: bool = False
    ready: Ready = None
    nice: int = 0
    before_restart: Callable[[], None] | None = None
    gives_signs: bool = False
    meanwhile: str = ""
    process: SupervisedProcess | None = None
    restart_at: float = 0.0
    awaits_ready: bool = False
    waits_for_room: bool = False
    restarts: Restarts = field(init=False)

    def __post_init__(self) -> None:
        """Begin with no ends."""
        self.restarts = Restarts(self.policy)

    @property
    def running(self) -> SupervisedProcess:
        """The running process."""
        if self.process is None:
            raise ValueError(f"{self.name} does not run")
        return self.process

    def is_ready(self) -> bool:
        """Tell whether the running process does what it is there for."""
        match self.ready:
            case None:
                return True
            case re.Pattern() as pattern:
                return pattern.search(self.running.output()) is not None
            case ask:
                return ask()

    def is_due(self) -> bool:
        """Tell whether it is down and its pause is over."""
        return self.process is None and time.monotonic() >= self.restart_at

    def pause(self, seconds: float) -> None:
        """Let it be down for so long."""
        self.process = None
        self.awaits_ready = False
        self.restart_at = time.monotonic() + seconds

    def end(self) -> None:
        """Stop it for good."""
        self.stop()
        self.process = None
