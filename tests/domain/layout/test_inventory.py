"""What can a sale look up of a layout's places?"""

import time

import pytest

from domain.layout import Inventory
from domain.values import Place
from tests.domain.layout.samples import SAMPLES, SEATLEDGER, SEATSIO, changed, demo_venue, published


def place_of(inventory: Inventory, source_id: str) -> Place:
    seats = {seat.source_id: key for key in inventory.keys if (found := inventory.seat(key)) for seat in found[2:]}
    place = inventory.place(seats[source_id])
    assert place is not None
    return place


class TestInventory:
    @pytest.mark.parametrize("format_name", SAMPLES)
    def test_it_has_every_seat_in_layout_order_and_then_the_places_of_areas(self, format_name: str) -> None:
        layout = published(format_name, SAMPLES[format_name])
        inventory = Inventory(layout)
        assert inventory.keys[: inventory.seat_count] == tuple(seat.key for seat in layout.seats())
        assert inventory.keys[inventory.seat_count :] == tuple(key for area in layout.areas for key in area.places())
        assert len(inventory) == layout.capacity

    @pytest.mark.parametrize("format_name", SAMPLES)
    def test_every_key_finds_its_place(self, format_name: str) -> None:
        inventory = Inventory(published(format_name, SAMPLES[format_name]))
        for index, key in enumerate(inventory.keys):
            place = inventory.place(key)
            assert place is not None
            assert place.seat == key
            assert key in inventory
            assert inventory.index(key) == index

    @pytest.mark.parametrize(
        ("source_id", "label"),
        [
            ("u2", "Row A · Seat 2"),
            ("t1", "Table T1 · Seat 1"),
            ("b1", "Booth B1"),
            ("s2", "Stand · Row A · Seat 2"),
            ("i1", "Inner · Row Z · Seat 9"),
        ],
    )
    def test_a_label_names_section_row_and_seat(self, source_id: str, label: str) -> None:
        assert place_of(Inventory(published("seatsio", SEATSIO)), source_id).label == label

    def test_a_place_has_its_category_and_attributes(self) -> None:
        place = place_of(Inventory(published("seatsio", SEATSIO)), "u2")
        assert (place.category, place.attributes, place.area) == ("gold", ("companion",), None)

    def test_a_standing_place_names_its_area_and_nothing_else(self) -> None:
        layout = published("seatledger", changed(SEATLEDGER, "areas[0].section", "Floor"))
        inventory = Inventory(layout)
        [area] = inventory.areas.values()
        assert inventory.place(area.places()[3]) == Place(
            seat=area.places()[3], area="a3", label="Floor · Pit", category="a", category_label="Stalls"
        )
        assert inventory.seat(area.places()[3]) is None

    @pytest.mark.parametrize("key", ["", "s0", "s999", "a3", "A3", "s1' OR 1=1"])
    def test_an_unknown_key_finds_nothing(self, key: str) -> None:
        inventory = Inventory(published("seatledger", SEATLEDGER))
        assert inventory.place(key) is None
        assert inventory.seat(key) is None
        assert inventory.index(key) is None
        assert key not in inventory

    def test_forty_thousand_seats_are_ready_in_half_a_second(self) -> None:
        layout = demo_venue("stadium")
        begin = time.process_time()
        inventory = Inventory(layout)
        assert time.process_time() - begin < 0.5
        assert len(inventory) > 39_000
