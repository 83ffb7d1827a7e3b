"""What a process still has to do, and when to try again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Self
from uuid import UUID

from eventstore.store import RecordedEvent


class WorkItem(NamedTuple):
    """One thing to do for `subject` once `due_at` has come; a plain row, because the state that keeps it knows no rule.

    `cause` and `cause_position`: the command that caused it and where its event stands (0: nothing in the log did).
    `cursor`: how far a piece of work that never ends has come.
    """

    subject: str
    cause: UUID
    cause_position: int
    due_at: datetime
    tries: int = 0
    cursor: int = 0

    @classmethod
    def caused_by(cls, recorded: RecordedEvent, *, due_at: datetime) -> Self:
        """Return the work that an event causes for the thing its stream is about."""
        return cls(subject_of(recorded), recorded.command_id, recorded.position, due_at)

    def retry_at(self, due_at: datetime) -> Self:
        """Return the work as it is after one more try."""
        return self._replace(due_at=due_at, tries=self.tries + 1)


def subject_of(recorded: RecordedEvent) -> str:
    """Return the id of what an event's stream is about."""
    return recorded.stream.split("-", 1)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """How long to wait before the next try: `first`, then `factor` times as long each time, never over `most`."""

    first: timedelta
    factor: float
    maximum: timedelta

    def after(self, tries: int) -> timedelta:
        """Return the pause after so many tries before this one."""
        longest = self.maximum.total_seconds()
        pause = self.first.total_seconds()
        for _ in range(tries):
            if pause >= longest:
                break
            pause *= self.factor
        return timedelta(seconds=min(pause, longest))
