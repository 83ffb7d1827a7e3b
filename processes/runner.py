"""Runs a rule: takes notes of the log, does what is due, and keeps both in one transaction each.

At any line it may die: commands have ids that a second run makes again, a provider is asked by our own reference, and
the state moves only once all verdicts are in. So the next owner does some of it again, and nothing twice.
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
from eventstore.checkpoint import BEGINNING, Checkpoint, is_in_log
from eventstore.codec import Codec
from eventstore.errors import EventStoreError, StoreUnavailable
from processes.rule import Rule, WorkChanges
from processes.shared_reader import Log, SharedEventReader
from processes.state import Lease, ProcessState, Refusal
from processes.work import BackOff, WorkItem

EVENTS_AT_ONCE = 2_000
HEARTBEAT_S = 2.0
STANDBY_S = 1.0
RELEASE_WITHIN_S = 1.0
IDLE_FIRST_S = 0.005
IDLE_MOST_S = 0.25
PACE_S = 0.25
"""Between two readings of a log that grows: many small transactions cost more than few larger ones."""

UNSAVED_EVENTS_MAX = 10_000
"""How far a rule goes on without writing its checkpoint down, while there is nothing to take notes of."""

RETRIES = BackOff(first=timedelta(seconds=1), factor=2.0, maximum=timedelta(minutes=5))
"""Between two tries of work that was refused or got no answer."""

_log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Somebody else owns the rule now; nothing of what was in hand was kept."""


class RuleFailed(Exception):
    """The rule's own code failed; it is recorded, and the rule is tried again later."""


class EventHandlingFailed(Exception):
    """The rule could not take notes of the event at a position."""

    def __init__(self, position: int) -> None:
        super().__init__(f"The event at {position} could not be noted.")
        self.position = position


@dataclass(frozen=True, slots=True)
class WorkResult:
    """What became of one piece of work: what is left of it, and why it was refused."""

    work: WorkItem
    remaining: WorkItem | None
    refusals: list[Refusal] = field(default_factory=list)


async def run_rules(
    rules: Sequence[Rule], *, log: Log, codec: Codec, state: ProcessState, retries: BackOff = RETRIES
) -> None:
    """Run rules side by side, until cancelled.

    Args:
        retries: the pauses between tries that get no answer.
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
    """One rule's loop.

    Args:
        log: the recorded events, in order.
        retries: the pauses between tries that get no answer.
    """

    def __init__(
        self, rule: Rule, *, log: SharedEventReader, codec: Codec, state: ProcessState, retries: BackOff = RETRIES
    ) -> None:
        self._rule = rule
        self._log = log
        self._codec = codec
        self._state = state
        self._retries = retries

    async def run(self) -> None:
        """Own the rule whenever nobody else does, and work until cancelled; a failure stops this rule alone."""
        while True:
            try:
                lease = await self._state.acquire(self._rule.name)
                if lease is not None:
                    await self._serve(lease)
            except (EventStoreError, LeaseLost) as error:
                _log.warning("process interrupted", rule=self._rule.name, error=type(error).__name__)
            except RuleFailed:
                pass  # recorded and logged where it was raised
            except Exception:  # noqa: BLE001 - logged; the error of one rule ends no other
                _log.exception("process interrupted", rule=self._rule.name)
            await asyncio.sleep(STANDBY_S)

    async def _serve(self, lease: Lease) -> None:
        _log.info("process begins", rule=self._rule.name, checkpoint=lease.checkpoint.position)
        # No task group: in Python 3.11 one whose task fails forgets a cancellation that comes in the same moment.
        tasks = [asyncio.create_task(self._renew_lease(lease)), asyncio.create_task(self._run_rule(lease))]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(TimeoutError, StoreUnavailable):
                async with asyncio.timeout(RELEASE_WITHIN_S):
                    await lease.release()

    async def _renew_lease(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
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
            _log.exception("process failed", rule=self._rule.name, position=position, retry_in_s=pause.total_seconds())
            await lease.fail(error=summarize_error(error), position=position, pause=pause)
            raise RuleFailed(self._rule.name) from error

    async def _step(self, execution: "RuleExecution") -> None:
        await execution.begin()
        idle_s = IDLE_FIRST_S
        while True:
            if await execution.step():
                idle_s = IDLE_FIRST_S
            else:
                await asyncio.sleep(idle_s)
                idle_s = min(idle_s * 2, IDLE_MOST_S)


def summarize_error(error: Exception) -> str:
    """Return an error's class and where it was raised, never its words: those may quote what people typed."""
    cause = error.__cause__ if isinstance(error, EventHandlingFailed) and error.__cause__ is not None else error
    frames = traceback.extract_tb(cause.__traceback__)
    if not frames:
        return type(cause).__qualname__
    last = frames[-1]
    return f"{type(cause).__qualname__} in {last.name} ({Path(last.filename).name}:{last.lineno})"


class RuleExecution:
    """One owner's work on one rule, a step at a time."""

    def __init__(
        self, rule: Rule, lease: Lease, *, log: SharedEventReader, codec: Codec, retries: BackOff = RETRIES
    ) -> None:
        self._rule = rule
        self._tenure = lease
        self._log = log
        self._codec = codec
        self._retries = retries
        self._checkpoint = self._saved = lease.checkpoint

    @property
    def position(self) -> int:
        """The position up to which notes were taken."""
        return self._checkpoint.position

    async def begin(self) -> None:
        """See to it that the work is there that no event causes, and that the notes are of the log as it is."""
        if not await is_in_log(self._log, self._checkpoint):
            await self._reset()
        await self._require_committed(self._tenure.commit(put_if_absent=self._rule.initial_work()))

    async def _reset(self) -> None:
        """Take all notes again: the commands that follow have the ids they had, so what was done is not done twice."""
        _log.error(
            "process begins anew: the log was restored and does not hold what the rule read",
            rule=self._rule.name,
            position=self._checkpoint.position,
        )
        await self._require_committed(self._tenure.reset())
        self._checkpoint = self._saved = BEGINNING

    async def step(self) -> bool:
        """Take notes of what is new and do what is due; False: there was neither.

        Raises:
            LeaseLost: somebody else took over.
            StoreUnavailable: log or state cannot be asked.
            LogWentBack: the log was restored since it was read.
        """
        noted = await self._process_events()
        acted = await self._execute_due()
        failure = self._tenure.failure
        if failure is not None and self._checkpoint.position >= failure[0]:
            await self._tenure.recover()
        return noted or acted

    async def _process_events(self) -> bool:
        position = self._checkpoint.position
        recorded, reached = await self._log.read_after(self._checkpoint, self._rule.events, limit=EVENTS_AT_ONCE)
        if reached.position == position:
            return False
        changes: dict[str, WorkItem | None] = {}
        for one in recorded:
            try:
                event = self._codec.decode(one.name, one.schema_version, one.data)
                changes.update(self._rule.on_event(event, one))
            except Exception as error:
                raise EventHandlingFailed(one.position) from error
        if changes or reached.position - self._saved.position >= UNSAVED_EVENTS_MAX:
            await self._save(changes, reached)
        self._checkpoint = reached
        caught_up = reached.position < position + EVENTS_AT_ONCE
        if caught_up:
            await asyncio.sleep(PACE_S)
        return True

    async def _save(self, changes: WorkChanges, reached: Checkpoint) -> None:
        await self._require_committed(
            self._tenure.commit(
                checkpoint=reached,
                put=[work for work in changes.values() if work is not None],
                drop=[subject for subject, work in changes.items() if work is None],
            )
        )
        self._saved = reached

    async def _execute_due(self) -> bool:
        now, rows = await self._tenure.due(limit=self._rule.concurrency)
        if not rows:
            return False
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._execute(WorkItem(*row), now)) for row in rows]
        await self._save_result([task.result() for task in tasks])
        await asyncio.sleep(self._rule.pause_s)
        return True

    async def _execute(self, work: WorkItem, now: datetime) -> WorkResult:
        log = _log.bind(rule=self._rule.name, subject=work.subject)
        again = work.retry_at(now + self._retries.after(work.tries))
        try:
            return WorkResult(work, await self._rule.execute(work, now))
        except Rejected as refusal:
            log.warning("process refused", code=refusal.code)
            return WorkResult(work, again, [Refusal(work.subject, work.cause, refusal.code)])
        except (PaymentError, EventStoreError) as error:
            _log.warning(
                "process without answer", rule=self._rule.name, subject=work.subject, error=type(error).__name__
            )
        except Exception:
            log.exception("process failed")
        return WorkResult(work, again)

    async def _save_result(self, done: Sequence[WorkResult]) -> None:
        await self._require_committed(
            self._tenure.commit(
                put=[one.remaining for one in done if one.remaining is not None],
                drop=[one.work.subject for one in done if one.remaining is None],
                refused=[refusal for one in done for refusal in one.refusals],
            )
        )

    async def _require_committed(self, committed: Awaitable[bool]) -> None:
        if not await committed:
            raise LeaseLost(self._rule.name)
