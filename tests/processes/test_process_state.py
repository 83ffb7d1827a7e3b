"""Contract of the stored process state, in memory and on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Protocol

import psycopg
import pytest
from uuid_utils.compat import uuid7

from adapters.postgres import process_state_sql
from adapters.postgres.memory_process_state import MemoryProcessState, ProcessRecords
from adapters.postgres.pool import Pool, open_pool_for_records
from adapters.postgres.process_state import SILENCE_S, PostgresProcessState
from eventstore.checkpoint import BEGINNING, Checkpoint
from eventstore.errors import StoreUnavailable
from processes.state import ProcessState, Refusal
from processes.work import WorkItem
from tests.processes.databases import app_url_of

RULE = "settle_payments"
OTHER_RULE = "submit_refunds"
REFUSALS_KEPT = 3
CAUSE = uuid7()
PAST = datetime(2026, 1, 1, tzinfo=UTC)
FUTURE = datetime(2126, 1, 1, tzinfo=UTC)


class Owners(Protocol):
    """Creates competing owners of one state, with a clock that tests advance."""

    def __call__(self) -> ProcessState: ...

    async def wait(self, seconds: float) -> None: ...

    async def undo_to(self, checkpoint: Checkpoint) -> None:
        """Undo the latest commits, as a crash of the server does."""
        ...


class MemoryOwners:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)
        self.records = ProcessRecords(now=lambda: self.now)

    def __call__(self) -> ProcessState:
        return MemoryProcessState(self.records, refusals_max=REFUSALS_KEPT)

    async def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def undo_to(self, checkpoint: Checkpoint) -> None:
        self.records.rules[RULE].checkpoint = checkpoint
        self.records.rules[RULE].work.clear()


class PostgresOwners:
    def __init__(self, pool: Pool, owner_url: str) -> None:
        self.pool = pool
        self.owner_url = owner_url

    def __call__(self) -> ProcessState:
        return PostgresProcessState(self.pool, refusals_max=REFUSALS_KEPT)

    async def wait(self, seconds: float) -> None:
        """Age every heartbeat, because the server's clock cannot be set."""
        async with await psycopg.AsyncConnection.connect(self.owner_url) as connection:
            aged = "UPDATE records.process SET heartbeat_at = heartbeat_at - make_interval(secs => %s)"
            await connection.execute(aged, [seconds])

    async def undo_to(self, checkpoint: Checkpoint) -> None:
        async with await psycopg.AsyncConnection.connect(self.owner_url) as connection:
            undone = "UPDATE records.process SET checkpoint = %s, digest = %s WHERE rule = %s"
            await connection.execute(undone, [*checkpoint, RULE])
            await connection.execute("DELETE FROM records.process_work WHERE rule = %s", [RULE])


@pytest.fixture(params=["memory", "postgres"])
def _database(request: pytest.FixtureRequest) -> str | None:
    return None if request.param == "memory" else request.getfixturevalue("owner_url")


@pytest.fixture
async def owners(_database: str | None) -> AsyncIterator[Owners]:
    if _database is None:
        yield MemoryOwners()
        return
    async with open_pool_for_records(app_url_of(_database), connections_max=2) as pool:
        yield PostgresOwners(pool, _database)


def work(subject: str, due_at: datetime = PAST, *, cursor: int = 0) -> WorkItem:
    return WorkItem(subject, CAUSE, 7, due_at, 2, cursor)


def upto(position: int) -> Checkpoint:
    return Checkpoint(position, bytes([position]) * 32)


class TestAcquire:
    async def test_given_a_live_owner_then_no_other_acquires_the_rule(self, owners: Owners) -> None:
        assert await owners().acquire(RULE) is not None
        assert await owners().acquire(RULE) is None
        assert await owners().acquire(OTHER_RULE) is not None

    async def test_given_an_owner_that_released_it_then_a_standby_gets_it_at_once(self, owners: Owners) -> None:
        tenure = await owners().acquire(RULE)
        assert tenure is not None
        await tenure.release()
        assert await owners().acquire(RULE) is not None

    async def test_given_a_silent_owner_then_a_standby_gets_it_and_shuts_the_old_one_out(self, owners: Owners) -> None:
        old = await owners().acquire(RULE)
        assert old is not None
        await owners.wait(SILENCE_S + 1)
        new = await owners().acquire(RULE)
        assert new is not None
        assert not await old.renew()
        assert not await old.commit(checkpoint=upto(9), put=[work("a")])
        await old.release()
        assert await owners().acquire(RULE) is None, "the old owner gave away what was no longer its own"
        assert await new.commit(checkpoint=upto(3))
        assert (await new.due(limit=10))[1] == []

    async def test_given_heartbeats_then_the_lease_is_kept(self, owners: Owners) -> None:
        tenure, standby = await owners().acquire(RULE), owners()
        assert tenure is not None
        for _ in range(3):
            await owners.wait(0.6 * SILENCE_S)
            assert await standby.acquire(RULE) is None
            assert await tenure.renew()

    async def test_given_the_same_owner_then_it_continues_at_once_from_its_checkpoint(self, owners: Owners) -> None:
        owner = owners()
        tenure = await owner.acquire(RULE)
        assert tenure is not None
        assert tenure.checkpoint == BEGINNING
        assert await tenure.commit(checkpoint=upto(41))
        again = await owner.acquire(RULE)
        assert again is not None
        assert again.checkpoint == upto(41)
        assert not await tenure.renew()


class TestCommit:
    async def test_given_work_then_what_is_due_comes_back_whole_and_longest_due_first(self, owners: Owners) -> None:
        tenure = await owners().acquire(RULE)
        assert tenure is not None
        rows = [work("b", PAST + timedelta(days=1)), work("a", cursor=5), work("c", FUTURE)]
        assert await tenure.commit(put=rows)
        now, due = await tenure.due(limit=10)
        assert [WorkItem(*row) for row in due] == [rows[1], rows[0]]
        assert PAST < now < FUTURE
        assert [row[0] for row in (await tenure.due(limit=1))[1]] == ["a"]

    async def test_given_a_crash_that_undid_notes_then_their_owner_takes_them_again(self, owners: Owners) -> None:
        owner = owners()
        tenure = await owner.acquire(RULE)
        assert tenure is not None
        assert await tenure.commit(checkpoint=upto(3))
        assert await tenure.commit(checkpoint=upto(9), put=[work("a")])
        await owners.undo_to(upto(3))
        assert not await tenure.commit(checkpoint=upto(12), put=[work("b")])
        assert not await tenure.reset()
        again = await owner.acquire(RULE)
        assert again is not None
        assert again.checkpoint == upto(3)
        assert (await again.due(limit=10))[1] == []
        assert await again.commit(checkpoint=upto(9), put=[work("a")])

    async def test_given_work_for_a_subject_then_newer_work_takes_its_place(self, owners: Owners) -> None:
        tenure = await owners().acquire(RULE)
        assert tenure is not None
        assert await tenure.commit(put=[work("a"), work("b")])
        assert await tenure.commit(put=[work("a", FUTURE)], put_if_absent=[work("b", FUTURE), work("c")], drop=["d"])
        assert [row[0] for row in (await tenure.due(limit=10))[1]] == ["b", "c"]
        assert await tenure.commit(drop=["b", "c"])
        assert (await tenure.due(limit=10))[1] == []

    async def test_given_a_reset_then_only_that_rules_work_and_checkpoint_are_deleted(self, owners: Owners) -> None:
        one, other = await owners().acquire(RULE), await owners().acquire(OTHER_RULE)
        assert one is not None
        assert other is not None
        for tenure in (one, other):
            assert await tenure.commit(put=[work("a"), work("b")], checkpoint=upto(5))
        assert await one.reset()
        assert [len((await tenure.due(limit=10))[1]) for tenure in (one, other)] == [0, 2]
        await owners.wait(SILENCE_S + 1)
        again = await owners().acquire(RULE)
        assert again is not None
        assert again.checkpoint == BEGINNING
        assert not await one.reset()

    async def test_given_two_rules_then_they_know_nothing_of_each_other(self, owners: Owners) -> None:
        one, other = await owners().acquire(RULE), await owners().acquire(OTHER_RULE)
        assert one is not None
        assert other is not None
        assert await one.commit(put=[work("a")], checkpoint=upto(5))
        assert await other.commit(drop=["a"])
        assert len((await one.due(limit=10))[1]) == 1
        assert (await other.due(limit=10))[1] == []


class TestOnPostgres:
    async def test_the_latest_refusals_of_each_rule_are_kept(self, owner_url: str) -> None:
        async with open_pool_for_records(app_url_of(owner_url), connections_max=2) as pool:
            state = PostgresProcessState(pool, refusals_max=REFUSALS_KEPT)
            for rule in (RULE, OTHER_RULE):
                tenure = await state.acquire(rule)
                assert tenure is not None
                for number in range(5):
                    assert await tenure.commit(refused=[Refusal(f"subject {number}", CAUSE, "sold_out")])
        with psycopg.connect(owner_url) as connection:
            kept = connection.execute("SELECT rule, subject, code FROM records.process_refusal ORDER BY number")
            assert kept.fetchall() == [
                (rule, f"subject {number}", "sold_out") for rule in (RULE, OTHER_RULE) for number in (2, 3, 4)
            ]

    async def test_an_unreachable_server_is_the_stores_error(self) -> None:
        async with open_pool_for_records("postgresql://127.0.0.1:9/nothing", connections_max=1) as pool:
            with pytest.raises(StoreUnavailable):
                await PostgresProcessState(pool).acquire(RULE)

    def test_what_is_due_is_found_by_its_index(self, owner_url: str) -> None:
        with psycopg.connect(owner_url) as connection:
            connection.execute(
                "INSERT INTO records.process_work SELECT %s, 'subject ' || n, gen_random_uuid(), n, "
                "now() + n * interval '1 second', 0, 0 FROM generate_series(1, 20000) AS n",
                [RULE],
            )
            connection.execute("ANALYZE records.process_work")
            explained = connection.execute(f"EXPLAIN {process_state_sql.DUE}", {"rule": RULE, "limit": 64}).fetchall()
        plan = "\n".join(row[0] for row in explained)
        assert "settle_payments_rule_due_at_idx" in plan
        assert "Sort" not in plan
