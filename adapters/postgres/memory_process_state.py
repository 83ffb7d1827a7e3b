"""State of the processes in memory, for tests: the same contract as `process_state`."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from adapters.postgres.process_state import REFUSALS_MAX, SILENCE_S, Refused, Row
from eventstore.checkpoint import BEGINNING, Checkpoint


@dataclass(slots=True)
class RuleRecords:
    """The state of one rule."""

    checkpoint: Checkpoint = BEGINNING
    owner: UUID | None = None
    fence: int = 0
    heartbeat_at: datetime | None = None
    error: str | None = None
    failed_position: int | None = None
    tries: int = 0
    retry_at: datetime | None = None
    work: dict[str, Row] = field(default_factory=dict)
    refusals: list[Refused] = field(default_factory=list)


@dataclass(slots=True)
class ProcessRecords:
    """The state of all rules, shared by owners; `now` is their clock."""

    now: Callable[[], datetime]
    rules: dict[str, RuleRecords] = field(default_factory=lambda: defaultdict(RuleRecords))


class MemoryProcessState:
    """One possible owner of the rules in `records`."""

    def __init__(
        self, records: ProcessRecords, *, silence_s: float = SILENCE_S, refusals_max: int = REFUSALS_MAX
    ) -> None:
        self._records = records
        self._owner = uuid7()
        self._silence = timedelta(seconds=silence_s)
        self._refusals_max = refusals_max

    async def acquire(self, rule: str) -> "MemoryLease | None":
        """Acquire a rule's lease if it is free, expired or ours; None otherwise."""
        records = self._records.rules[rule]
        now = self._records.now()
        alive = records.heartbeat_at is not None and records.heartbeat_at >= now - self._silence
        if alive and records.owner != self._owner:
            return None
        if records.retry_at is not None and records.retry_at > now:
            return None
        records.owner = self._owner
        records.fence += 1
        records.heartbeat_at = now
        return MemoryLease(records, self._records.now, self._refusals_max)


class MemoryLease:
    """The lease of one rule, and its state."""

    def __init__(self, records: RuleRecords, now: Callable[[], datetime], refusals_max: int) -> None:
        self._records = records
        self._now = now
        self._fence = records.fence
        self._refusals_max = refusals_max
        self.checkpoint = self._known = records.checkpoint
        position = records.failed_position
        self.failure = None if position is None else (position, records.tries)

    async def renew(self) -> bool:
        """Renew the lease; False if another owner has acquired it."""
        if self._records.fence != self._fence:
            return False
        self._records.heartbeat_at = self._now()
        return True

    async def release(self) -> None:
        """Release the lease, so that a standby can acquire it at once."""
        if self._records.fence == self._fence:
            self._records.heartbeat_at = None

    async def fail(self, *, error: str, position: int, pause: timedelta) -> None:
        """Record that the rule failed at a position; its lease cannot be acquired before the pause is over."""
        if self._records.fence == self._fence:
            self._records.error, self._records.failed_position = error, position
            self._records.tries += 1
            self._records.retry_at = self._now() + pause

    async def recover(self) -> None:
        """Record that the rule works again."""
        self.failure = None
        if self._records.fence == self._fence:
            self._records.error = self._records.failed_position = self._records.retry_at = None
            self._records.tries = 0

    async def due(self, *, limit: int) -> tuple[datetime, Sequence[Row]]:
        """Return the time and the due work items, longest due first."""
        now = self._now()
        rows = [row for row in self._records.work.values() if row[3] <= now]
        return now, sorted(rows, key=lambda row: row[3])[:limit]

    async def commit(
        self,
        *,
        checkpoint: Checkpoint | None = None,
        put: Iterable[Row] = (),
        put_if_absent: Iterable[Row] = (),
        drop: Iterable[str] = (),
        refused: Iterable[Refused] = (),
    ) -> bool:
        """Change checkpoint and work together; False if the lease is lost: nothing was changed."""
        records = self._records
        if records.checkpoint != self._known or not await self.renew():
            return False
        records.checkpoint = self._known = records.checkpoint if checkpoint is None else checkpoint
        for subject in drop:
            records.work.pop(subject, None)
        records.work.update((row[0], row) for row in put)
        records.work.update((row[0], row) for row in put_if_absent if row[0] not in records.work)
        records.refusals = [*records.refusals, *refused][-self._refusals_max :]
        return True

    async def reset(self) -> bool:
        """Delete all work and set the checkpoint to the log's beginning; False if the lease is lost."""
        if self._records.checkpoint != self._known or not await self.renew():
            return False
        self._records.checkpoint = self._known = BEGINNING
        self._records.work.clear()
        return True
