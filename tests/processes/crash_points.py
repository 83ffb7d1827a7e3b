"""Kills a process after the n-th of its calls that leave a trace, before it learns the answer.

To die anywhere between two of them is the same death: what a process only knew is gone, what it had done is there.
"""

from typing import Any

TRACES = frozenset({"submit", "commit", "submit_refund"})
"""The calls that change something: the log, a process's state, the gateway's books."""


class Crashed(BaseException):
    """The process is gone; nothing of it may catch this."""


class CrashPoint:
    """Counts steps and burns at one of them."""

    def __init__(self, burns_at: int | None = None) -> None:
        self.burns_at = burns_at
        self.steps = 0

    def step(self) -> None:
        self.steps += 1
        if self.burns_at is not None and self.steps >= self.burns_at:
            raise Crashed

    def around(self, target: Any) -> Any:
        """Return the same thing with a step after every call that leaves a trace."""
        return CrashingProxy(target, self)


class CrashingProxy:
    """Something whose traces are steps."""

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
