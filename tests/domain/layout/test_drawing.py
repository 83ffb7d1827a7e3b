"""What does the public document of a layout say about every seat?"""

import gzip
import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.layout.formats.document_node import coordinate
from domain.layout.model import Category, Draft, Layout, Point, Row, Seat, Section
from domain.layout.public_document import to_public_document
from domain.layout.publishing import publish
from tests.domain.layout.decoder import DrawnSeat, drawn_seats
from tests.domain.layout.samples import SAMPLES, VENUES, chart, demo_venue, published

TOLERANCE = 0.005
CHARTS = ("racetrack-8897", "small-with-standing")


def source(name: str) -> Layout:
    return published("seatsio", chart(name)) if name in CHARTS else demo_venue(name)


def gzipped(document: dict[str, Any]) -> int:
    return len(gzip.compress(json.dumps(document, separators=(",", ":")).encode(), 6))


def kinds(document: dict[str, Any]) -> Counter[str]:
    rows = [row for section in document["sections"] for row in section["rows"]]
    return Counter(kind for row in rows for run in row["runs"] for kind in run)


def spacing(row: Row) -> float:
    gaps = (math.hypot(other.x - one.x, other.y - one.y) for one, other in pairwise(row.seats))
    return min((gap for gap in gaps if gap > 0), default=1.0)


def compared(layout: Layout, document: dict[str, Any]) -> Iterator[tuple[DrawnSeat, Section, Row, Seat]]:
    real = [(section, row, seat) for section, row in layout.rows() for seat in row.seats]
    for drawn, (section, row, seat) in zip(drawn_seats(document), real, strict=True):
        yield drawn, section, row, seat


def assert_says_everything(layout: Layout) -> None:
    document = json.loads(json.dumps(to_public_document(layout)))
    assert document["seat_count"] == layout.capacity
    allowed = {id(row): TOLERANCE * spacing(row) + 1e-9 for _, row in layout.rows()}
    for drawn, section, row, seat in compared(layout, document):
        assert (drawn.section, drawn.row) == (section.label, row.label)
        assert (drawn.key, drawn.label, drawn.category) == (seat.key, seat.label, seat.category)
        assert set(drawn.attributes) == {attribute.value for attribute in seat.attributes}
        assert math.hypot(drawn.x - seat.x, drawn.y - seat.y) <= allowed[id(row)]


class TestDraw:
    @pytest.mark.parametrize("name", [*CHARTS, *VENUES])
    def test_every_seat_comes_back(self, name: str) -> None:
        assert_says_everything(source(name))

    @pytest.mark.parametrize("format_name", SAMPLES)
    def test_every_seat_of_every_format_comes_back(self, format_name: str) -> None:
        assert_says_everything(published(format_name, SAMPLES[format_name]))

    def test_a_stadium_is_small(self) -> None:
        document = to_public_document(source("stadium"))
        assert document["seat_count"] > 39_000  # type: ignore[operator]
        assert gzipped(document) < 20_000

    def test_rows_of_rule_made_venues_are_parametric(self) -> None:
        assert "spots" not in kinds(to_public_document(source("stadium")))
        assert "spots" not in kinds(to_public_document(source("theatre")))

    def test_a_chart_drawn_by_hand_on_straight_lines_is_parametric(self) -> None:
        document = to_public_document(source("racetrack-8897"))
        assert set(kinds(document)) == {"line"}
        assert gzipped(document) < 5_000

    def test_an_aisle_cuts_a_row_into_two_runs(self) -> None:
        xs = [*range(0, 500, 50), *range(600, 1100, 50)]
        document = to_public_document(straight([(float(x), 0.0) for x in xs]))
        assert kinds(document) == {"line": 2}
        assert_says_everything(straight([(float(x), 0.0) for x in xs]))

    def test_a_curved_row_is_one_arc(self) -> None:
        spots = [(1000 * math.cos(angle / 20), 1000 * math.sin(angle / 20)) for angle in range(40)]
        assert kinds(to_public_document(straight(spots))) == {"arc": 1}

    def test_a_crooked_row_is_listed_seat_by_seat(self) -> None:
        spots = [(50.0 * index, 5.0 * (index % 3)) for index in range(12)]
        assert kinds(to_public_document(straight(spots))) == {"spots": 1}
        assert_says_everything(straight(spots))

    def test_seats_on_one_spot_are_listed_too(self) -> None:
        assert_says_everything(straight([(5.5, 7.25)] * 6))

    def test_bounds_hold_everything_drawn(self) -> None:
        layout = straight([(0.0, 0.0), (50.0, 10.0)])
        outline = (Point(x=-5.0, y=-7.0), Point(x=60.0, y=99.0))
        section = replace(layout.sections[0], outline=outline)
        assert to_public_document(replace(layout, sections=(section,)))["bounds"] == [-5.0, -7.0, 60.0, 99.0]

    @pytest.mark.parametrize(
        ("labels", "expected"),
        [
            (["1", "2", "3"], {"numbers": {"prefix": "", "first": 1, "step": 1}}),
            (["9", "7", "5"], {"numbers": {"prefix": "", "first": 9, "step": -2}}),
            (["B10", "B11", "B12"], {"numbers": {"prefix": "B", "first": 10, "step": 1}}),
            (["01", "02", "03"], {"labels": ["01", "02", "03"]}),
            (["1", "2", "4"], {"labels": ["1", "2", "4"]}),
            (["1", "2", "2a"], {"labels": ["1", "2", "2a"]}),
            (["A1", "B2", "C3"], {"labels": ["A1", "B2", "C3"]}),
        ],
    )
    def test_labels_are_given_by_rule_where_they_follow_one(
        self, labels: list[str], expected: dict[str, object]
    ) -> None:
        layout = straight([(50.0 * index, 0.0) for index in range(len(labels))], labels)
        document = json.loads(json.dumps(to_public_document(layout)))
        row = document["sections"][0]["rows"][0]
        assert {name: row[name] for name in ("numbers", "labels") if name in row} == expected
        assert_says_everything(layout)

    @given(
        st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=30),
        st.lists(st.sampled_from(["1", "2", "03", "A4", "é5", "-6", "\u0667", "12345678901"]), max_size=30),
    )
    def test_any_row_comes_back(self, spots: list[tuple[float, float]], labels: list[str]) -> None:
        assert_says_everything(straight(spots, labels))

    @given(st.integers(2, 60), st.floats(0.01, 500), st.floats(1.5, 1e5), st.floats(-7, 7), st.floats(-1e5, 1e5))
    def test_any_arc_comes_back(self, count: int, gap: float, spacings: float, start: float, middle: float) -> None:
        radius = gap * spacings
        angles = [start + index / spacings for index in range(count)]
        spots = [(middle + radius * math.cos(angle), radius * math.sin(angle) - middle) for angle in angles]
        assert_says_everything(straight(spots))


def straight(spots: list[tuple[float, float]], labels: list[str] | None = None) -> Layout:
    """Publish a layout of one row with seats on these spots."""
    names = [*(labels or ()), *(f"seat {index}" for index in range(len(spots)))]
    seats = tuple(
        Seat(label=names[index], category="a", x=coordinate(x), y=coordinate(y), source_id=str(index))
        for index, (x, y) in enumerate(spots)
    )
    return publish(
        Draft(
            categories=(Category(key="a", label="A", color="#000000"),),
            sections=(Section(label="", rows=(Row(label="A", seats=seats),)),),
        )
    )
