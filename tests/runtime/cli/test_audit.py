"""`seatledger audit`, typed against a real log."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from domain.errors import NotFound
from eventstore.postgres.migrate import migrate
from eventstore.store import RecordedEvent
from runtime.cli.main import app
from runtime.cli.output import NOTHING_FOUND
from runtime.database import HISTORIES
from runtime.local.embedded import EmbeddedPostgres
from tests.audit.logs import generate_log, put
from tests.databases import SECRET_KEY, fresh_database, role_password

Type = Callable[..., Result]


@pytest.fixture(scope="module")
def log() -> Sequence[RecordedEvent]:
    """A log in which nearly everything happened that may."""
    return generate_log(2)


@pytest.fixture(scope="module")
def log_url(postgres_server: EmbeddedPostgres, log: Sequence[RecordedEvent]) -> Iterator[str]:
    """The owner's address of a database with that log."""
    with fresh_database(postgres_server) as url:
        asyncio.run(migrate(url, role_password=role_password, histories=HISTORIES))
        put(url, log)
        yield url


@pytest.fixture
def typed(log_url: str, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Type a command and return what came of it."""
    monkeypatch.setenv("SEATLEDGER_DATABASE_URL", log_url)
    monkeypatch.setenv("SEATLEDGER_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("COLUMNS", "400")
    return lambda *words: CliRunner().invoke(app, ["audit", *map(str, words)])


def lines(result: Result) -> list[Any]:
    """Return the JSON objects that were written."""
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


class TestLog:
    def test_given_filters_then_what_they_admit_as_json(self, typed: Type, log: Sequence[RecordedEvent]) -> None:
        expected = [event.position for event in log if event.name == "SeatSold"]
        found = lines(typed("log", "--name", "SeatSold", "--json"))
        assert [event["position"] for event in found] == expected
        (last,) = lines(typed("log", "--name", "SeatSold", "--newest-first", "--limit", 1, "--json"))
        assert last["position"] == expected[-1]

    def test_given_no_json_then_a_table_in_plain_words(self, typed: Type, log: Sequence[RecordedEvent]) -> None:
        shown = typed("log", "--name", "SeatSold", "--limit", 1)
        assert "Sold in order" in shown.output
        assert next(event.stream for event in log if event.name == "SeatSold") in shown.output


class TestThen:
    def test_given_a_stream_and_a_position_then_its_state_there(
        self, typed: Type, log: Sequence[RecordedEvent]
    ) -> None:
        confirmed = next(event for event in log if event.name == "OrderConfirmed")
        (now,) = lines(typed("stream", confirmed.stream, "--json"))
        (then,) = lines(typed("stream", confirmed.stream, "--position", confirmed.position - confirmed.part, "--json"))
        assert then["version"] < now["version"]
        assert (then["state"].get("status"), now["state"]["status"]) == ("pending", "confirmed")
        (early,) = lines(typed("stream", confirmed.stream, "--at", "2000-01-01", "--json"))
        assert (early["state"], early["items"]) == ({"is": "NoOrder"}, [])
        assert "OrderConfirmed" in typed("stream", confirmed.stream).output

    def test_given_a_seat_then_its_history(self, typed: Type, log: Sequence[RecordedEvent]) -> None:
        sold = next(event for event in log if event.name == "SeatSold")
        performance, _, seat = sold.stream.removeprefix("seat-").rpartition("-")
        (found,) = lines(typed("seat", performance, seat, "--json"))
        assert sold.position in [step["position"] for step in found["items"]]
        assert "Sold in order" in typed("seat", performance, seat).output

    def test_given_an_order_then_everything_that_happened_to_it(
        self, typed: Type, log: Sequence[RecordedEvent]
    ) -> None:
        order = next(event.stream for event in log if event.name == "OrderConfirmed").removeprefix("order-")
        (found,) = lines(typed("order", order, "--json"))
        assert found["order"]["status"] == "confirmed"
        assert {event["stream"].partition("-")[0] for event in found["items"]} >= {"seat", "hold", "order", "ticket"}
        assert "captured" in typed("order", order).output

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("stream", "order-nothing"), "There is no stream"),
            (("order", "nothing"), "There is no order"),
            (("stream", "order-nothing", "--position", 10**9), "the log ends at"),
            (("stream", "order-nothing", "--at", "2999-01-01"), "in the future"),
        ],
    )
    def test_given_nonsense_then_it_says_so(self, typed: Type, words: tuple[object, ...], said: str) -> None:
        assert said in str(typed(*words).exception)

    def test_given_amounts_then_they_have_decimals_and_a_currency(
        self, typed: Type, log: Sequence[RecordedEvent]
    ) -> None:
        placed = next(event.stream for event in log if event.name == "OrderPlaced").removeprefix("order-")
        shown = typed("order", placed).output
        assert "minor units" not in shown
        assert re.search(r"total +\d+\.\d\d EUR", shown)

    def test_given_any_stream_then_it_is_shown(self, typed: Type, log: Sequence[RecordedEvent]) -> None:
        for stream in {event.stream.partition("-")[0]: event.stream for event in log}.values():
            assert typed("stream", stream).exit_code == 0
            lines(typed("stream", stream, "--json"))


class TestWhatIsNotThere:
    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("log", "--name", "SeatHold"), "Did you mean SeatSold or SeatHeld"),
            (("log", "--stream", "seat-nowhere"), "There is no stream"),
            (("log", "--actor", "nobody"), "No event has the actor"),
            (("seat", "nothing", "A1"), "There is no performance"),
        ],
    )
    def test_given_a_misspelt_word_then_it_is_refused(self, typed: Type, words: Sequence[str], said: str) -> None:
        assert said in str(typed(*words).exception)

    def test_given_a_seat_that_the_layout_does_not_have_then_it_is_not_free_but_unknown(
        self, typed: Type, log: Sequence[RecordedEvent]
    ) -> None:
        scheduled = next(event for event in log if event.name == "PerformanceScheduled")
        refusal = typed("seat", scheduled.stream.removeprefix("performance-"), "zz9").exception
        assert isinstance(refusal, NotFound)

    @pytest.mark.parametrize("how", [(), ("--json",)])
    def test_given_nothing_that_fits_then_its_own_status(self, typed: Type, how: tuple[str, ...]) -> None:
        found = typed("log", "--name", "SeatHeld", "--to", "2000-01-01", *how)
        assert found.exit_code == NOTHING_FOUND
        assert found.output.startswith("" if how else "Nothing found")


class TestRanges:
    def test_given_positions_then_after_leaves_its_own_out_and_up_to_takes_it_in(
        self, typed: Type, log: Sequence[RecordedEvent], tmp_path: Path
    ) -> None:
        expected = [event.position for event in log if 4 < event.position <= 8]
        shown = lines(typed("log", "--after", 4, "--up-to", 8, "--json"))
        assert [event["position"] for event in shown] == expected
        out = tmp_path / "log.jsonl"
        assert typed("export", "--after", 4, "--up-to", 8, "--out", out).exit_code == 0
        assert [json.loads(line)["position"] for line in out.read_text().splitlines()] == expected

    def test_given_names_then_they_are_exported_alone(
        self, typed: Type, log: Sequence[RecordedEvent], tmp_path: Path
    ) -> None:
        out = tmp_path / "log.jsonl"
        assert typed("export", "--name", "SeatSold", "--out", out).exit_code == 0
        found = [json.loads(line)["position"] for line in out.read_text().splitlines()]
        assert found == [event.position for event in log if event.name == "SeatSold"]


class TestFiles:
    def test_given_a_missing_folder_or_a_file_that_is_there_then_nothing_is_written(
        self, typed: Type, tmp_path: Path
    ) -> None:
        missing = typed("export", "--out", tmp_path / "none" / "log.jsonl")
        assert "There is no folder" in str(missing.exception)
        out = tmp_path / "log.jsonl"
        for name in (out.name, f"{out.name}.seals.jsonl", f"{out.name}.manifest.json"):
            there = tmp_path / name
            there.write_text("something else")
            assert "exists already" in str(typed("export", "--out", out).exception)
            assert there.read_text() == "something else"
            there.unlink()
        assert typed("export", "--out", out).exit_code == 0
        assert "exists already" in str(typed("export", "--out", out).exception)


class TestVerify:
    def test_given_a_position_beyond_the_end_then_it_could_not_be_compared(self, typed: Type) -> None:
        found = typed("verify", "--after", 9_999_999)
        assert found.exit_code == 2
        assert "no event comes after position 9999999" in found.stderr

    def test_given_a_range_then_after_leaves_its_position_out_and_up_to_takes_it_in(self, typed: Type) -> None:
        found = json.loads(typed("verify", "--after", 4, "--up-to", 8, "--json").stdout)
        assert (found["first"], found["last"]) == (5, 8)
