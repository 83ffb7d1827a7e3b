"""The index of event types, and the refusal of a log with unreadable events."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from eventstore.errors import StoreUnavailable, UnreadableLog
from eventstore.postgres.roles import APP_ROLE, PROJECTOR_ROLE, role_url
from eventstore.schema import compatibility as surveying
from eventstore.schema.compatibility import EVENT_TYPES, EventType, EventTypeIndex
from eventstore.schema.upcasting import UpcasterChain
from eventstore.store import NewEvent, Write
from tests.databases import role_password
from tests.eventstore.appends import to_append
from tests.eventstore.backends import PostgresBackend
from tests.eventstore.waiting import until

KNOWN = UpcasterChain(versions={"SeatHeld": 2, "SeatSold": 1}, upcasters={("SeatHeld", 1): lambda data: data})


@pytest.fixture
async def survey(owner_url: str) -> AsyncIterator[EventTypeIndex]:
    """The index with the background task's role."""
    async with EventTypeIndex(role_url(owner_url, PROJECTOR_ROLE, role_password(PROJECTOR_ROLE))) as survey:
        yield survey


@pytest.fixture
async def asked(owner_url: str) -> AsyncIterator[EventTypeIndex]:
    """The index with the application's role."""
    async with EventTypeIndex(role_url(owner_url, APP_ROLE, role_password(APP_ROLE))) as survey:
        yield survey


async def record(postgres: PostgresBackend, stream: str, *events: tuple[str, int]) -> None:
    """Append events to a new stream."""
    written = tuple(NewEvent(name, schema_version, "{}") for name, schema_version in events)
    await postgres.store.append([to_append(Write(stream, 0, written))])


class TestScan:
    async def test_an_empty_log_holds_nothing(self, survey: EventTypeIndex, asked: EventTypeIndex) -> None:
        assert await survey.scan_next() == 0
        assert await asked.event_types() == []

    async def test_new_events_are_found_before_they_are_scanned(
        self, postgres: PostgresBackend, survey: EventTypeIndex, asked: EventTypeIndex
    ) -> None:
        await record(postgres, "seat-1", ("SeatHeld", 1), ("SeatSold", 1), ("SeatHeld", 1))
        found = [EventType("SeatHeld", 1, 1), EventType("SeatSold", 1, 2)]
        assert await asked.event_types() == found
        assert await survey.scan_next() == 3
        assert await asked.event_types() == found
        await record(postgres, "seat-2", ("SeatHeld", 2), ("SeatSold", 1))
        assert await asked.event_types() == [*found, EventType("SeatHeld", 2, 4)]

    async def test_a_start_reads_no_scanned_event(
        self, postgres: PostgresBackend, survey: EventTypeIndex, asked: EventTypeIndex, owner_url: str
    ) -> None:
        await record(postgres, "seat-1", *[("SeatHeld", 1)] * 400)
        await survey.scan_next()
        await record(postgres, "seat-2", ("SeatSold", 1), ("SeatSold", 1))
        with psycopg.connect(owner_url) as connection:
            connection.execute("SET enable_seqscan = off")
            ((plan,),) = connection.execute(b"EXPLAIN (ANALYZE, FORMAT JSON) " + EVENT_TYPES.encode()).fetchall()
        scans = [node for node in nodes(plan[0]["Plan"]) if node.get("Index Name") == "event_pkey"]
        assert [node["Actual Rows"] for node in scans] == [2]

    async def test_a_long_log_is_scanned_in_batches(
        self, postgres: PostgresBackend, survey: EventTypeIndex, asked: EventTypeIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(surveying, "SCAN_EVENTS_MAX", 3)
        await record(postgres, "seat-1", *[("SeatHeld", 1)] * 4, ("SeatSold", 1))
        assert [await survey.scan_next() for _ in range(3)] == [3, 2, 0]
        assert await asked.event_types() == [EventType("SeatHeld", 1, 1), EventType("SeatSold", 1, 5)]

    async def test_concurrent_scans_miss_nothing(
        self, postgres: PostgresBackend, survey: EventTypeIndex, asked: EventTypeIndex, owner_url: str
    ) -> None:
        async with EventTypeIndex(role_url(owner_url, PROJECTOR_ROLE, role_password(PROJECTOR_ROLE))) as other:
            for number in range(20):
                await record(postgres, f"seat-{number}", (f"Event{number}", 1))
                await asyncio.gather(survey.scan_next(), other.scan_next())
        with psycopg.connect(owner_url) as connection:
            assert connection.execute("SELECT position FROM eventstore.survey").fetchall() == [(20,)]
        assert [found.name for found in await asked.event_types()] == [f"Event{number}" for number in range(20)]

    async def test_it_keeps_up_until_it_is_stopped(
        self, postgres: PostgresBackend, survey: EventTypeIndex, owner_url: str
    ) -> None:
        await record(postgres, "seat-1", ("SeatHeld", 1))
        keeping_up = asyncio.create_task(survey.scan_forever())
        with psycopg.connect(owner_url, autocommit=True) as connection:

            async def kept_up() -> bool:
                return connection.execute("SELECT position FROM eventstore.survey").fetchone() == (1,)

            await until(kept_up)
        keeping_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await keeping_up

    async def test_only_the_projector_scans(self, postgres: PostgresBackend, asked: EventTypeIndex) -> None:
        await record(postgres, "seat-1", ("SeatHeld", 1))
        with pytest.raises(StoreUnavailable, match="permission denied"):
            await asked.scan_next()


class TestCheck:
    async def test_a_log_that_can_be_read_is_taken(self, postgres: PostgresBackend, asked: EventTypeIndex) -> None:
        await record(postgres, "seat-1", ("SeatHeld", 1), ("SeatHeld", 2), ("SeatSold", 1))
        await asked.check(KNOWN)

    @pytest.mark.parametrize("looked_through", [False, True])
    @pytest.mark.parametrize(
        ("event", "why"),
        [
            (("SeatSold", 2), "SeatSold version 2 since position 2. SeatSold version 2 is newer than this program."),
            (("SeatHeated", 1), "SeatHeated version 1 since position 2. No event is called SeatHeated."),
        ],
    )
    async def test_one_that_cannot_is_refused(
        self,
        event: tuple[str, int],
        why: str,
        looked_through: bool,
        postgres: PostgresBackend,
        survey: EventTypeIndex,
        asked: EventTypeIndex,
    ) -> None:
        await record(postgres, "seat-1", ("SeatHeld", 1), event, event)
        if looked_through:
            await survey.scan_next()
        with pytest.raises(UnreadableLog, match=why) as refusal:
            await asked.check(KNOWN)
        assert "Start the program version that wrote it" in str(refusal.value)

    async def test_a_step_that_is_missing_is_refused(self, postgres: PostgresBackend, asked: EventTypeIndex) -> None:
        await record(postgres, "seat-1", ("SeatHeld", 1))
        with pytest.raises(UnreadableLog, match="There is no upcaster from SeatHeld version 1 to the next"):
            await asked.check(UpcasterChain(versions={"SeatHeld": 2}, upcasters={}))


def nodes(plan: dict[str, object]) -> list[dict[str, object]]:
    """Return all nodes of a plan."""
    below = plan.get("Plans", [])
    assert isinstance(below, list)
    return [plan, *(found for child in below for found in nodes(child))]
