"""The made-up log is one that the engine could have written, and that everything can read."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from bench.log_generator import fill, template_recorder
from bench.log_generator.instances import Command, GenerationPlan
from bench.log_generator.schedule import Schedule
from bench.log_generator.templates import record_templates
from bench.log_generator.venue import GeneratedVenue
from bench.support.checked import commands_of, fact_of
from domain.invariants import Ledger, LoggedEvent, violations
from eventstore.digest import digest_of
from eventstore.postgres import PostgresStore
from eventstore.postgres.migrate import migrate
from eventstore.postgres.roles import APP_ROLE, PROJECTOR_ROLE, role_url
from eventstore.store import RecordedEvent
from projections.engine.queries import ReadModelQueries
from runtime.database import HISTORIES
from runtime.local.embedded import EmbeddedPostgres
from tests.databases import fresh_database, role_password
from tests.projections.manual_projector import ManualProjector
from tests.support.engine import CODEC
from tests.system.log import decoded
from tests.system.read_models import TABLES
from tests.system.reference_fold import fold_reference

FIRST_EVENTS, MORE_EVENTS = 3_500, 1_500
SEATS = 60
NAMES_MIN = 45
HOUSE = GeneratedVenue(SEATS)
REPERTOIRE = asyncio.run(record_templates(HOUSE))


@pytest.fixture(scope="module")
def owner_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """A migrated database whose log was filled in two steps."""
    with fresh_database(postgres_server) as url:
        asyncio.run(migrate(url, role_password=role_password, histories=HISTORIES))
        fill(url, FIRST_EVENTS, seats=SEATS, until=datetime.now(UTC) - timedelta(days=9))
        fill(url, MORE_EVENTS, seats=SEATS, seed=2)
        yield url


@pytest.fixture(scope="module")
def log(owner_url: str) -> list[RecordedEvent]:
    """All of its events."""
    return asyncio.run(read(owner_url))


async def read(owner_url: str) -> list[RecordedEvent]:
    async with PostgresStore(role_url(owner_url, APP_ROLE, role_password(APP_ROLE))) as store:
        return await store.read_range(after=0, limit=FIRST_EVENTS + MORE_EVENTS + 1)


class TestFill:
    def test_it_is_as_long_as_asked_for(self, log: list[RecordedEvent]) -> None:
        assert [event.position for event in log] == list(range(1, FIRST_EVENTS + MORE_EVENTS + 1))
        assert len({event.name for event in log}) >= NAMES_MIN

    def test_every_stream_is_dense_and_time_never_goes_back(self, log: list[RecordedEvent]) -> None:
        versions: defaultdict[str, int] = defaultdict(int)
        for event in log:
            versions[event.stream] += 1
            assert event.version == versions[event.stream]
        times = [event.recorded_at for event in log]
        assert times == sorted(times)
        assert times[-1] < datetime.now(UTC)

    def test_every_event_is_read_and_written_as_it_stands(self, log: list[RecordedEvent]) -> None:
        for event in log:
            assert CODEC.encode(CODEC.decode(event.name, event.schema_version, event.data)).data == event.data

    def test_digests_are_those_that_append_makes(self, log: list[RecordedEvent]) -> None:
        for event in log:
            fields = event._asdict()
            digest = fields.pop("digest")
            del fields["parts"]
            assert digest_of(**fields) == digest

    def test_commands_are_whole_and_remembered(self, log: list[RecordedEvent], owner_url: str) -> None:
        commands = list(commands_of(log))
        for command in commands:
            assert [event.part for event in command] == list(range(1, len(command) + 1))
            assert {event.parts for event in command} == {len(command)}
            assert len({(event.command_id, event.recorded_at, event.metadata) for event in command}) == 1
        with psycopg.connect(owner_url) as connection:
            rows = connection.execute("SELECT command_id, first_position, last_position FROM eventstore.command")
            kept = set(rows.fetchall())
        assert kept == {(command[0].command_id, command[0].position, command[-1].position) for command in commands}

    def test_what_is_sold_was_announced_before(self, log: list[RecordedEvent]) -> None:
        first: dict[str, int] = {}
        for event in log:
            first.setdefault(event.stream, event.position)
        for event in (event for event in log if event.name in {"PerformanceScheduled", "HoldPlaced"}):
            data = CODEC.decode(event.name, event.schema_version, event.data)
            assert first[f"event-{data.event}"] < event.position
            assert event.name == "PerformanceScheduled" or first[f"performance-{data.performance}"] < event.position

    def test_no_promise_is_broken(self, log: list[RecordedEvent]) -> None:
        ledger = Ledger()
        for command in commands_of(log):
            assert violations(ledger, [fact_of(CODEC, event) for event in command]) == []

    def test_seats_are_sold_again_after_they_came_back(self, log: list[RecordedEvent]) -> None:
        sold: defaultdict[str, int] = defaultdict(int)
        for event in log:
            sold[event.stream] += event.name == "SeatSold"
        assert max(sold.values()) > 1

    async def test_every_read_model_folds_it(self, log: list[RecordedEvent], owner_url: str) -> None:
        app_url = role_url(owner_url, APP_ROLE, role_password(APP_ROLE))
        async with ManualProjector(role_url(owner_url, PROJECTOR_ROLE, role_password(PROJECTOR_ROLE))) as projector:
            await projector.fold_events(log)
        expected = fold_reference(decoded(log)).rows()
        async with AsyncConnectionPool(app_url, min_size=1, kwargs={"autocommit": True}, open=False) as pool:
            models = ReadModelQueries(pool)
            for table, (model, query) in TABLES.items():
                found = (await models.fetch([model], query, {})).rows
                assert {tuple(row.values()) for row in found} == expected[table], table

    def test_a_log_that_ends_just_now_cannot_be_filled(self, owner_url: str) -> None:
        with pytest.raises(ValueError, match="give `until` at least"):
            fill(owner_url, 100, until=datetime.now(UTC) - timedelta(days=300))


class TestSeason:
    def test_seats_alone_leave_events_of_seats_alone(self) -> None:
        told = season(seats_alone=1.0)
        names = {part.name for command in told for part in command.deed.parts}
        assert {b"SeatBlocked", b"SeatUnblocked"} <= names
        assert not any(name.startswith((b"Hold", b"Order", b"Payment")) for name in names)

    def test_the_same_seed_tells_the_same_season(self) -> None:
        assert season(seats_alone=0.0) == season(seats_alone=0.0)

    def test_a_season_that_sells_sold_seats_is_found_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert broken_by(season(seats_alone=0.0)) == 0
        monkeypatch.setattr(template_recorder, "FREEING", template_recorder.FREEING | {"SeatSold"})
        assert broken_by(season(seats_alone=0.0)) > 0


def season(*, seats_alone: float) -> list[Command]:
    plan = GenerationPlan(
        events=2_000,
        after=0,
        since_us=1_700_000_000_000_000,
        until_us=1_705_000_000_000_000,
        performances=3,
        seats_alone=seats_alone,
    )
    return list(Schedule(house=HOUSE, repertoire=REPERTOIRE, plan=plan, random=Random(7)).commands())


def broken_by(told: list[Command]) -> int:
    ledger, found = Ledger(), 0
    for command in told:
        at = datetime.fromtimestamp(command.at_us / 1_000_000, UTC)
        facts = [
            LoggedEvent(
                stream=command.lines[2 * number + 1].decode(),
                event=CODEC.decode(part.name.decode(), 1, command.lines[2 * number + 2].decode()),
                recorded_at=at,
            )
            for number, part in enumerate(command.deed.parts)
        ]
        found += len(violations(ledger, facts))
    return found
