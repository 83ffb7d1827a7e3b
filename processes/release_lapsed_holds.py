"""When a basket's deadline has passed, then clear it away: hold, order, seats and quota in one command.

Nothing depends on it: a lapsed seat is free for the next buyer anyway. So it works in small batches with rests between.
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
"""The rest after 64 baskets: some 300 a second (620 without it), a fraction of what the log takes."""


class ReleaseLapsedHolds:
    """Keeps the deadline of every open basket."""

    name: ClassVar[str] = "release_lapsed_holds"
    events: ClassVar[frozenset[str]] = frozenset(
        {"HoldPlaced", "HoldExtended", "HoldReleased", "HoldExpired", "BuyerQuotaKept"}
    )
    concurrency: ClassVar[int] = 64

    def __init__(self, handler: CommandHandler, *, pause_s: float = PAUSE_S) -> None:
        self._commands = Commands(handler, self.name)
        self.pause_s = pause_s

    def initial_work(self) -> Sequence[WorkItem]:
        """Begin with nothing."""
        return ()

    def on_event(self, event: Any, recorded: RecordedEvent) -> WorkChanges:
        """Note a deadline when a basket is placed or extended; strike it out when the basket ends or is paid."""
        match event:
            case HoldPlaced() | HoldExtended():
                return {subject_of(recorded): WorkItem.caused_by(recorded, due_at=event.expires_at)}
            case HoldReleased() | HoldExpired():
                return {subject_of(recorded): None}
            case BuyerQuotaKept():
                return {event.hold: None}
            case _:
                return NO_CHANGES

    async def execute(self, work: WorkItem, now: datetime) -> None:  # noqa: ARG002 - the hold's own deadline decides
        """Clear one basket away; one that was extended or paid meanwhile stays."""
        await self._commands.send(work, "expire", partial(expire_hold, hold=work.subject))
