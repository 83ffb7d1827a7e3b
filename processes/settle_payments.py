"""When money was captured, settle the payment: confirm the order, or refund.

The API settles most captures as they arrive; this rule settles those that the API could not.
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
"""How long a capture is left to the process that recorded it."""

RETRY_AFTER = timedelta(seconds=5)


class SettlePayments:
    """Holds every capture until the log shows it as settled."""

    name: ClassVar[str] = "settle_payments"
    events: ClassVar[frozenset[str]] = frozenset({"PaymentCaptured", "PaymentSettled"})
    concurrency: ClassVar[int] = 32
    pause_s: ClassVar[float] = 0.0

    def __init__(self, handler: CommandHandler, *, grace: timedelta = GRACE) -> None:
        self._commands = Commands(handler, self.name)
        self._grace = grace

    def initial_work(self) -> Sequence[WorkItem]:
        """Return no work: all of it is caused by events."""
        return ()

    def on_event(self, event: Any, recorded: RecordedEvent) -> WorkChanges:
        """Add a capture; remove it once it is settled."""
        match event:
            case PaymentCaptured():
                return {subject_of(recorded): WorkItem.from_event(recorded, due_at=recorded.recorded_at + self._grace)}
            case PaymentSettled():
                return {subject_of(recorded): None}
            case _:
                return NO_CHANGES

    async def execute(self, work: WorkItem, now: datetime) -> WorkItem:
        """Settle one capture; a settled one records nothing, and is removed by its event."""
        await self._commands.send(work, "settle", partial(settle, payment=work.subject))
        return work.retry_at(now + RETRY_AFTER)
