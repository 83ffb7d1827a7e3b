"""The log as a file over HTTP: streamed, and continued after an interruption."""

import asyncio
import io
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from api.routes.operations import exports
from domain.values import Role
from eventstore.exports.json_lines import event_of
from eventstore.sealing.merkle import root_over
from eventstore.sealing.seal import seal_from_json
from eventstore.store import RecordedEvent
from runtime.wiring import EXPORTS_MAX
from tests.api.http_scenario import Headers, HttpScenario, refused
from tests.eventstore.backends import app_url_of
from tests.eventstore.sealing.sealing import sealed_log


@pytest.fixture
async def auditor(office: HttpScenario) -> Headers:
    """Headers of an auditor."""
    return await office.somebody(Role.AUDITOR)


async def asked(office: HttpScenario, headers: Headers, **parameters: Any) -> httpx.Response:
    """Request a file."""
    return await office.get("/audit/export", headers, **parameters)


def events_in(answer: httpx.Response) -> list[RecordedEvent]:
    """Return the events of an answer in JSON Lines."""
    return [event_of(line) for line in answer.content.splitlines(keepends=True)]


class TestExport:
    async def test_the_whole_log_in_lines(self, office: HttpScenario, auditor: Headers) -> None:
        answer = await asked(office, auditor)
        log = await office.shop.engine.store.read_range(after=0, limit=1_000)
        assert events_in(answer) == log
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert answer.headers["export-upto"] == str(log[-1].position)
        assert "export-next" not in answer.headers

    async def test_parts_of_it_make_the_whole(
        self, office: HttpScenario, auditor: Headers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(exports, "POSITIONS_PER_EXPORT_MAX", 4)
        found, following = list[RecordedEvent](), "0"
        while following:
            answer = await asked(office, auditor, after=following)
            found += events_in(answer)
            following = answer.headers.get("export-next", "")
        assert found == await office.shop.engine.store.read_range(after=0, limit=1_000)

    async def test_given_others_are_being_sent_then_it_waits_its_turn_and_is_refused_after_a_while(
        self, office: HttpScenario, auditor: Headers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        turns = office.shop.engine.exports
        monkeypatch.setattr(turns, "_waiting_seconds_max", 0.01)
        async with AsyncExitStack() as others:
            for _ in range(EXPORTS_MAX):
                await others.enter_async_context(turns)
            assert refused(await asked(office, auditor)) == (503, "busy")
        assert (await asked(office, auditor)).is_success
        assert turns.running == 0

    async def test_as_parquet(self, office: HttpScenario, auditor: Headers) -> None:
        answer = await asked(office, auditor, format="parquet", after=1, before=4)
        rows = pq.ParquetFile(io.BytesIO(answer.content)).read().to_pylist()
        log = await office.shop.engine.store.read_range(after=0, limit=1_000)
        assert [(row["position"], row["data"]) for row in rows] == [(each.position, each.data) for each in log[1:3]]

    async def test_what_is_wanted(self, office: HttpScenario, auditor: Headers) -> None:
        stream = f"performance-{office.performance_id}"
        assert {event.stream for event in events_in(await asked(office, auditor, stream=stream))} == {stream}
        names = {event.name for event in events_in(await asked(office, auditor, name="PerformanceScheduled"))}
        assert names == {"PerformanceScheduled"}

    async def test_the_seals_of_the_same_positions(
        self, office: HttpScenario, auditor: Headers, shop_database: str, tmp_path: Path
    ) -> None:
        assert (await office.get("/audit/export/seals", auditor)).content == b""
        await asyncio.to_thread(sealed_log(shop_database, app_url_of(shop_database), tmp_path).seal)
        answer = await office.get("/audit/export/seals", auditor, after=1, before=4)
        (seal,) = [seal_from_json(json.loads(line)) for line in answer.content.splitlines()]
        digests = [event.digest for event in events_in(await asked(office, auditor, before=seal.last + 1))]
        assert root_over(digests) == seal.root

    async def test_nobody_else_gets_it(self, office: HttpScenario, auditor: Headers) -> None:
        assert refused(await asked(office, await office.somebody(Role.SUPPORT))) == (403, "forbidden")
        assert refused(await asked(office, await office.somebody())) == (403, "forbidden")
        assert refused(await asked(office, auditor, format="csv")) == (422, "malformed")
