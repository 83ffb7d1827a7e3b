"""Every kind of stream and every event type in every historical answer, without errors."""

from collections.abc import Sequence

import orjson
import pytest

from audit.descriptions import describers
from domain.event_registry import EVENTS, STREAM_TYPES
from domain.values import Role
from eventstore.store import Append
from tests.api.http_scenario import Headers, HttpScenario, done
from tests.golden_streams import appends


@pytest.fixture
async def auditor(office: HttpScenario) -> Headers:
    """Headers of an auditor."""
    return await office.somebody(Role.AUDITOR)


@pytest.fixture
async def written(office: HttpScenario) -> Sequence[Append]:
    """A log with every kind of stream and every event type."""
    made = appends(office.performance_id, office.seats)
    for append in made:
        await office.shop.engine.store.append([append])
    return made


def streams_in(written: Sequence[Append]) -> list[str]:
    """Return the streams of the log."""
    return [write.stream for append in written for write in append.writes]


class TestWalk:
    async def test_given_any_stream_then_it_is_shown_as_it_is_and_was(
        self, office: HttpScenario, auditor: Headers, written: Sequence[Append]
    ) -> None:
        streams = streams_in(written)
        assert {stream.split("-", 1)[0] for stream in streams} == STREAM_TYPES.keys()
        for stream in streams:
            shown = done(await office.get(f"/audit/streams/{stream}", auditor))
            begun = shown["items"][0]["position"]
            done(await office.get(f"/audit/streams/{stream}", auditor, position=begun))
            assert shown["state"] is None or shown["state"]["is"]
            assert "+00:00" not in orjson.dumps(shown["state"]).decode()

    async def test_given_the_whole_log_then_every_event_has_its_sentence(
        self, office: HttpScenario, auditor: Headers, written: Sequence[Append]
    ) -> None:
        names: set[str] = set()
        after = 0
        while after < await office.head():
            items = done(await office.get("/audit/log", auditor, after=after))["items"]
            names |= {item["name"] for item in items}
            assert all(item["sentence"].endswith(".") for item in items)
            after = items[-1]["position"]
        assert names >= EVENTS.keys()

    async def test_given_any_order_and_seat_then_they_are_shown(
        self, office: HttpScenario, auditor: Headers, written: Sequence[Append]
    ) -> None:
        for stream in streams_in(written):
            kind, _, rest = stream.partition("-")
            if kind == "order":
                done(await office.get(f"/audit/orders/{rest}", auditor))
            if kind == "seat":
                done(await office.get(f"/audit/seats/{rest[:36]}/{rest[37:]}", auditor))
        done(await office.get(f"/audit/performances/{office.performance_id}/seats", auditor))

    async def test_given_the_whole_log_then_it_can_be_exported(
        self, office: HttpScenario, auditor: Headers, written: Sequence[Append]
    ) -> None:
        for kind in ("jsonl", "parquet"):
            assert (await office.get("/audit/export", auditor, format=kind)).status_code == 200

    async def test_given_an_event_without_words_then_its_name_is_its_sentence(
        self, office: HttpScenario, auditor: Headers, written: Sequence[Append], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def forgotten(_event: object, _currency: str | None = None) -> str:
            raise AssertionError("expected code to be unreachable")

        monkeypatch.setattr(describers, "DESCRIBERS", dict.fromkeys(describers.DESCRIBERS, forgotten))
        items = done(await office.get("/audit/log", auditor, name="SeatHeld"))["items"]
        assert {item["sentence"] for item in items} == {"Seat held."}


class TestAmounts:
    async def test_given_amounts_without_a_currency_then_that_of_the_performance_is_shown(
        self, office: HttpScenario, auditor: Headers
    ) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))["order_id"]
        found = done(await office.get(f"/audit/seats/{office.performance_id}/{office.seats[0]}", auditor))
        assert "for 45.00 EUR" in found["items"][0]["sentence"]
        (placed,) = done(await office.get(f"/audit/streams/order-{order}", auditor))["items"]
        assert "for 45.00 EUR" in placed["sentence"]
        items = done(await office.get("/audit/log", auditor, name="SeatHeld"))["items"]
        assert all("45.00 EUR" in item["sentence"] for item in items)
