"""The error of one rule stops only that rule: it is recorded and retried later, or at once on request."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from uuid_utils.compat import uuid7

from adapters.postgres.memory_process_state import MemoryProcessState, ProcessRecords
from adapters.postgres.pool import Pool, open_pool_for_records
from adapters.postgres.process_reports import ProcessReports
from adapters.postgres.process_state import PostgresProcessState
from eventstore.back_off import BackOff
from eventstore.clock import FixedClock
from eventstore.memory import MemoryStore
from eventstore.store import RecordedEvent
from processes.rule import NO_CHANGES, Rule, WorkChanges
from processes.runner import run_rules
from processes.work import WorkItem
from tests.processes.databases import app_url_of
from tests.support.audited_scenario import AuditedScenario
from tests.support.engine import CODEC, START

SOON = BackOff(first=timedelta(0), factor=1.0, maximum=timedelta(0))
LATER = BackOff(first=timedelta(hours=1), factor=1.0, maximum=timedelta(hours=1))
CHECK_EVERY_S = 0.01
WITHIN_S = 30.0


class FailingRule:
    """A rule on holds that fails while it is set to."""

    events: ClassVar[frozenset[str]] = frozenset({"HoldPlaced"})
    concurrency: ClassVar[int] = 1
    pause_s: ClassVar[float] = 0.0

    def __init__(self, name: str, *, broken: bool = False) -> None:
        self.name = name
        self.broken = broken
        self.noted: list[int] = []
        self.failures = 0

    def initial_work(self) -> Sequence[WorkItem]:
        return ()

    def on_event(self, event: Any, recorded: RecordedEvent) -> WorkChanges:
        if self.broken:
            self.failures += 1
            raise KeyError("what a buyer has typed")
        self.noted.append(recorded.position)
        return NO_CHANGES

    async def execute(self, work: WorkItem, now: datetime) -> WorkItem | None:
        return None


@pytest.fixture
async def scenario() -> AuditedScenario:
    """A log with one hold."""
    clock = FixedClock(START)
    scenario = AuditedScenario(MemoryStore(now=clock.now), clock, cache_size=0)
    await scenario.open()
    return scenario


@pytest.fixture
async def records(owner_url: str) -> AsyncIterator[Pool]:
    async with open_pool_for_records(app_url_of(owner_url), connections_max=4) as pool:
        yield pool


async def ran(
    rules: Sequence[Rule],
    scenario: AuditedScenario,
    state: Any,
    *,
    retries: BackOff,
    until: Callable[[], Awaitable[bool]],
) -> None:
    """Run rules until a condition holds; fail if they end before."""
    running = asyncio.create_task(run_rules(rules, log=scenario.store, codec=CODEC, state=state, retries=retries))
    try:
        async with asyncio.timeout(WITHIN_S):
            while not await until():
                assert not running.done()
                await asyncio.sleep(CHECK_EVERY_S)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def hold(scenario: AuditedScenario) -> None:
    _, command = scenario.one_step("ann", [scenario.seats[0]])
    await scenario.do(command)


class TestOneRuleFails:
    async def test_other_rules_continue(self, scenario: AuditedScenario) -> None:
        await hold(scenario)
        broken, sound = FailingRule("broken", broken=True), FailingRule("sound")
        records = ProcessRecords(now=scenario.clock.now)

        async def both() -> bool:
            return bool(sound.noted) and broken.failures > 0

        await ran([broken, sound], scenario, MemoryProcessState(records), retries=LATER, until=both)
        kept = records.rules["broken"]
        assert kept.error is not None
        assert kept.error.startswith("KeyError in on_event (test_failures.py:")
        assert kept.failed_position is not None
        assert kept.tries == 1
        assert records.rules["sound"].error is None

    async def test_given_a_mended_rule_then_it_recovers_by_itself(self, scenario: AuditedScenario) -> None:
        await hold(scenario)
        rule = FailingRule("mended", broken=True)
        records = ProcessRecords(now=scenario.clock.now)

        async def failed_twice_then_recovered() -> bool:
            rule.broken = rule.failures < 2
            return rule.failures == 2 and bool(rule.noted) and records.rules["mended"].error is None

        await ran([rule], scenario, MemoryProcessState(records), retries=SOON, until=failed_twice_then_recovered)
        assert records.rules["mended"].tries == 0


class TestOnPostgres:
    async def test_a_new_rule_needs_no_migration(
        self, scenario: AuditedScenario, records: Pool, owner_url: str
    ) -> None:
        rule = FailingRule("greet_new_buyers")
        await hold(scenario)

        async def noted() -> bool:
            return bool(rule.noted)

        state = PostgresProcessState(records)
        await ran([rule], scenario, state, retries=LATER, until=noted)
        tenure = await state.acquire(rule.name)
        assert tenure is not None
        work = WorkItem("somebody", uuid7(), 1, START)
        assert await tenure.commit(put=[work])
        _, due = await tenure.due(limit=1)
        assert [row[0] for row in due] == ["somebody"]

    async def test_a_failure_is_reported_until_a_person_lets_it_try_again(
        self, scenario: AuditedScenario, records: Pool
    ) -> None:
        await hold(scenario)
        rule, reports = FailingRule("stubborn", broken=True), ProcessReports(records)

        async def failed() -> bool:
            return (await standing(reports))["stubborn"].failed_at is not None if rule.failures else False

        await ran([rule], scenario, PostgresProcessState(records), retries=LATER, until=failed)
        report = (await standing(reports))["stubborn"]
        assert report.error is not None
        assert report.error.startswith("KeyError in on_event")
        assert report.tries == 1

        rule.broken = False
        await reports.retry("stubborn")

        async def recovered() -> bool:
            return (await standing(reports))["stubborn"].failed_at is None

        await ran([rule], scenario, PostgresProcessState(records), retries=LATER, until=recovered)


async def standing(reports: ProcessReports) -> Mapping[str, Any]:
    return {report.name: report for report in await reports.all()}
