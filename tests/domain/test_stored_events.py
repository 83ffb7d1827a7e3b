"""Can every event be read that was ever stored, and nothing else?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from domain.event_registry import EVENTS, UPCASTERS, VERSIONS
from eventstore.errors import UnknownEvent
from eventstore.schema.codec import Codec
from eventstore.schema.upcasting import UpcasterChain
from eventstore.store import RecordedEvent
from projections.engine.event_reader import ProjectionEventReader, UnreadableData
from tests.golden import Golden, faults, golden_files
from tests.support.engine import CODEC

GOLDEN = golden_files()
ZONE = re.compile(r"(T\d\d:\d\d:\d\d[.\d]*)\+00:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatPainted:
    """An event whose first version said `colour` and no time."""

    color: str
    at: datetime


def painted_since(data: dict[str, Any]) -> dict[str, Any]:
    return {"color": data["colour"], "at": "2026-01-01T00:00:00+00:00"}


TODAY = {"SeatPainted": 2}
UPCASTER = {("SeatPainted", 1): painted_since}
PAINT = Codec({"SeatPainted": SeatPainted}, TODAY, UPCASTER)
STORED = '{"colour":"red"}'
PAINTED = '{"color":"red","at":"2026-01-01T00:00:00+00:00"}'


def recorded_as(name: str, version: int, data: str) -> RecordedEvent:
    """Return an event as it stands in a log."""
    return RecordedEvent(
        position=1,
        stream="seat-1-a1",
        version=1,
        name=name,
        schema_version=version,
        command_id=UUID(int=1),
        part=1,
        parts=1,
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
        data=data,
        metadata="{}",
        digest=b"",
    )


class TestGoldenFiles:
    def test_every_version_of_every_event_has_one_and_is_read(self) -> None:
        assert faults(CODEC, GOLDEN, VERSIONS) == []
        assert set(VERSIONS) == set(EVENTS)
        assert {name for name, _ in UPCASTERS} <= set(EVENTS)

    @pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: f"{golden.name}.v{golden.version}")
    def test_fields_that_are_not_known_are_refused(self, golden: Golden) -> None:
        for strange in with_a_strange_field(orjson.loads(golden.stored)):
            with pytest.raises(UnknownEvent, match="does not fit its class"):
                CODEC.decode(golden.name, golden.version, orjson.dumps(strange).decode())

    def test_times_without_a_zone_are_refused(self) -> None:
        timed = [golden for golden in GOLDEN if ZONE.search(golden.stored)]
        assert len(timed) >= 10
        for golden in timed:
            with pytest.raises(UnknownEvent, match="a time without a zone"):
                CODEC.decode(golden.name, golden.version, ZONE.sub(r"\1", golden.stored))

    def test_values_of_another_kind_are_refused(self) -> None:
        for data in ('{"expires_at":1772366400}', '{"expires_at":null}', "{}", "[]", "no JSON"):
            with pytest.raises(UnknownEvent):
                CODEC.decode("HoldExtended", 1, data)

    @pytest.mark.parametrize(
        ("name", "version", "why"),
        [("SeatHeated", 1, "No event is called SeatHeated"), ("SeatHeld", 99, "newer than this program")],
    )
    def test_names_and_versions_that_are_not_known_are_refused(self, name: str, version: int, why: str) -> None:
        assert why in (UpcasterChain(versions=VERSIONS, upcasters=UPCASTERS).why_unreadable(name, version) or "")
        with pytest.raises(UnknownEvent, match=why):
            CODEC.decode(name, version, "{}")


class TestANewVersion:
    """A second version of an event, from the golden file to the read models."""

    def test_the_older_one_is_read_as_todays(self, tmp_path: Path) -> None:
        paths = {"SeatPainted.v1.json": STORED, "SeatPainted.v1.today.json": PAINTED, "SeatPainted.v2.json": PAINTED}
        for path, text in paths.items():
            (tmp_path / path).write_text(text)
        assert faults(PAINT, golden_files(tmp_path), TODAY) == []
        assert PAINT.encode(PAINT.decode("SeatPainted", 1, STORED)).schema_version == 2

    def test_a_version_without_a_golden_file_is_found_out(self, tmp_path: Path) -> None:
        (tmp_path / "SeatPainted.v2.json").write_text(PAINTED)
        assert faults(PAINT, golden_files(tmp_path), TODAY) == ["SeatPainted version 1 has no golden file"]

    def test_an_upcaster_that_changed_is_found_out(self, tmp_path: Path) -> None:
        (tmp_path / "SeatPainted.v1.json").write_text(STORED)
        (tmp_path / "SeatPainted.v1.today.json").write_text(PAINTED.replace("red", "blue"))
        (tmp_path / "SeatPainted.v2.json").write_text(PAINTED)
        assert faults(PAINT, golden_files(tmp_path), TODAY) == [f"SeatPainted version 1 became {PAINTED}"]

    def test_read_models_see_todays_fields(self) -> None:
        reader = ProjectionEventReader(names=frozenset(TODAY), versions=TODAY, upcasters=UPCASTER)
        (fact,) = reader.read([recorded_as("SeatPainted", 1, STORED)])
        assert fact.data == orjson.loads(PAINTED)

    def test_without_its_upcaster_it_is_unreadable(self) -> None:
        without = Codec({"SeatPainted": SeatPainted}, TODAY, {})
        with pytest.raises(UnknownEvent, match="There is no upcaster from SeatPainted version 1 to the next"):
            without.decode("SeatPainted", 1, STORED)
        (fact,) = ProjectionEventReader(names=frozenset(TODAY), versions=TODAY, upcasters={}).read(
            [recorded_as("SeatPainted", 1, STORED)]
        )
        assert isinstance(fact.data, UnreadableData)


def with_a_strange_field(node: Any) -> Iterator[Any]:
    """Yield the document with one more field, at every place where it has any."""
    match node:
        case dict():
            yield {**node, "strange": 1}
            for key, value in node.items():
                yield from ({**node, key: changed} for changed in with_a_strange_field(value))
        case list():
            for index, value in enumerate(node):
                yield from ([*node[:index], changed, *node[index + 1 :]] for changed in with_a_strange_field(value))
