"""Runs rules: folds events into work items, executes due work, and stores both in one transaction each.

Crash-safe at every point: work may be repeated, effects are not, because command ids and provider references are
deterministic and the state changes only after all verdicts.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from domain.errors import Rejected
from domain.ports.payment_gateway import PaymentError
from eventstore.back_off import POLL_BACKOFF, BackOff, BackOffCounter
from eventstore.checkpoint import BEGINNING, Checkpoint, is_in_log
from eventstore.errors import EventStoreError, StoreUnavailable
from eventstore.schema.codec import Codec
from eventstore.tasks import cancel_and_wait
from processes.rule import Rule, WorkChanges
from processes.shared_reader import Log, SharedEventReader
from processes.state import Lease, ProcessState, Refusal
from processes.work import WorkItem

READ_EVENTS_MAX = 2_000
HEARTBEAT_INTERVAL_S = 2.0
STANDBY_INTERVAL_S = 1.0
RELEASE_TIMEOUT_S = 1.0
MIN_READ_INTERVAL_S = 0.25
"""Between two reads of a growing log: many small transactions cost more than few larger ones."""

UNSAVED_EVENTS_MAX = 10_000
"""How many irrelevant events a rule reads before it stores its checkpoint."""

RETRY_BACKOFF = BackOff(first=timedelta(seconds=1), factor=2.0, maximum=timedelta(minutes=5))
"""Between two attempts of work that was refused or not answered."""

_log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Another process owns the rule; uncommitted results were dropped."""


class RuleFailed(Exception):
    """The rule's code failed; this is recorded, and the rule is retried later."""


class EventHandlingFailed(Exception):
    """The rule failed to fold the event at a position."""

    def __init__(self, position: int) -> None:
        super().__init__(f"The event at {position} could not be folded.")
        self.position = position


@dataclass(frozen=True, slots=True)
class WorkResult:
    """The result of one work item: what remains of it, and the refusals."""

    work: WorkItem
    remaining: WorkItem | None
    refusals: list[Refusal] = field(default_factory=list)


async def run_rules(
    rules: Sequence[Rule], *, log: Log, codec: Codec, state: ProcessState, retries: BackOff = RETRY_BACKOFF
) -> None:
    """Run rules concurrently until cancelled.

    Args:
        retries: pauses between attempts that were refused or not answered.
    """
    shared = SharedEventReader(log, frozenset().union(*(rule.events for rule in rules)))
    try:
        async with asyncio.TaskGroup() as group:
            for rule in rules:
                runner = ProcessRunner(rule, log=shared, codec=codec, state=state, retries=retries)
                group.create_task(runner.run(), name=rule.name)
    finally:
        await shared.close()


class ProcessRunner:
    """Runs one rule.

    Args:
        log: the recorded events, shared with the other rules.
        retries: pauses between attempts that were refused or not answered.
    """

    def __init__(
        self, rule: Rule, *, log: SharedEventReader, codec: Codec, state: ProcessState, retries: BackOff = RETRY_BACKOFF
    ) -> None:
        self._rule = rule
        self._log = log
        self._codec = codec
        self._state = state
        self._retries = retries

    async def run(self) -> None:
        """Acquire the rule's lease and work until cancelled; errors are logged and do not affect other rules."""
        while True:
            try:
                lease = await self._state.acquire(self._rule.name)
                if lease is not None:
                    await self._serve(lease)
            except (EventStoreError, LeaseLost) as error:
                _log.warning("process: interrupted", rule=self._rule.name, error=type(error).__name__)
            except RuleFailed:
                pass  # recorded and logged where it was raised
            except Exception:  # noqa: BLE001 - logged; the error of one rule ends no other
                _log.exception("process: interrupted", rule=self._rule.name)
            await asyncio.sleep(STANDBY_INTERVAL_S)

    async def _serve(self, lease: Lease) -> None:
        _log.info("process: started", rule=self._rule.name, checkpoint=lease.checkpoint.position)
        # Not a task group: in Python 3.11 it drops a cancellation that coincides with the failure of a task.
        tasks = [asyncio.create_task(self._renew_lease(lease)), asyncio.create_task(self._run_rule(lease))]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            await cancel_and_wait(*tasks)
            with suppress(TimeoutError, StoreUnavailable):
                async with asyncio.timeout(RELEASE_TIMEOUT_S):
                    await lease.release()

    async def _renew_lease(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_INTERVAL_S)
            if not await lease.renew():
                raise LeaseLost(self._rule.name)

    async def _run_rule(self, lease: Lease) -> None:
        execution = RuleExecution(self._rule, lease, log=self._log, codec=self._codec, retries=self._retries)
        try:
            await self._step(execution)
        except (EventStoreError, LeaseLost):
            raise
        except Exception as error:
            position = error.position if isinstance(error, EventHandlingFailed) else execution.position
            tries = 0 if lease.failure is None else lease.failure[1]
            pause = self._retries.after(tries)
            _log.exception("process: failed", rule=self._rule.name, position=position, retry_in_s=pause.total_seconds())
            await lease.fail(error=summarize_error(error), position=position, pause=pause)
            raise RuleFailed(self._rule.name) from error

    async def _step(self, execution: "RuleExecution") -> None:
        await execution.begin()
        polls = BackOffCounter(POLL_BACKOFF)
        while True:
            if await execution.step():
                polls.reset()
            else:
                await asyncio.sleep(polls.next_s())


def summarize_error(error: Exception) -> str:
    """Return an error's class and where it was raised, without its message, which may quote personal data."""
    cause = error.__cause__ if isinstance(error, EventHandlingFailed) and error.__cause__ is not None else error
    frames = traceback.extract_tb(cause.__traceback__)
    if not frames:
        return type(cause).__qualname__
    last = frames[-1]
    return f"{type(cause).__qualname__} in {last.name} ({Path(last.filename).name}:{last.lineno})"


class RuleExecution:
    """The steps of one rule under one lease."""

    def __init__(
        self, rule: Rule, lease: Lease, *, log: SharedEventReader, codec: Codec, retries: BackOff = RETRY_BACKOFF
    ) -> None:
        self._rule = rule
        self._lease = lease
        self._log = log
        self._codec = codec
        self._retries = retries
        self._checkpoint = self._saved = lease.checkpoint

    @property
    def position(self) -> int:
        """The position up to which events were folded."""
        return self._checkpoint.position

    async def begin(self) -> None:
        """Check that the log holds the checkpoint, and add the work that no event causes."""
        if not await is_in_log(self._log, self._checkpoint):
            await self._reset()
        await self._require_committed(self._lease.commit(put_if_absent=self._rule.initial_work()))

    async def _reset(self) -> None:
        """Fold the log again from its start; command ids are deterministic, so no effect is repeated."""
        _log.error(
            "process: reset, because the log was restored and does not hold the checkpoint",
            rule=self._rule.name,
            position=self._checkpoint.position,
        )
        await self._require_committed(self._lease.reset())
        self._checkpoint = self._saved = BEGINNING

    async def step(self) -> bool:
        """Fold new events and execute due work; False if there was neither.

        Raises:
            LeaseLost: another process has taken over.
            StoreUnavailable: the log or the state cannot be read_to.
            LogRestored: the log was restored since it was read.
        """
        has_read = await self._process_events()
        has_executed = await self._execute_due()
        failure = self._lease.failure
        if failure is not None and self._checkpoint.position >= failure[0]:
            await self._lease.recover()
        return has_read or has_executed

    async def _process_events(self) -> bool:
        position = self._checkpoint.position
        recorded, read_to = await self._log.read_after(self._checkpoint, self._rule.events, limit=READ_EVENTS_MAX)
        if read_to.position == position:
            return False
        changes: dict[str, WorkItem | None] = {}
        for event in recorded:
            try:
                decoded = self._codec.decode(event.name, event.schema_version, event.data)
                changes.update(self._rule.on_event(decoded, event))
            except Exception as error:
                raise EventHandlingFailed(event.position) from error
        if changes or read_to.position - self._saved.position >= UNSAVED_EVENTS_MAX:
            await self._save(changes, read_to)
        self._checkpoint = read_to
        caught_up = read_to.position < position + READ_EVENTS_MAX
        if caught_up:
            await asyncio.sleep(MIN_READ_INTERVAL_S)
        return True

    async def _save(self, changes: WorkChanges, read_to: Checkpoint) -> None:
        await self._require_committed(
            self._lease.commit(
                checkpoint=read_to,
                put=[work for work in changes.values() if work is not None],
                drop=[subject for subject, work in changes.items() if work is None],
            )
        )
        self._saved = read_to

    async def _execute_due(self) -> bool:
        now, rows = await self._lease.due(limit=self._rule.concurrency)
        if not rows:
            return False
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._execute(WorkItem(*row), now)) for row in rows]
        await self._save_results([task.result() for task in tasks])
        await asyncio.sleep(self._rule.pause_s)
        return True

    async def _execute(self, work: WorkItem, now: datetime) -> WorkResult:
        log = _log.bind(rule=self._rule.name, subject=work.subject)
        retry = work.retry_at(now + self._retries.after(work.tries))
        try:
            return WorkResult(work, await self._rule.execute(work, now))
        except Rejected as refusal:
            log.warning("process: command refused", code=refusal.code)
            return WorkResult(work, retry, [Refusal(work.subject, work.cause, refusal.code)])
        except (PaymentError, EventStoreError) as error:
            _log.warning("process: no answer", rule=self._rule.name, subject=work.subject, error=type(error).__name__)
        except Exception:
            log.exception("process: work item failed")
        return WorkResult(work, retry)

    async def _save_results(self, results: Sequence[WorkResult]) -> None:
        await self._require_committed(
            self._lease.commit(
                put=[result.remaining for result in results if result.remaining is not None],
                drop=[result.work.subject for result in results if result.remaining is None],
                refused=[refusal for result in results for refusal in result.refusals],
            )
        )

    async def _require_committed(self, committed: Awaitable[bool]) -> None:
        if not await committed:
            raise LeaseLost(self._rule.name)
