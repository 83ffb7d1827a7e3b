"""The committed descriptions of events are those of this code, and true of what is stored and sent."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema_rs
import orjson
import pytest

from domain.event_registry import EVENTS, UPCASTERS, VERSIONS
from eventstore.nats.asyncapi import ENVELOPE, HEADERS, asyncapi
from eventstore.nats.message import headers_of, payload_of
from eventstore.store import RecordedEvent
from runtime.documents import documents, write_documents
from tests.golden import GOLDEN, Golden, golden_files

COMMITTED = Path(__file__).parents[2] / "docs" / "events"
DOCUMENTS = documents(GOLDEN)
HELD = next(golden for golden in golden_files() if golden.name == "SeatHeld")
EVENT = RecordedEvent(
    position=17,
    stream="seat-1-a1",
    version=3,
    name=HELD.name,
    schema_version=HELD.version,
    command_id=UUID(int=1),
    part=1,
    parts=2,
    recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    data=HELD.stored,
    metadata='{"actor":{"id":"ž"}}',
    digest=bytes(32),
)


def valid(schema: Any, document: Any) -> bool:
    """Say whether a document is as a schema says, formats included."""
    return jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(document)


class TestCommitted:
    def test_the_committed_files_are_those_of_this_code(self) -> None:
        for name, text in DOCUMENTS.items():
            assert (COMMITTED / name).read_text() == text, "run `seatledger events schema` and commit docs/events"

    def test_every_version_there_ever_was_stays_described(self) -> None:
        versions = {f"{name}.v{version}.json" for name, version in UPCASTERS}
        assert {path.name for path in COMMITTED.iterdir()} == set(DOCUMENTS) | versions

    def test_they_are_written_as_told(self, tmp_path: Path) -> None:
        written = write_documents(tmp_path / "new", GOLDEN)
        assert {path.name: path.read_text() for path in written} == DOCUMENTS


class TestSchemas:
    @pytest.mark.parametrize("golden", golden_files(), ids=lambda golden: f"{golden.name}.v{golden.version}")
    def test_what_is_stored_is_as_its_schema_says(self, golden: Golden) -> None:
        schema = json.loads((COMMITTED / f"{golden.name}.v{golden.version}.json").read_text())
        jsonschema_rs.meta.validate(schema)
        stored = orjson.loads(golden.stored)
        assert valid(schema, stored)
        assert schema["examples"] == [stored]
        assert not valid(schema, {**stored, "strange": 1})
        for name in schema.get("required", []):
            assert not valid(schema, {key: value for key, value in stored.items() if key != name})

    def test_they_say_what_the_classes_say(self) -> None:
        held = json.loads(DOCUMENTS["SeatHeld.v1.json"])
        assert held["description"] == "A buyer claimed the seat until `expires_at`, at `price` (minor units, gross)."
        assert held["properties"]["price"]["description"] == held["description"]
        assert held["properties"]["expires_at"]["format"] == "date-time"
        assert all(json.loads(DOCUMENTS[f"{name}.v{VERSIONS[name]}.json"])["description"] for name in EVENTS)

    def test_times_stand_where_the_codec_looks_for_them(self) -> None:
        for name in EVENTS:
            inside = json.loads(DOCUMENTS[f"{name}.v{VERSIONS[name]}.json"]).get("$defs", {})
            assert "date-time" not in json.dumps(inside)


class TestAsyncApi:
    def test_a_message_is_as_it_says(self) -> None:
        line, _, rest = payload_of(EVENT).partition(b"\n")
        envelope = orjson.loads(line)
        assert valid(ENVELOPE, envelope)
        assert not valid(ENVELOPE, {**envelope, "strange": 1})
        assert rest[: envelope["data_bytes"]].decode() == EVENT.data
        assert rest[envelope["data_bytes"] :].decode() == EVENT.metadata
        assert valid(HEADERS, headers_of(EVENT))
        assert not valid(HEADERS, {})

    def test_every_reference_leads_somewhere(self) -> None:
        document = asyncapi()
        for reference in references(document):
            place: Any = document
            for step in reference.removeprefix("#/").split("/"):
                place = place[step]


def references(node: Any) -> list[str]:
    """Return every `$ref` of a document."""
    match node:
        case {"$ref": str(reference)}:
            return [reference]
        case dict():
            return [found for value in node.values() for found in references(value)]
        case list():
            return [found for value in node for found in references(value)]
        case _:
            return []
