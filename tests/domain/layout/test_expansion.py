"""How large may a layout become that a small document describes?"""

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.layout import Inventory
from domain.layout.formats.reading import read_layout
from domain.layout.model import (
    AREAS_MAX,
    CAPACITY_MAX,
    CATEGORIES_MAX,
    LANDMARKS_MAX,
    ROWS_PER_SECTION_MAX,
    SEATS_PER_ROW_MAX,
    SECTIONS_MAX,
)
from domain.layout.native_writer import categories_in, write_native
from domain.layout.publishing import publish
from tests.domain.layout.samples import SAMPLES, SEATSIO, changed, faults_of, published

KIB = 1024


def standing(*capacities: int) -> dict[str, Any]:
    """Return a document of our own format with standing areas only."""
    areas = [
        {"id": f"a{number}", "label": f"a{number}", "category": "c", "capacity": capacity}
        for number, capacity in enumerate(capacities)
    ]
    return {
        "format": "seatledger-layout-1",
        "categories": [{"key": "c", "label": "c"}],
        "sections": [],
        "areas": areas,
    }


def chart(areas: int, capacity: int) -> dict[str, Any]:
    """Return a chart of seats.io with so many standing areas in each of two sections."""
    boxes = [
        {"label": f"{number}", "categoryKey": 1, "capacity": capacity, "uuid": f"x{number}"} for number in range(areas)
    ]
    named = [
        {
            "label": half,
            "subChart": {"generalAdmissionAreas": [box | {"uuid": f"{half}{box['uuid']}"} for box in boxes]},
        }
        for half in ("north", "south")
    ]
    return changed(SEATSIO, "subChart.sections", named)


def table(lines: list[str]) -> str:
    """Return a table of seats."""
    return "\n".join(["section,row,seat,category", *lines])


class TestCapacity:
    def test_given_as_many_as_a_layout_takes_then_it_is_one(self) -> None:
        assert published("seatledger", standing(100_000, 100_000, 50_000)).capacity == CAPACITY_MAX

    @pytest.mark.parametrize("areas", [10, 100, AREAS_MAX])
    def test_given_areas_beyond_it_then_the_one_that_is_too_much_is_named(self, areas: int) -> None:
        assert faults_of("seatledger", standing(*[100_000] * areas)) == [("too_many", "areas[2]")]

    def test_given_a_chart_beyond_it_then_it_is_refused(self) -> None:
        found = faults_of("seatsio", chart(2, 100_000))
        assert found == [("too_many", "subChart.sections[1].subChart.generalAdmissionAreas[0]")]

    def test_given_seats_and_areas_beyond_it_together_then_it_is_refused(self) -> None:
        seat = {"id": "s", "label": "1", "category": "c", "x": 0, "y": 0}
        document = standing(100_000, 100_000, 50_000) | {"sections": [{"rows": [{"seats": [seat]}]}]}
        assert faults_of("seatledger", document) == [("too_many", "")]


class TestReadingBack:
    """What a reader takes, our own format's reader takes too: else a layout is kept that nobody can open."""

    @pytest.mark.parametrize(
        "document",
        [
            table([f"A,1,{number},c" for number in range(SEATS_PER_ROW_MAX + 1)]),
            table([f"A,{number},1,c" for number in range(ROWS_PER_SECTION_MAX + 1)]),
            table([f"{number},1,1,c" for number in range(SECTIONS_MAX + 1)]),
            table([f"A,1,{number},{number}" for number in range(CATEGORIES_MAX + 1)]),
        ],
        ids=["seats in a row", "rows in a section", "sections", "categories"],
    )
    def test_given_a_table_with_too_many_of_something_then_it_is_refused(self, document: str) -> None:
        assert faults_of("csv", document) == [("too_many", "")]

    def test_given_a_chart_with_too_many_areas_in_all_then_it_is_refused(self) -> None:
        assert faults_of("seatsio", chart(AREAS_MAX // 2 + 1, 1)) == [("too_many", "")]

    def test_given_a_plan_with_too_many_landmarks_in_all_then_it_is_refused(self) -> None:
        shape = {"shape": "circle", "position": {"x": 1, "y": 1}, "circle": {"radius": 5}}
        zone = SAMPLES["pretix"]["zones"][0] | {"rows": [], "areas": [shape] * (LANDMARKS_MAX // 2 + 1)}
        zones = [*SAMPLES["pretix"]["zones"], zone, zone]
        assert faults_of("pretix", changed(SAMPLES["pretix"], "zones", zones)) == [("too_many", "")]

    def test_given_as_many_as_there_may_be_then_it_is_read_back(self) -> None:
        lines = [f"A,1,{number},{number % CATEGORIES_MAX}" for number in range(SEATS_PER_ROW_MAX)]
        layout = published("csv", table(lines))
        assert publish(read_layout("seatledger", write_native(layout).decode())) == layout


class TestHostileText:
    def test_given_combining_marks_in_a_text_that_is_too_long_then_they_are_not_put_in_order(self) -> None:
        marks = "a" + "\u0315\u0300" * 500_000
        assert faults_of("seatledger", changed(standing(1), "areas[0].label", marks)) == [
            ("bad_text", "areas[0].label")
        ]


class TestInventory:
    def test_given_a_quarter_of_a_million_standing_places_then_none_is_listed(self) -> None:
        layout = published("seatledger", standing(100_000, 100_000, 50_000))
        tracemalloc.start()
        try:
            inventory = Inventory(layout)
            assert inventory.index(inventory.key(CAPACITY_MAX - 1)) == CAPACITY_MAX - 1
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(inventory) == CAPACITY_MAX
        assert peak < 64 * KIB

    @given(index=st.integers(min_value=0, max_value=CAPACITY_MAX - 1))
    def test_every_index_is_the_index_of_its_key(self, index: int) -> None:
        inventory = Inventory(published("seatledger", standing(100_000, 1, 99_999, 50_000)))
        assert inventory.index(inventory.key(index)) == index
        assert inventory.keys[index] == inventory.key(index)

    @pytest.mark.parametrize(
        "key",
        ["a10000", "a1000b", "a1000A", "a1+00a", "a1 00a", "a10_0a", "a1\u0660\u0660\u0660\u0661", "a100a", "0001"],
    )
    def test_another_spelling_or_a_number_beyond_the_area_is_no_place(self, key: str) -> None:
        inventory = Inventory(published("seatledger", standing(10)))
        assert "a1000a" in inventory
        assert inventory.index(key) is None
        assert inventory.place(key) is None
        with pytest.raises(IndexError):
            inventory.key(10)


class TestCategories:
    @pytest.mark.parametrize("format_name", SAMPLES)
    def test_they_are_found_in_a_document_without_reading_its_seats(self, format_name: str) -> None:
        layout = published(format_name, SAMPLES[format_name])
        expected = {category.label: category.key for category in layout.categories}
        expected |= {category.key: category.key for category in layout.categories}
        assert categories_in(write_native(layout)) == expected

    @pytest.mark.parametrize("label", ['"categories":[]', "categories", '\\"categories":', "ж" * 40])
    def test_whatever_is_written_before_them_and_in_them_then_they_are_found(self, label: str) -> None:
        document = standing(1)
        document["areas"][0]["label"] = document["categories"][0]["label"] = label
        assert categories_in(write_native(published("seatledger", document))) == {label: "c", "c": "c"}
