"""Simulates the crash of a process after its n-th call with a lasting effect, before the result is received.

A crash anywhere between two such calls is equivalent: only what was stored survives.
"""

from typing import Any

TRACES = frozenset({"submit", "commit", "submit_refund"})
"""The calls with a lasting effect: on the log, a process's state, the gateway's ledger."""


class Crashed(BaseException):
    """The process has crashed; no code of the process may catch this."""


class CrashPoint:
    """Counts steps and raises at one of them."""

    def __init__(self, burns_at: int | None = None) -> None:
        self.burns_at = burns_at
        self.steps = 0

    def step(self) -> None:
        self.steps += 1
        if self.burns_at is not None and self.steps >= self.burns_at:
            raise Crashed

    def around(self, target: Any) -> Any:
        """Return a proxy of an object that counts a step after every call with a lasting effect."""
        return CrashingProxy(target, self)


class CrashingProxy:
    """A proxy whose calls with lasting effects are steps."""

    def __init__(self, target: Any, crash_point: CrashPoint) -> None:
        self._target = target
        self._fuse = crash_point

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._target, name)
        return self._stepping(member) if name in TRACES else member

    def _stepping(self, call: Any) -> Any:
        async def stepping(*arguments: Any, **named: Any) -> Any:
            answer = await call(*arguments, **named)
            self._fuse.step()
            return answer

        return stepping
