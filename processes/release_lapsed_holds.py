"""When a hold's deadline has passed, end it: hold, order, seats and quota in one command.

No sale depends on it: the seats of a lapsed hold are free for the next customer anyway. So it works in small batches
with pauses between them.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from domain.buyer_quota import BuyerQuotaKept
from domain.decisions.holding import expire_hold
from domain.hold import HoldExpired, HoldExtended, HoldPlaced, HoldReleased
from eventstore.command_handler import CommandHandler
from eventstore.store import RecordedEvent
from processes.rule import NO_CHANGES, Commands, WorkChanges
from processes.work import WorkItem, subject_of

PAUSE_S = 0.1
"""The pause after 64 holds: some 300 a second (620 without a pause), a fraction of the log's capacity."""


class ReleaseLapsedHolds:
    """Holds the deadline of every open hold."""

    name: ClassVar[str] = "release_lapsed_holds"
    events: ClassVar[frozenset[str]] = frozenset(
        {"HoldPlaced", "HoldExtended", "HoldReleased", "HoldExpired", "BuyerQuotaKept"}
    )
    concurrency: ClassVar[int] = 64

    def __init__(self, handler: CommandHandler, *, pause_s: float = PAUSE_S) -> None:
        self._commands = Commands(handler, self.name)
        self.pause_s = pause_s

    def initial_work(self) -> Sequence[WorkItem]:
        """Return no work: all of it is caused by events."""
        return ()

    def on_event(self, event: Any, recorded: RecordedEvent) -> WorkChanges:
        """Set the deadline of a placed or extended hold; remove a hold that has ended or is paid."""
        match event:
            case HoldPlaced() | HoldExtended():
                return {subject_of(recorded): WorkItem.from_event(recorded, due_at=event.expires_at)}
            case HoldReleased() | HoldExpired():
                return {subject_of(recorded): None}
            case BuyerQuotaKept():
                return {event.hold: None}
            case _:
                return NO_CHANGES

    async def execute(self, work: WorkItem, now: datetime) -> None:  # noqa: ARG002 - the hold's own deadline decides
        """End one hold; it is left unchanged if it was extended or paid meanwhile."""
        await self._commands.send(work, "expire", partial(expire_hold, hold=work.subject))
