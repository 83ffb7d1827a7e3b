"""When a deletion has begun and was never finished, reopen what it closed.

A deletion is two commands of one request. If the request ends between them, an event or a performance would stay closed
to every sale, and a venue to every event.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from domain.decision import Changes
from domain.decisions.performance_deletion import give_up_performance_deletion
from domain.event import EVENT, give_up_deletion
from domain.performance import PERFORMANCE
from domain.venue import VENUE, give_up_venue_deletion
from eventstore.command_handler import CommandHandler
from eventstore.store import RecordedEvent
from processes.rule import NO_CHANGES, Commands, WorkChanges
from processes.work import WorkItem

DELETION_LASTS_MAX = timedelta(seconds=60)
"""Longer than all commands and waits of one request."""

CLOSED = frozenset({"EventClosedForDeletion", "PerformanceClosedForDeletion", "VenueClosedForDeletion"})
ENDED = frozenset(
    f"{thing}{ending}" for thing in ("Event", "Performance", "Venue") for ending in ("Reopened", "Archived")
)
GIVE_UP: Mapping[str, Callable[..., Changes]] = {
    EVENT.prefix: give_up_deletion,
    PERFORMANCE.prefix: give_up_performance_deletion,
    VENUE.prefix: give_up_venue_deletion,
}
"""Prefix of the closed thing's stream → the decision that reopens it."""


class ReopenUnfinishedDeletions:
    """Holds every event, performance and venue closed for deletion; the subject of a work item is its stream."""

    name: ClassVar[str] = "reopen_unfinished_deletions"
    events: ClassVar[frozenset[str]] = CLOSED | ENDED
    concurrency: ClassVar[int] = 8
    pause_s: ClassVar[float] = 0.0

    def __init__(self, handler: CommandHandler) -> None:
        self._commands = Commands(handler, self.name)

    def initial_work(self) -> Sequence[WorkItem]:
        """Return no work: all of it is caused by events."""
        return ()

    def on_event(self, event: Any, recorded: RecordedEvent) -> WorkChanges:  # noqa: ARG002 - the stored name suffices
        """Add a deletion that begins; remove it when it ends."""
        if recorded.name in CLOSED:
            due_at = recorded.recorded_at + DELETION_LASTS_MAX
            return {recorded.stream: WorkItem(recorded.stream, recorded.command_id, recorded.position, due_at)}
        return {recorded.stream: None} if recorded.name in ENDED else NO_CHANGES

    async def execute(self, work: WorkItem, now: datetime) -> None:  # noqa: ARG002 - only due work is executed
        """Reopen one thing; it is left unchanged if it was archived or reopened meanwhile."""
        prefix, key = work.subject.split("-", 1)
        await self._commands.send(work, "reopen", partial(GIVE_UP[prefix], **{prefix: key}))
