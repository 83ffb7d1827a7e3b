"""When money was captured, then decide what it leads to: the order is confirmed, or the money goes back.

The API decides most captures as they arrive; this rule sees to it that none stays undecided when the API could not.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from domain.decisions.settling import settle
from domain.payment import PaymentCaptured, PaymentSettled
from eventstore.command_handler import CommandHandler
from eventstore.store import RecordedEvent
from processes.rule import NO_CHANGES, Commands, WorkChanges
from processes.work import WorkItem, subject_of

GRACE = timedelta(seconds=1)
"""How long a capture is left to whoever recorded it."""

RETRY_AFTER = timedelta(seconds=5)


class SettlePayments:
    """Keeps every capture that the log does not show as decided."""

    name: ClassVar[str] = "settle_payments"
    events: ClassVar[frozenset[str]] = frozenset({"PaymentCaptured", "PaymentSettled"})
    concurrency: ClassVar[int] = 32
    pause_s: ClassVar[float] = 0.0

    def __init__(self, handler: CommandHandler, *, grace: timedelta = GRACE) -> None:
        self._commands = Commands(handler, self.name)
        self._grace = grace

    def initial_work(self) -> Sequence[WorkItem]:
        """Begin with nothing."""
        return ()

    def on_event(self, event: Any, recorded: RecordedEvent) -> WorkChanges:
        """Note a capture; only the log's word that it was decided strikes it out."""
        match event:
            case PaymentCaptured():
                return {subject_of(recorded): WorkItem.caused_by(recorded, due_at=recorded.recorded_at + self._grace)}
            case PaymentSettled():
                return {subject_of(recorded): None}
            case _:
                return NO_CHANGES

    async def execute(self, work: WorkItem, now: datetime) -> WorkItem:
        """Decide one capture; a decided one records nothing."""
        await self._commands.send(work, "settle", partial(settle, payment=work.subject))
        return work.retry_at(now + RETRY_AFTER)
