"""When an event was closed for deletion and the deletion was never finished, then reopen it: it sells again.

A deletion is two commands of one request. If the request dies between them, the event would stay closed to every sale.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from domain.event import EventArchived, EventClosedForDeletion, EventReopened, give_up_deletion
from eventstore.handler import Handler
from eventstore.store import Recorded
from processes.rule import NOTHING, Commands, Notes
from processes.work import Work, subject_of

DELETION_LASTS_MAX = timedelta(seconds=60)
"""Longer than the commands and waits of one request together."""


class ReopenUnfinishedDeletions:
    """Keeps every event that is closed for deletion."""

    name: ClassVar[str] = "reopen_unfinished_deletions"
    events: ClassVar[frozenset[str]] = frozenset({"EventClosedForDeletion", "EventReopened", "EventArchived"})
    at_once: ClassVar[int] = 8
    pause_s: ClassVar[float] = 0.0

    def __init__(self, handler: Handler) -> None:
        self._commands = Commands(handler, self.name)

    def standing(self) -> Sequence[Work]:
        """Begin with nothing."""
        return ()

    def note(self, event: Any, recorded: Recorded) -> Notes:
        """Note a deletion when it begins; strike it out when it ends."""
        match event:
            case EventClosedForDeletion():
                due_at = recorded.recorded_at + DELETION_LASTS_MAX
                return {subject_of(recorded): Work.caused_by(recorded, due_at=due_at)}
            case EventReopened() | EventArchived():
                return {subject_of(recorded): None}
            case _:
                return NOTHING

    async def act(self, work: Work, now: datetime) -> None:  # noqa: ARG002 - what is due is due
        """Reopen one event; one that was archived or reopened meanwhile stays as it is."""
        await self._commands.send(work, "reopen", partial(give_up_deletion, event=work.subject))
