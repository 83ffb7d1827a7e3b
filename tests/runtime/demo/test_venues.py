"""The demo's venues are what they say: so many seats, none on top of another, all of them readable layouts."""

import math
from collections import Counter

import pytest

from domain.layout import Layout
from domain.layout.model import Attribute, RowKind
from runtime.demo.venues import theatre
from tests.domain.layout.samples import VENUES, demo_venue

SEAT_WIDTH_MIN = 45.0


def closest(layout: Layout) -> float:
    """Return the smallest distance between any two seats that are nearer than a metre."""
    cells: dict[tuple[int, int], list[tuple[float, float]]] = {}
    nearest = 100.0
    for seat in layout.seats():
        column, line = int(seat.x // 100), int(seat.y // 100)
        around = [(column + dx, line + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        others = [other for cell in around for other in cells.get(cell, ())]
        nearest = min([nearest, *(math.hypot(x - seat.x, y - seat.y) for x, y in others)])
        cells.setdefault((column, line), []).append((seat.x, seat.y))
    return nearest


class TestVenues:
    @pytest.mark.parametrize(
        ("name", "seats", "standing"), [("theatre", 1_214, 0), ("stadium", 39_564, 0), ("arena", 8_500, 4_400)]
    )
    def test_they_have_so_many_places(self, name: str, seats: int, standing: int) -> None:
        assert (demo_venue(name).seat_count, demo_venue(name).capacity) == (seats, seats + standing)

    @pytest.mark.parametrize("name", VENUES)
    def test_nobody_sits_on_somebody_else(self, name: str) -> None:
        assert closest(demo_venue(name)) >= SEAT_WIDTH_MIN

    @pytest.mark.parametrize("name", VENUES)
    def test_every_category_is_painted_somewhere(self, name: str) -> None:
        layout = demo_venue(name)
        painted = {seat.category for seat in layout.seats()} | {area.category for area in layout.areas}
        assert painted == {category.key for category in layout.categories}
        assert len({category.color for category in layout.categories}) == len(layout.categories)

    @pytest.mark.parametrize("name", VENUES)
    def test_every_accessible_place_has_a_companion_s_beside_it(self, name: str) -> None:
        for _, row in demo_venue(name).rows():
            for index, seat in enumerate(row.seats):
                if Attribute.ACCESSIBLE in seat.attributes:
                    assert Attribute.COMPANION in row.seats[index + 1].attributes
        found = Counter(attribute for seat in demo_venue(name).seats() for attribute in seat.attributes)
        assert found[Attribute.ACCESSIBLE] == found[Attribute.COMPANION] >= 5

    def test_the_arena_has_tables_and_standing_room(self) -> None:
        tables = [row for _, row in demo_venue("arena").rows() if row.kind is RowKind.TABLE]
        assert len(tables) == 10
        assert [area.label for area in demo_venue("arena").areas] == ["Front of stage", "Standing"]

    def test_drawing_twice_gives_the_same(self) -> None:
        assert theatre() == theatre()
