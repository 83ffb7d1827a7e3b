"""`seatledger clock`, typed where the database's clock is right, ran ahead, and ran far ahead."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta

import psycopg
import pytest
from typer.testing import CliRunner, Result

from eventstore.errors import ClockNotAcceptable
from eventstore.postgres.migrate import migrate
from runtime.cli.main import app
from runtime.command_handling import account_name
from runtime.local.embedded import EmbeddedPostgres
from tests.databases import SECRET_KEY, fresh_database, role_password
from tests.eventstore.backends import PLANT_EVENT

Type = Callable[..., Result]
COMMAND_ID = "019f0000-0000-7000-8000-00000000000a"


@pytest.fixture
def log_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    with fresh_database(postgres_server) as url:
        asyncio.run(migrate(url, role_password=role_password))
        yield url


@pytest.fixture
def typed(log_url: str, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Type a command and return what came of it."""
    monkeypatch.setenv("SEATLEDGER_DATABASE_URL", log_url)
    monkeypatch.setenv("SEATLEDGER_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("COLUMNS", "400")
    return lambda *words: CliRunner().invoke(app, ["clock", *words])


def record_ahead(url: str, ahead: timedelta) -> None:
    """Let the last event be recorded ahead of the clock."""
    with psycopg.connect(url) as owner:
        owner.execute(PLANT_EVENT, {"command_id": COMMAND_ID, "ahead": ahead})


def test_given_an_empty_log_then_nothing_is_wrong(typed: Type) -> None:
    shown = typed()
    assert (shown.exit_code, "no event is recorded yet" in shown.output) == (0, True)


def test_given_a_clock_that_is_right_then_there_is_nothing_to_accept(typed: Type, log_url: str) -> None:
    record_ahead(log_url, timedelta(0))
    assert typed().exit_code == 0
    assert isinstance(typed("accept", "--reason", "to be safe").exception, ClockNotAcceptable)


def test_given_a_clock_that_ran_ahead_then_it_says_so_and_what_to_do_and_can_be_accepted(
    typed: Type, log_url: str
) -> None:
    record_ahead(log_url, timedelta(hours=1))
    shown = typed()
    assert shown.exit_code == 1
    assert "seatledger clock accept" in shown.output
    accepted = typed("accept", "--reason", "the time server was wrong")
    assert (accepted.exit_code, "no deadline passes" in accepted.output) == (0, True)
    assert typed().exit_code == 0
    with psycopg.connect(log_url) as owner:
        row = owner.execute("SELECT position, reason, accepted_by FROM eventstore.clock_acceptance").fetchone()
    assert row == (1, "the time server was wrong", account_name())


def test_given_a_clock_that_ran_too_far_ahead_then_it_cannot_be_accepted(typed: Type, log_url: str) -> None:
    record_ahead(log_url, timedelta(days=2))
    refusal = typed("accept", "--reason", "the year was wrong").exception
    assert isinstance(refusal, ClockNotAcceptable)
    assert "restore" in str(refusal)
