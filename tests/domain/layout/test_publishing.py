"""Does a seat keep its key when its label changes?"""

import json
import re

import pytest

from domain.layout.formats.reading import read_layout
from domain.layout.model import KEY_NUMBER_MAX, Draft, Layout
from domain.layout.native_writer import write_native
from domain.layout.publishing import publish
from domain.layout.validation import LayoutFaults
from domain.values import SEAT_KEY
from tests.domain.layout.samples import GONE, GRID, SAMPLES, SEATLEDGER, SEATSIO, changed, chart, published


def keys_by_source(layout: Layout) -> dict[str, str]:
    return {seat.source_id: seat.key for seat in layout.seats()}


def area_keys(layout: Layout) -> dict[str, str]:
    return {area.source_id: area.key for area in layout.areas}


class TestPublish:
    @pytest.mark.parametrize("format_name", SAMPLES)
    def test_every_place_gets_a_key_of_its_own(self, format_name: str) -> None:
        layout = published(format_name, SAMPLES[format_name])
        keys = [seat.key for seat in layout.seats()] + [key for area in layout.areas for key in area.places()]
        assert len(keys) == len(set(keys)) == layout.capacity
        assert all(SEAT_KEY.fullmatch(key) for key in keys)

    def test_the_same_draft_always_gets_the_same_keys(self) -> None:
        assert published("grid", GRID) == published("grid", GRID)

    def test_a_key_survives_relabelling(self) -> None:
        before = published("seatsio", SEATSIO)
        relabelled = changed(SEATSIO, "subChart.rows[0].seats[0].label", "101")
        relabelled = changed(relabelled, "subChart.rows[0].label", "AA")
        after = publish(read_layout("seatsio", relabelled), before)
        assert [seat.label for seat in after.seats()] != [seat.label for seat in before.seats()]
        assert keys_by_source(after) == keys_by_source(before)
        assert area_keys(after) == area_keys(before)

    def test_a_key_survives_moving_to_another_place_in_the_drawing(self) -> None:
        before = published("seatsio", SEATSIO)
        turned = changed(SEATSIO, "subChart.rows[0].seats", SEATSIO["subChart"]["rows"][0]["seats"][::-1])
        after = publish(read_layout("seatsio", turned), before)
        assert [seat.key for seat in after.seats()] != [seat.key for seat in before.seats()]
        assert keys_by_source(after) == keys_by_source(before)

    def test_a_new_seat_never_gets_the_key_of_a_removed_one(self) -> None:
        first = published("seatsio", SEATSIO)
        second = publish(read_layout("seatsio", changed(SEATSIO, "subChart.rows[0].seats[2]", GONE)), first)
        replaced = changed(SEATSIO, "subChart.rows[0].seats[2].uuid", "somebody-else")
        third = publish(read_layout("seatsio", replaced), second)
        assert keys_by_source(third)["somebody-else"] not in keys_by_source(first).values()

    def test_a_document_keeps_the_keys_it_brings(self) -> None:
        layout = published("seatledger", SEATLEDGER)
        assert keys_by_source(layout) == {"a1": "s7", "a2": "sa", "t1": "sb"}
        assert area_keys(layout) == {"pit": "a3"}
        assert (layout.seats_minted, layout.areas_minted) == (11, 3)

    def test_a_key_the_document_brings_is_not_given_twice(self) -> None:
        before = published("seatledger", SEATLEDGER)
        swapped = changed(SEATLEDGER, "sections[0].rows[0].seats[0].key", GONE)
        swapped = changed(swapped, "sections[0].rows[0].seats[1].key", "s7")
        after = keys_by_source(publish(read_layout("seatledger", swapped), before))
        assert after == {"a1": "sc", "a2": "s7", "t1": "sb"}

    def test_keys_count_on_from_whatever_stood_at_the_venue_before(self) -> None:
        first = published("grid", GRID)
        second = publish(read_layout("seatsio", SEATSIO), first)
        assert not set(keys_by_source(first).values()) & set(keys_by_source(second).values())


class TestPlaces:
    def test_areas_never_share_a_place(self) -> None:
        areas = [
            {"id": f"area {number}", "label": f"Area {number}", "category": "a", "capacity": 1_300}
            for number in range(80)
        ]
        layout = published("seatledger", {**SEATLEDGER, "areas": areas, "minted": None})
        places = [place for area in layout.areas for place in area.places()]
        seats = [seat.key for seat in layout.seats()]
        assert len(set(places + seats + [area.key for area in layout.areas])) == 80 * 1_300 + len(seats) + 80

    def test_places_are_keys_and_stay_when_the_area_grows(self) -> None:
        before = published("seatledger", SEATLEDGER)
        after = publish(read_layout("seatledger", changed(SEATLEDGER, "areas[0].capacity", 100_000)), before)
        places = after.areas[0].places()
        assert places[:40] == before.areas[0].places()[:]
        assert len(set(places)) == 100_000
        assert all(re.fullmatch(r"[a-z0-9]{1,12}", place) for place in places)

    def test_the_highest_key_leaves_room_for_places(self) -> None:
        layout = published("seatledger", changed(SEATLEDGER, "areas[0].key", "a1z141z4"))
        assert all(SEAT_KEY.fullmatch(place) for place in layout.areas[0].places())

    @pytest.mark.parametrize("left", [0, 100])
    def test_given_no_numbers_are_left_for_new_keys_then_it_is_refused_as_what_nobody_could_read(
        self, left: int
    ) -> None:
        document = changed(SEATLEDGER, "minted", {"seats": KEY_NUMBER_MAX - left, "areas": 0})
        new = changed(document, "sections[0].rows[0].seats[0].key", GONE)
        if left:
            layout = published("seatledger", new)
            assert published("seatledger", write_native(layout).decode()) == layout
        else:
            with pytest.raises(LayoutFaults):
                published("seatledger", new)


class TestExport:
    @pytest.mark.parametrize("format_name", SAMPLES)
    def test_reading_and_exporting_again_gives_the_same_bytes(self, format_name: str) -> None:
        layout = published(format_name, SAMPLES[format_name])
        document = write_native(layout)
        again = published("seatledger", document.decode())
        assert again == layout
        assert write_native(again) == document

    def test_parsed_or_as_text_in_any_order_of_fields_gives_the_same_bytes(self) -> None:
        document = write_native(published("seatsio", SEATSIO))
        shuffled = dict(reversed(json.loads(document).items()))
        assert write_native(published("seatledger", json.dumps(shuffled, indent=2))) == document

    def test_an_export_published_over_another_layout_keeps_its_keys(self) -> None:
        document = write_native(published("seatsio", SEATSIO))
        other = published("grid", GRID)
        again = publish(read_layout("seatledger", document.decode()), other)
        assert keys_by_source(again) == keys_by_source(published("seatsio", SEATSIO))

    def test_a_real_chart_survives_byte_for_byte(self) -> None:
        document = write_native(published("seatsio", chart("racetrack-8897")))
        assert write_native(published("seatledger", document.decode())) == document

    def test_a_draft_may_leave_the_keys_out(self) -> None:
        draft: Draft = read_layout("seatsio", SEATSIO)
        document = write_native(draft)
        assert b'"key":"s' not in document
        assert published("seatledger", document.decode()) == published("seatsio", SEATSIO)
