"""`seatledger projections`, typed against real read models that nobody folds at the moment."""

import asyncio
from collections.abc import Callable, Iterator, Sequence

import psycopg
import pytest
from typer.testing import CliRunner, Result

from domain.errors import Rejected
from eventstore.postgres.migrate import migrate
from eventstore.store import RecordedEvent
from projections.registry import EVERY_MODEL
from runtime.cli.main import app
from runtime.database import HISTORIES
from runtime.local.embedded import EmbeddedPostgres
from runtime.settings import SettingsRefused
from tests.audit.logs import generate_log, put
from tests.databases import SECRET_KEY, fresh_database, role_password

Type = Callable[..., Result]

REGISTER = """
INSERT INTO projections.projection (name, version, schema, position, fence, state, heartbeat_at)
VALUES (%(name)s, 1, %(name)s || '_v1_0', 0, 0, 'running', now())
"""
FAIL = """
UPDATE projections.projection
SET state = 'failed', position = %(position)s - 1, failed_position = %(position)s, error = 'ValueError: too much'
WHERE name = 'seat_map'
"""
FAILED_AT = 7


@pytest.fixture(scope="module")
def log() -> Sequence[RecordedEvent]:
    """A log in which nearly everything happened that may."""
    return generate_log(2)


@pytest.fixture
def database_url(postgres_server: EmbeddedPostgres, log: Sequence[RecordedEvent]) -> Iterator[str]:
    """The owner's address of a database with a log, and rows for its read models; one has failed."""
    with fresh_database(postgres_server) as url:
        asyncio.run(migrate(url, role_password=role_password, histories=HISTORIES))
        put(url, log)
        with psycopg.connect(url) as owner:
            owner.cursor().executemany(REGISTER, [{"name": model.name} for model in EVERY_MODEL])
            owner.execute(FAIL, {"position": FAILED_AT})
        yield url


@pytest.fixture
def typed(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Type a command and return what came of it."""
    monkeypatch.setenv("SEATLEDGER_DATABASE_URL", database_url)
    monkeypatch.setenv("SEATLEDGER_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("COLUMNS", "400")
    return lambda *words: CliRunner().invoke(app, ["projections", *map(str, words)])


def output_of(result: Result) -> str:
    """Return what a command said that must be a success."""
    assert result.exit_code == 0, result.output
    return result.output


def refused(result: Result) -> str:
    """Return the sentence that a command was refused with."""
    assert isinstance(result.exception, SettingsRefused | Rejected), result.output
    return str(result.exception)


def line_of(name: str, table: str) -> str:
    """Return a read model's line."""
    return next(line for line in table.splitlines() if name in line)


class TestTrouble:
    def test_given_one_that_failed_then_it_is_shown_and_can_go_on_without_the_event(
        self, typed: Type, log: Sequence[RecordedEvent]
    ) -> None:
        event = log[FAILED_AT - 1]
        shown = output_of(typed("list"))
        assert f"seat_map failed on {event.name} of {event.stream} at {FAILED_AT}: ValueError" in shown
        assert "failed at position 7, not at 8" in refused(
            typed("skip", "seat_map", "--position", FAILED_AT + 1, "--reason", "defect")
        )
        assert "continues without" in output_of(
            typed("skip", "seat_map", "--position", FAILED_AT, "--reason", "defect")
        )
        assert f"seat_map excludes the event at {FAILED_AT}" in output_of(typed("list"))
        assert "has not failed" in refused(typed("retry", "seat_map"))
        assert "does not skip the event at 1" in refused(typed("unskip", "seat_map", "--position", 1))
        assert "is rebuilt with the event" in output_of(typed("unskip", "seat_map", "--position", FAILED_AT))
        assert "excludes" not in output_of(typed("list"))

    def test_given_a_stream_then_it_can_be_parked_and_unparked(self, typed: Type, log: Sequence[RecordedEvent]) -> None:
        stream = next(event.stream for event in log if event.name == "SeatHeld")
        assert "no stream seat-x" in refused(typed("park", "sales", "--stream", "seat-x", "--reason", "damaged_rows"))
        output_of(typed("park", "sales", "--stream", stream, "--reason", "damaged_rows"))
        assert f"sales excludes the stream {stream}" in output_of(typed("list"))
        assert "projections rebuild sales" in output_of(typed("unpark", "sales", "--stream", stream))
        assert stream not in output_of(typed("list"))

    def test_given_one_that_runs_then_it_can_be_paused_and_resumed(self, typed: Type) -> None:
        output_of(typed("pause", "tickets"))
        assert "paused" in line_of("tickets", output_of(typed("list")))
        output_of(typed("resume", "tickets"))
        assert "running" in line_of("tickets", output_of(typed("list")))

    def test_given_no_such_read_model_then_those_there_are(self, typed: Type) -> None:
        assert "choose one of: seat_map" in refused(typed("pause", "weather"))
