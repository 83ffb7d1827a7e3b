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
from domain.ports import PaymentError
from eventstore.checkpoint import BEGINNING, Checkpoint, is_in_log
from eventstore.codec import Codec
from eventstore.errors import EventStoreError, StoreUnavailable
from processes.log import Log, SharedLog
from processes.rule import Notes, Rule
from processes.state import ProcessState, Refusal, Tenure
from processes.work import BackOff, Work

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

RETRIES = BackOff(first=timedelta(seconds=1), factor=2.0, most=timedelta(minutes=5))
"""Between two tries of work that was refused or got no answer."""

_log = structlog.get_logger(__name__)


class TenureLost(Exception):
    """Somebody else owns the rule now; nothing of what was in hand was kept."""


class RuleFailed(Exception):
    """The rule's own code failed; it is recorded, and the rule is tried again later."""


class NoteFailed(Exception):
    """The rule could not take notes of the event at a position."""

    def __init__(self, position: int) -> None:
        super().__init__(f"The event at {position} could not be noted.")
        self.position = position


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one piece of work: what is left of it, and why it was refused."""

    work: Work
    left: Work | None
    refusals: list[Refusal] = field(default_factory=list)


async def run_rules(
    rules: Sequence[Rule], *, log: Log, codec: Codec, state: ProcessState, retries: BackOff = RETRIES
) -> None:
    """Run rules side by side, until cancelled.

    Args:
        retries: the pauses between tries that get no answer.
    """
    shared = SharedLog(log, frozenset().union(*(rule.events for rule in rules)))
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
        self, rule: Rule, *, log: SharedLog, codec: Codec, state: ProcessState, retries: BackOff = RETRIES
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
                tenure = await self._state.acquire(self._rule.name)
                if tenure is not None:
                    await self._serve(tenure)
            except (EventStoreError, TenureLost) as error:
                _log.warning("process interrupted", rule=self._rule.name, error=type(error).__name__)
            except RuleFailed:
                pass  # recorded and logged where it was raised
            except Exception:  # noqa: BLE001 - logged; the error of one rule ends no other
                _log.exception("process interrupted", rule=self._rule.name)
            await asyncio.sleep(STANDBY_S)

    async def _serve(self, tenure: Tenure) -> None:
        _log.info("process begins", rule=self._rule.name, checkpoint=tenure.checkpoint.position)
        # No task group: in Python 3.11 one whose task fails forgets a cancellation that comes in the same moment.
        tasks = [asyncio.create_task(self._stay_alive(tenure)), asyncio.create_task(self._work_on(tenure))]
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
                    await tenure.release()

    async def _stay_alive(self, tenure: Tenure) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            if not await tenure.renew():
                raise TenureLost(self._rule.name)

    async def _work_on(self, tenure: Tenure) -> None:
        turn = Turn(self._rule, tenure, log=self._log, codec=self._codec, retries=self._retries)
        try:
            await self._step_on(turn)
        except (EventStoreError, TenureLost):
            raise
        except Exception as error:
            position = error.position if isinstance(error, NoteFailed) else turn.position
            tries = 0 if tenure.failure is None else tenure.failure[1]
            pause = self._retries.after(tries)
            _log.exception("process failed", rule=self._rule.name, position=position, retry_in_s=pause.total_seconds())
            await tenure.fail(error=summary_of(error), position=position, pause=pause)
            raise RuleFailed(self._rule.name) from error

    async def _step_on(self, turn: "Turn") -> None:
        await turn.begin()
        idle_s = IDLE_FIRST_S
        while True:
            if await turn.step():
                idle_s = IDLE_FIRST_S
            else:
                await asyncio.sleep(idle_s)
                idle_s = min(idle_s * 2, IDLE_MOST_S)


def summary_of(error: Exception) -> str:
    """Return an error's class and where it was raised, never its words: those may quote what people typed."""
    cause = error.__cause__ if isinstance(error, NoteFailed) and error.__cause__ is not None else error
    frames = traceback.extract_tb(cause.__traceback__)
    if not frames:
        return type(cause).__qualname__
    last = frames[-1]
    return f"{type(cause).__qualname__} in {last.name} ({Path(last.filename).name}:{last.lineno})"


class Turn:
    """One owner's work on one rule, a step at a time."""

    def __init__(self, rule: Rule, tenure: Tenure, *, log: SharedLog, codec: Codec, retries: BackOff = RETRIES) -> None:
        self._rule = rule
        self._tenure = tenure
        self._log = log
        self._codec = codec
        self._retries = retries
        self._checkpoint = self._saved = tenure.checkpoint

    @property
    def position(self) -> int:
        """The position up to which notes were taken."""
        return self._checkpoint.position

    async def begin(self) -> None:
        """See to it that the work is there that no event causes, and that the notes are of the log as it is."""
        if not await is_in_log(self._log, self._checkpoint):
            await self._begin_anew()
        await self._kept(self._tenure.commit(put_if_absent=self._rule.standing()))

    async def _begin_anew(self) -> None:
        """Take all notes again: the commands that follow have the ids they had, so what was done is not done twice."""
        _log.error(
            "process begins anew: the log was restored and does not hold what the rule read",
            rule=self._rule.name,
            position=self._checkpoint.position,
        )
        await self._kept(self._tenure.begin_anew())
        self._checkpoint = self._saved = BEGINNING

    async def step(self) -> bool:
        """Take notes of what is new and do what is due; False: there was neither.

        Raises:
            TenureLost: somebody else took over.
            StoreUnavailable: log or state cannot be asked.
            LogWentBack: the log was restored since it was read.
        """
        noted = await self._take_notes()
        acted = await self._act()
        failure = self._tenure.failure
        if failure is not None and self._checkpoint.position >= failure[0]:
            await self._tenure.recover()
        return noted or acted

    async def _take_notes(self) -> bool:
        position = self._checkpoint.position
        recorded, reached = await self._log.read_after(self._checkpoint, self._rule.events, limit=EVENTS_AT_ONCE)
        if reached.position == position:
            return False
        notes: dict[str, Work | None] = {}
        for one in recorded:
            try:
                event = self._codec.decode(one.name, one.schema_version, one.data)
                notes.update(self._rule.note(event, one))
            except Exception as error:
                raise NoteFailed(one.position) from error
        if notes or reached.position - self._saved.position >= UNSAVED_EVENTS_MAX:
            await self._save(notes, reached)
        self._checkpoint = reached
        caught_up = reached.position < position + EVENTS_AT_ONCE
        if caught_up:
            await asyncio.sleep(PACE_S)
        return True

    async def _save(self, notes: Notes, reached: Checkpoint) -> None:
        await self._kept(
            self._tenure.commit(
                checkpoint=reached,
                put=[work for work in notes.values() if work is not None],
                drop=[subject for subject, work in notes.items() if work is None],
            )
        )
        self._saved = reached

    async def _act(self) -> bool:
        now, rows = await self._tenure.due(limit=self._rule.at_once)
        if not rows:
            return False
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._done(Work(*row), now)) for row in rows]
        await self._keep([task.result() for task in tasks])
        await asyncio.sleep(self._rule.pause_s)
        return True

    async def _done(self, work: Work, now: datetime) -> Done:
        log = _log.bind(rule=self._rule.name, subject=work.subject)
        again = work.again(now + self._retries.after(work.tries))
        try:
            return Done(work, await self._rule.act(work, now))
        except Rejected as refusal:
            log.warning("process refused", code=refusal.code)
            return Done(work, again, [Refusal(work.subject, work.cause, refusal.code)])
        except (PaymentError, EventStoreError) as error:
            _log.warning(
                "process without answer", rule=self._rule.name, subject=work.subject, error=type(error).__name__
            )
        except Exception:
            log.exception("process failed")
        return Done(work, again)

    async def _keep(self, done: Sequence[Done]) -> None:
        await self._kept(
            self._tenure.commit(
                put=[one.left for one in done if one.left is not None],
                drop=[one.work.subject for one in done if one.left is None],
                refused=[refusal for one in done for refusal in one.refusals],
            )
        )

    async def _kept(self, committed: Awaitable[bool]) -> None:
        if not await committed:
            raise TenureLost(self._rule.name)
