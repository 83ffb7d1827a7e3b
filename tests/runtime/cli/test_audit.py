"""`seatledger audit`, typed against a real log."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from eventstore.migrate import migrate
from eventstore.store import Recorded
from runtime.cli.main import app
from runtime.embedded import EmbeddedPostgres
from tests.databases import SECRET_KEY, fresh_database, role_password
from tests.projections.past.logs import lived, put

Type = Callable[..., Result]


@pytest.fixture(scope="module")
def log() -> Sequence[Recorded]:
    """A log in which nearly everything happened that may."""
    return lived(2)


@pytest.fixture(scope="module")
def log_url(postgres_server: EmbeddedPostgres, log: Sequence[Recorded]) -> Iterator[str]:
    """The owner's address of a database with that log."""
    with fresh_database(postgres_server) as url:
        asyncio.run(migrate(url, role_password=role_password))
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
    def test_given_filters_then_what_they_admit_as_json(self, typed: Type, log: Sequence[Recorded]) -> None:
        expected = [event.position for event in log if event.name == "SeatSold"]
        found = lines(typed("log", "--name", "SeatSold", "--json"))
        assert [event["position"] for event in found] == expected
        (last,) = lines(typed("log", "--name", "SeatSold", "--newest-first", "--limit", 1, "--json"))
        assert last["position"] == expected[-1]

    def test_given_no_json_then_a_table_in_plain_words(self, typed: Type, log: Sequence[Recorded]) -> None:
        shown = typed("log", "--name", "SeatSold", "--limit", 1)
        assert "Sold in order" in shown.output
        assert next(event.stream for event in log if event.name == "SeatSold") in shown.output


class TestThen:
    def test_given_a_stream_and_a_position_then_its_state_there(self, typed: Type, log: Sequence[Recorded]) -> None:
        confirmed = next(event for event in log if event.name == "OrderConfirmed")
        (now,) = lines(typed("stream", confirmed.stream, "--json"))
        (then,) = lines(typed("stream", confirmed.stream, "--position", confirmed.position - confirmed.part, "--json"))
        assert then["version"] < now["version"]
        assert (then["state"].get("status"), now["state"]["status"]) == ("pending", "confirmed")
        (early,) = lines(typed("stream", confirmed.stream, "--at", "2000-01-01", "--json"))
        assert (early["state"], early["items"]) == ({"is": "NoOrder"}, [])
        assert "OrderConfirmed" in typed("stream", confirmed.stream).output

    def test_given_a_seat_then_its_history(self, typed: Type, log: Sequence[Recorded]) -> None:
        sold = next(event for event in log if event.name == "SeatSold")
        performance, _, seat = sold.stream.removeprefix("seat-").rpartition("-")
        (found,) = lines(typed("seat", performance, seat, "--json"))
        assert sold.position in [step["position"] for step in found["items"]]
        assert "Sold in order" in typed("seat", performance, seat).output

    def test_given_an_order_then_everything_that_happened_to_it(self, typed: Type, log: Sequence[Recorded]) -> None:
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
            (("stream", "order-nothing", "--at", "2999-01-01"), "yet to come"),
        ],
    )
    def test_given_nonsense_then_it_says_so(self, typed: Type, words: tuple[object, ...], said: str) -> None:
        assert said in str(typed(*words).exception)
