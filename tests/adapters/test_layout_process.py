"""Layout tasks in a subprocess: their results, and the limits on time and memory."""

import gzip
import json
from io import BufferedRandom
from pathlib import Path
from typing import Any

import pytest

from adapters.layout_process.process import LayoutProcesses, safe_environment
from adapters.layout_process.work import OUTLINE_FIELDS_MAX, OUTLINE_TEXT_LENGTH_MAX, outline
from domain.layout.formats.reading import read_layout
from domain.layout.model import SEATS_MAX
from domain.layout.publishing import publish
from domain.layout.validation import FaultCode, LayoutFaults

GRID = {"sections": [{"name": "Stalls", "category": "A", "rows": 3, "seats_per_row": 4}]}
MIB = 1024 * 1024


@pytest.fixture
def processes() -> LayoutProcesses:
    return LayoutProcesses()


class Written:
    """Creates open files with given content."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "body"

    def __call__(self, body: Any) -> BufferedRandom:
        """Return an open file at its beginning."""
        self._path.write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
        return self._path.open("r+b")


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path)


def layout_request(document: Any, format_name: str = "grid") -> dict[str, Any]:
    """Return a request's body."""
    return {"name": "Main hall", "format": format_name, "document": document}


def keys_in(document: bytes) -> dict[str, str]:
    """Return the key of every seat by its source id."""
    layout = publish(read_layout("seatledger", document.decode()))
    return {seat.source_id: seat.key for seat in layout.seats()}


class TestPublish:
    async def test_given_a_document_then_it_comes_back_in_our_own_format(
        self, processes: LayoutProcesses, written: Written
    ) -> None:
        found = await processes.publish(written(layout_request(GRID)), None)
        assert (found.malformed, found.faults) == (None, ())
        assert found.outline == layout_request({})
        assert found.published is not None
        assert found.published.capacity == 12
        layout = publish(read_layout("seatledger", found.published.content.decode()))
        assert [seat.label for seat in layout.seats()] == ["1", "2", "3", "4"] * 3

    async def test_given_the_one_before_then_seats_keep_their_keys(
        self, processes: LayoutProcesses, written: Written
    ) -> None:
        first = await processes.publish(written(layout_request(GRID)), None)
        assert first.published is not None
        wider = {"sections": [GRID["sections"][0] | {"seats_per_row": 5}]}
        second = await processes.publish(written(layout_request(wider)), first.published.content)
        assert second.published is not None
        before, after = (keys_in(one.content) for one in (first.published, second.published))
        assert before.items() <= after.items()
        assert len(after) == 15

    async def test_given_faults_then_each_comes_back(self, processes: LayoutProcesses, written: Written) -> None:
        found = await processes.publish(written(layout_request({"sections": [{"name": "Stalls"}]})), None)
        assert found.published is None
        assert {fault.code for fault in found.faults} == {FaultCode.MISSING}

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"NaN",
            b'{"name": "a\\u0000b"}',
            b"[" * 100_000,
            b"[" * 1_000 + b"]" * 1_000,
            b'{"name": "a", "name": "b", "format": "grid", "document": {}}',
            b'{"name": "a", "format": "grid", "document": {"sections": [], "sections": []}}',
        ],
    )
    async def test_given_no_json_then_it_says_so(
        self, processes: LayoutProcesses, written: Written, body: bytes
    ) -> None:
        found = await processes.publish(written(body), None)
        assert found.malformed
        assert found.published is None

    @pytest.mark.parametrize("body", [b"[]", b"null", b"7", b'"text"', b"{}", b'{"format": 7, "document": {}}'])
    async def test_given_another_shape_then_the_outline_shows_it(
        self, processes: LayoutProcesses, written: Written, body: bytes
    ) -> None:
        found = await processes.publish(written(body), None)
        assert (found.malformed, found.published) == (None, None)


class TestOutline:
    def test_given_large_parts_then_their_kinds_are_left(self) -> None:
        shown = outline({"name": "x" * 10**6, "document": {"a": [1] * 1_000}, "format": "grid", "more": [1], "n": 3})
        assert shown == {"name": "x" * OUTLINE_TEXT_LENGTH_MAX, "document": {}, "format": "grid", "more": [], "n": 3}

    def test_given_many_fields_then_some_are_left(self) -> None:
        shown = outline({str(number): number for number in range(10**5)})
        assert isinstance(shown, dict)
        assert len(shown) == OUTLINE_FIELDS_MAX


class TestLimits:
    async def test_given_too_little_memory_then_the_document_is_refused_and_the_next_one_published(
        self, written: Written
    ) -> None:
        processes = LayoutProcesses(bytes_max=192 * MIB)
        with pytest.raises(LayoutFaults) as refused:
            await processes.publish(written(b"[" + b"{}," * 3 * MIB + b"{}]"), None)
        assert [fault.code for fault in refused.value.faults] == [FaultCode.TOO_MANY]
        assert (await processes.publish(written(layout_request(GRID)), None)).published is not None
        assert (processes.tasks, processes.ended) == (2, 1)

    async def test_given_too_little_time_then_the_process_is_killed(self, written: Written) -> None:
        processes = LayoutProcesses(seconds_max=0)
        with pytest.raises(LayoutFaults):
            await processes.publish(written(layout_request(GRID)), None)
        assert processes.ended == 1

    async def test_given_the_largest_layout_then_it_is_read_within_them(
        self, processes: LayoutProcesses, written: Written
    ) -> None:
        stand = {"name": "Stand", "category": "A", "rows": 100, "seats_per_row": 100}
        sections = [stand | {"name": f"{number}"} for number in range(SEATS_MAX // 10_000)]
        found = await processes.publish(written(layout_request({"sections": sections})), None)
        assert found.published is not None
        assert found.published.capacity == SEATS_MAX

    async def test_given_the_environment_s_secrets_then_the_process_has_none(
        self, processes: LayoutProcesses, written: Written, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SEATLEDGER_SECRET_KEY", "hidden")
        assert (await processes.publish(written(layout_request(GRID)), None)).published is not None
        assert "SEATLEDGER_SECRET_KEY" not in safe_environment()


async def test_given_a_published_document_then_its_drawing_comes_back(
    processes: LayoutProcesses, written: Written
) -> None:
    found = await processes.publish(written(layout_request(GRID)), None)
    assert found.published is not None
    drawing = await processes.render(found.published.content)
    assert json.loads(drawing.plain)["seat_count"] == 12
    assert gzip.decompress(drawing.compressed) == drawing.plain
