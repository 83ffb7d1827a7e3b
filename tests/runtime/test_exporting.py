"""`seatledger audit export`: every byte of the log in a file, and the seals that prove it."""

import asyncio
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow.parquet as pq
import pytest
from pydantic import SecretStr

from audit.log_search import Search
from bench.log_generator import fill
from eventstore.errors import Unexportable
from eventstore.exports import parquet
from eventstore.exports.formats import Format
from eventstore.exports.json_lines import event_of, line_of
from eventstore.exports.manifest import Manifest
from eventstore.postgres import PostgresStore
from eventstore.postgres.migrate import migrate
from eventstore.postgres.roles import APP_ROLE, role_url
from eventstore.sealing.merkle import root_over
from eventstore.sealing.seal import POSITIONS_MAX, seal_from_json
from eventstore.store import EventFilter, NewEvent, RecordedEvent, Write
from runtime.database import HISTORIES
from runtime.exporting import beside, export_log
from runtime.local.embedded import EmbeddedPostgres
from runtime.settings import Settings
from tests.databases import SECRET_KEY, fresh_database, role_password
from tests.eventstore.appends import to_append
from tests.eventstore.sealing.sealing import sealed_log

EVENTS = 2_600
ALL = 2**63 - 1


@pytest.fixture(scope="module")
def owner_url(postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A log that is sealed up to its end."""
    with fresh_database(postgres_server) as url:
        asyncio.run(migrate(url, role_password=role_password, histories=HISTORIES))
        fill(url, EVENTS, seats=60)
        app_url = role_url(url, APP_ROLE, role_password(APP_ROLE))
        sealed_log(url, app_url, tmp_path_factory.mktemp("archive")).seal()
        yield url


@pytest.fixture(scope="module")
def log(owner_url: str) -> list[RecordedEvent]:
    """All of its events."""
    return asyncio.run(read(owner_url))


async def read(owner_url: str) -> list[RecordedEvent]:
    async with PostgresStore(role_url(owner_url, APP_ROLE, role_password(APP_ROLE))) as store:
        return await store.read_range(after=0, limit=EVENTS + 1)


def exported(
    owner_url: str, out: Path, kind: Format = Format.JSONL, wanted: EventFilter | None = None, **at: Any
) -> Manifest:
    """Export what is wanted to a file."""
    settings = Settings(database_url=SecretStr(owner_url), secret_key=SecretStr(SECRET_KEY))
    asked = Search(wanted=wanted or EventFilter(), limit=ALL, **at)
    return asyncio.run(export_log(settings, asked, kind=kind, out=out))


def events_in(out: Path) -> list[RecordedEvent]:
    """Read an export of lines."""
    return [event_of(line) for line in out.read_bytes().splitlines(keepends=True)]


class TestLines:
    def test_every_event_comes_back_byte_for_byte(
        self, owner_url: str, log: list[RecordedEvent], tmp_path: Path
    ) -> None:
        manifest = exported(owner_url, tmp_path / "log.jsonl")
        assert events_in(tmp_path / "log.jsonl") == log
        written = (tmp_path / "log.jsonl").read_bytes()
        assert (manifest.events, manifest.after, manifest.upto) == (EVENTS, 0, EVENTS)
        assert (manifest.sha256, manifest.file_bytes) == (hashlib.sha256(written).hexdigest(), len(written))
        beside_it = json.loads(beside(tmp_path / "log.jsonl", "manifest.json").read_text())
        assert beside_it["sha256"] == manifest.sha256
        line = json.loads(written.splitlines()[0])
        assert line["data"] == json.loads(log[0].data)
        assert line["metadata"] == json.loads(log[0].metadata)

    def test_the_seals_beside_it_prove_it(self, owner_url: str, log: list[RecordedEvent], tmp_path: Path) -> None:
        out = tmp_path / "log.jsonl"
        manifest = exported(owner_url, out)
        seals = [seal_from_json(json.loads(line)) for line in beside(out, "seals.jsonl").read_text().splitlines()]
        digests = [event.digest for event in events_in(out)]
        assert [root_over(digests[seal.first - 1 : seal.last]) for seal in seals] == [seal.root for seal in seals]
        assert len(seals) == manifest.seals >= EVENTS // POSITIONS_MAX
        assert (manifest.sealed_upto, manifest.last_seal) == (EVENTS, seals[-1].hash.hex())
        tampered = [*digests[:9], bytes(32), *digests[10:]]
        assert root_over(tampered[: seals[0].last]) != seals[0].root

    def test_an_export_goes_on_where_another_ended(
        self, owner_url: str, log: list[RecordedEvent], tmp_path: Path
    ) -> None:
        first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
        until = exported(owner_url, first, before=1_001).upto
        manifest = exported(owner_url, second, after=until)
        assert events_in(first) + events_in(second) == log
        assert (manifest.after, manifest.events) == (1_000, EVENTS - 1_000)

    def test_what_is_wanted_and_as_it_was(self, owner_url: str, log: list[RecordedEvent], tmp_path: Path) -> None:
        then, two, one = (tmp_path / f"{name}.jsonl" for name in ("then", "two", "one"))
        middle = log[1_500]
        exported(owner_url, then, until=middle.recorded_at)
        assert events_in(then) == [event for event in log if event.recorded_at <= middle.recorded_at]
        exported(owner_url, two, wanted=EventFilter(names=["SeatSold", "SeatHeld"]), since=middle.recorded_at)
        wanted = [event for event in log if event.name in {"SeatSold", "SeatHeld"}]
        assert events_in(two) == [event for event in wanted if event.recorded_at >= middle.recorded_at]
        exported(owner_url, one, wanted=EventFilter(stream=middle.stream))
        assert events_in(one) == [event for event in log if event.stream == middle.stream]

    def test_an_event_that_would_be_two_lines_is_refused_and_leaves_no_file(
        self, database_url: str, tmp_path: Path
    ) -> None:
        asyncio.run(migrate(database_url, role_password=role_password, histories=HISTORIES))

        async def record() -> None:
            async with PostgresStore(role_url(database_url, APP_ROLE, role_password(APP_ROLE))) as store:
                await store.append([to_append(Write("seat-1", 0, (NewEvent("SeatHeld", 1, '{\n"a":1}'),)))])

        asyncio.run(record())
        with pytest.raises(Unexportable, match="position 1 holds a line break"):
            exported(database_url, tmp_path / "log.jsonl")
        assert not (tmp_path / "log.jsonl").exists()
        assert exported(database_url, tmp_path / "log.parquet", Format.PARQUET).events == 1

    def test_letters_of_any_script_come_back(self, log: list[RecordedEvent]) -> None:
        strange = log[0]._replace(data='{"é":"\\u0000, }"}', metadata='{"x":",\\"data\\":ž"}')
        assert event_of(line_of(strange)) == strange


class TestParquet:
    def test_every_event_comes_back_in_bounded_groups(
        self, owner_url: str, log: list[RecordedEvent], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(parquet, "ROWS_PER_GROUP", 500)
        out = tmp_path / "log.parquet"
        manifest = exported(owner_url, out, Format.PARQUET)
        assert manifest.sha256 == hashlib.sha256(out.read_bytes()).hexdigest()
        file = pq.ParquetFile(io.BytesIO(out.read_bytes()))
        rows = file.read().to_pylist()
        assert [RecordedEvent(**{**row, "command_id": UUID(bytes=row["command_id"])}) for row in rows] == log
        assert file.metadata.num_row_groups > 1
        assert {file.metadata.row_group(0).column(index).compression for index in range(12)} == {"ZSTD"}

    def test_an_export_of_nothing_is_a_file_of_no_rows(self, owner_url: str, tmp_path: Path) -> None:
        manifest = exported(
            owner_url, tmp_path / "no.parquet", Format.PARQUET, wanted=EventFilter(names=["VenueChanged"])
        )
        assert manifest.events == 0
        assert pq.ParquetFile(tmp_path / "no.parquet").metadata.num_rows == 0
