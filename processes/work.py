"""Work items of processes."""

from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from eventstore.store import RecordedEvent


class WorkItem(NamedTuple):
    """One thing to do for `subject` once `due_at` has come; a plain row, because it is stored apart from its rule.

    `cause` and `cause_position`: the command that caused it, and the position of its event (0: no event).
    `cursor`: the progress of work that is never finished.
    """

    subject: str
    cause: UUID
    cause_position: int
    due_at: datetime
    tries: int = 0
    cursor: int = 0

    @classmethod
    def from_event(cls, recorded: RecordedEvent, *, due_at: datetime) -> Self:
        """Return the work that an event causes for the subject of its stream."""
        return cls(subject_of(recorded), recorded.command_id, recorded.position, due_at)

    def retry_at(self, due_at: datetime) -> Self:
        """Return the work after one more attempt, due at a later time."""
        return self._replace(due_at=due_at, tries=self.tries + 1)


def subject_of(recorded: RecordedEvent) -> str:
    """Return the id in the name of an event's stream."""
    return recorded.stream.split("-", 1)[1]
