"""Which formats of layout documents are read, and into what?"""

import json
from typing import Any

import pytest

from domain.layout import FORMATS, read_layout
from domain.layout.model import Area, Attribute, Draft, FocalPoint, Point, RowKind, Seat
from domain.layout.native_writer import write_native
from domain.layout.validation import LayoutFaults
from tests.domain.layout.samples import CSV, GONE, GRID, PRETIX, SAMPLES, SEATLEDGER, SEATSIO, changed, chart


def outline_of(draft: Draft) -> dict[str, list[tuple[str, list[str]]]]:
    """Return section → rows → seat labels."""
    return {
        section.label: [(row.label, [seat.label for seat in row.seats]) for row in section.rows]
        for section in draft.sections
    }


def seat_of(draft: Draft, source_id: str) -> Seat:
    return next(seat for seat in draft.seats() if seat.source_id == source_id)


class TestReadLayout:
    def test_every_format_has_a_sample(self) -> None:
        assert set(FORMATS) == set(SAMPLES)

    @pytest.mark.parametrize("format_name", [name for name in FORMATS if name != "csv"])
    def test_a_text_is_read_like_what_it_was_parsed_to(self, format_name: str) -> None:
        document = SAMPLES[format_name]
        text = "\ufeff" + json.dumps(document, indent=1)
        assert read_layout(format_name, text) == read_layout(format_name, document)

    @pytest.mark.parametrize("format_name", FORMATS)
    def test_a_draft_has_only_categories_that_are_listed(self, format_name: str) -> None:
        draft = read_layout(format_name, SAMPLES[format_name])
        listed = {category.key for category in draft.categories}
        assert {seat.category for seat in draft.seats()} | {area.category for area in draft.areas} <= listed


class TestGrid:
    def test_rows_are_lettered_and_seats_numbered(self) -> None:
        numbers = ["1", "2", "3", "4"]
        assert outline_of(read_layout("grid", GRID))["Stalls"] == [("A", numbers), ("B", numbers), ("C", numbers)]

    def test_rows_beyond_z_have_two_letters(self) -> None:
        document = {"sections": [{"name": "S", "category": "A", "rows": 54, "seats_per_row": 1}]}
        labels = [row.label for row in read_layout("grid", document).sections[0].rows]
        assert (labels[25:28], labels[51:]) == (["Z", "AA", "AB"], ["AZ", "BA", "BB"])

    def test_a_category_s_key_is_the_name_that_was_given(self) -> None:
        draft = read_layout("grid", GRID)
        assert [category.key for category in draft.categories] == ["A", "B"]
        assert len({category.color for category in draft.categories}) == 2

    def test_sections_stand_one_behind_the_other(self) -> None:
        stalls, balcony = read_layout("grid", GRID).sections
        assert max(seat.y for row in stalls.rows for seat in row.seats) < min(
            seat.y for row in balcony.rows for seat in row.seats
        )

    def test_labels_with_slashes_give_ids_of_their_own(self) -> None:
        sections = [{"name": name, "category": "A", "rows": 1, "seats_per_row": 1} for name in ("A", "A/A", "A~1A")]
        assert read_layout("grid", {"sections": sections}).seat_count == 3

    def test_the_largest_grid_is_read(self) -> None:
        document = {"sections": [{"name": "S", "category": "A", "rows": 1_000, "seats_per_row": 100}]}
        assert read_layout("grid", document).seat_count == 100_000


class TestSeatsio:
    def test_rows_tables_booths_and_nested_sections_are_there(self) -> None:
        assert outline_of(read_layout("seatsio", SEATSIO)) == {
            "": [("A", ["1", "2", "3"]), ("T1", ["1", "2"]), ("", ["B1"])],
            "Stand": [("A", ["1", "2"])],
            "Inner": [("Z", ["9"])],
        }
        assert [row.kind for row in read_layout("seatsio", SEATSIO).sections[0].rows] == list(RowKind)

    def test_seats_of_sections_lie_where_their_section_lies(self) -> None:
        draft = read_layout("seatsio", SEATSIO)
        assert [(seat_of(draft, name).x, seat_of(draft, name).y) for name in ("u2", "s2", "i1", "b1")] == [
            (20.5, 0.0),
            (1025.0, 506.0),
            (1011.0, 522.0),
            (200.0, 200.0),
        ]

    def test_sums_of_coordinates_carry_no_noise(self) -> None:
        stand = "subChart.sections[0]"
        document = changed(SEATSIO, f"{stand}.topLeft", {"x": 0.1, "y": -0.0})
        document = changed(
            document, f"{stand}.subChart.rows[0].seats[0]", {"label": "1", "x": 0.2, "y": -0.0, "uuid": "s1"}
        )
        seat = seat_of(read_layout("seatsio", document), "s1")
        assert repr((seat.x, seat.y)) == "(0.3, 0.0)"

    def test_category_and_focal_point_come_from_the_section_around(self) -> None:
        draft = read_layout("seatsio", SEATSIO)
        assert [seat_of(draft, name).category for name in ("u1", "s1", "i1")] == ["1", "gold", "gold"]
        assert [section.focal_point for section in draft.sections] == [None, "north", "north"]
        assert FocalPoint(key="north", x=10.5, y=20.0) in draft.focal_points

    def test_attributes_are_kept(self) -> None:
        draft = read_layout("seatsio", SEATSIO)
        found = [attribute for name in ("u1", "u2", "u3") for attribute in seat_of(draft, name).attributes]
        assert found == [Attribute.ACCESSIBLE, Attribute.COMPANION, Attribute.RESTRICTED_VIEW]

    def test_standing_areas_have_capacity_and_shape(self) -> None:
        [area] = read_layout("seatsio", SEATSIO).areas
        assert (area.label, area.category, area.capacity, area.source_id) == ("Standing", "1", 30, "g1")
        assert (area.outline[0].x, area.outline[0].y) == (50.0, 340.0)

    def test_what_is_drawn_but_not_sold_is_kept(self) -> None:
        stage, bar = read_layout("seatsio", SEATSIO).landmarks
        assert (stage.label, bar.label) == ("Stage", "Bar")
        assert [(corner.x, corner.y) for corner in stage.outline] == [(60, -60), (140, -60), (140, -40), (60, -40)]

    def test_a_row_may_name_its_section_itself(self) -> None:
        draft = read_layout("seatsio", changed(SEATSIO, "subChart.rows[0].sectionLabel", "Parterre"))
        assert "Parterre" in outline_of(draft)

    def test_two_blocks_of_one_row_may_share_its_label(self) -> None:
        rows = SEATSIO["subChart"]["rows"]
        block = {"label": "A", "seats": [{"label": "4", "x": 90, "y": 0, "categoryKey": 1, "uuid": "u4"}]}
        draft = read_layout("seatsio", changed(SEATSIO, "subChart.rows", [*rows, block]))
        assert outline_of(draft)[""][:2] == [("A", ["1", "2", "3"]), ("A", ["4"])]

    def test_the_race_track_has_8897_seats(self) -> None:
        draft = read_layout("seatsio", chart("racetrack-8897"))
        assert (draft.seat_count, draft.capacity, len(draft.sections)) == (8_897, 8_897, 4)
        assert [section.focal_point for section in draft.sections] == [
            "finishline",
            "finishline",
            "midtrack",
            "midtrack",
        ]

    def test_the_seats_of_the_race_track_lie_in_their_sections_outlines(self) -> None:
        for section in read_layout("seatsio", chart("racetrack-8897")).sections:
            xs, ys = [corner.x for corner in section.outline], [corner.y for corner in section.outline]
            seats = [seat for row in section.rows for seat in row.seats]
            assert all(min(xs) <= seat.x <= max(xs) and min(ys) <= seat.y <= max(ys) for seat in seats)

    def test_the_small_chart_has_standing_room(self) -> None:
        draft = read_layout("seatsio", chart("small-with-standing"))
        assert (draft.seat_count, draft.capacity) == (32, 232)
        assert [(area.label, area.category, area.capacity) for area in draft.areas] == [
            ("GA1", "9", 100),
            ("GA2", "10", 100),
        ]
        assert sum(Attribute.ACCESSIBLE in seat.attributes for seat in draft.seats()) == 1


class TestPretix:
    def test_positions_add_up_from_zone_and_row(self) -> None:
        draft = read_layout("pretix", PRETIX)
        seat = seat_of(draft, "A-2")
        assert (seat.label, seat.category, seat.x, seat.y) == ("2", "Rear", 85.0, 107.0)
        assert outline_of(draft) == {"Ground floor": [("A", ["1", "2"])]}

    def test_a_category_without_a_colour_gets_one(self) -> None:
        assert [category.color for category in read_layout("pretix", PRETIX).categories] == ["#7f4a91", "#E69F00"]

    def test_areas_are_drawn_and_not_sold(self) -> None:
        draft = read_layout("pretix", PRETIX)
        assert draft.areas == ()
        assert [landmark.label for landmark in draft.landmarks] == ["Stage", "Bar", "", "", "", "Exit"]

    @pytest.mark.parametrize(
        ("area", "outline"),
        [
            (
                {"shape": "rectangle", "rectangle": {"width": 400, "height": 50}},
                [(0, 0), (400, 0), (400, 50), (0, 50)],
            ),
            (
                {"shape": "rectangle", "rotation": 90, "rectangle": {"width": 4, "height": 2}},
                [(0, 0), (0, 4), (-2, 4), (-2, 0)],
            ),
            (
                {"shape": "polygon", "rotation": 90, "polygon": {"points": [{"x": 0, "y": 0}, {"x": 4, "y": 0}]}},
                [(0, 0), (0, 4)],
            ),
        ],
        ids=["a rectangle's corner", "a turned rectangle", "a turned polygon"],
    )
    def test_an_area_begins_at_its_position_and_turns_round_it(
        self, area: dict[str, Any], outline: list[tuple[float, float]]
    ) -> None:
        zone = PRETIX["zones"][0]["position"]
        here = {"position": {"x": -zone["x"], "y": -zone["y"]}, **area}
        [landmark] = read_layout("pretix", changed(PRETIX, "zones[0].areas", [here])).landmarks
        assert [(corner.x, corner.y) for corner in landmark.outline] == outline

    def test_words_alone_have_a_position_and_no_outline(self) -> None:
        words = read_layout("pretix", PRETIX).landmarks[-1]
        assert (words.label, words.outline) == ("Exit", ())
        assert words.position is not None

    def test_a_colour_by_name_is_one_of_the_palette(self) -> None:
        draft = read_layout("pretix", changed(PRETIX, "categories[0].color", "red"))
        assert draft.categories[0].color == "#0072B2"


class TestCsv:
    def test_lines_become_seats(self) -> None:
        draft = read_layout("csv", CSV)
        assert outline_of(draft) == {"Stalls": [("A", ["1", "2"]), ("B", ["1"])]}
        first, second, _ = draft.seats()
        assert (first.attributes, second.attributes) == ((Attribute.ACCESSIBLE,), (Attribute.COMPANION,))
        assert (second.x, second.y) == (50.5, 0.0)

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_separators_byte_order_mark_and_line_ends_of_spreadsheets_are_tolerated(self, separator: str) -> None:
        text = "\ufeff" + CSV.replace(",", separator).replace("\n", "\r\n") + "\r\n\r\n"
        assert read_layout("csv", text) == read_layout("csv", CSV)

    def test_a_decimal_comma_is_read(self) -> None:
        text = "section;row;seat;category;x;y\nS;A;1;C;1,5;-2\n"
        assert [(seat.x, seat.y) for seat in read_layout("csv", text).seats()] == [(1.5, -2.0)]

    @pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
    def test_the_separator_line_and_empty_columns_of_spreadsheets_are_tolerated(self, first: str) -> None:
        text = f"{first}\r\nsection;row;seat;category;\r\nS, left;A;1;C;\r\n"
        assert outline_of(read_layout("csv", text)) == {"S, left": [("A", ["1"])]}

    def test_categories_that_differ_in_case_or_blanks_are_one(self) -> None:
        draft = read_layout("csv", "section,row,seat,category\nS,A,1,Std\nS,A,2,std\nS,A,3,STD \nS,A,4,S td\n")
        assert [category.label for category in draft.categories] == ["Std", "S td"]
        assert [seat.category for seat in draft.seats()] == ["Std", "Std", "Std", "S td"]

    def test_a_row_may_have_an_entrance(self) -> None:
        draft = read_layout("csv", "section,row,seat,category,entrance\nS,A,1,C,West\nS,A,2,C,\nS,B,1,C,\n")
        assert [row.entrance for _, row in draft.rows()] == ["West", ""]

    def test_many_sections_without_positions_are_side_by_side(self) -> None:
        lines = [f"S{section},R{row},{seat},C" for section in range(58) for row in range(25) for seat in range(56)]
        draft = read_layout("csv", "\n".join(["section,row,seat,category", *lines]))
        xs, ys = [seat.x for seat in draft.seats()], [seat.y for seat in draft.seats()]
        wide, deep = max(xs) - min(xs), max(ys) - min(ys)
        assert 0.5 < wide / deep < 2
        assert len(set(zip(xs, ys, strict=True))) == len(lines)

    def test_quoted_cells_may_hold_the_separator(self) -> None:
        assert outline_of(read_layout("csv", 'Section,ROW,seat,category\n"Stalls, left",A,1,C\n')) == {
            "Stalls, left": [("A", ["1"])]
        }

    def test_without_positions_seats_stand_in_straight_rows(self) -> None:
        draft = read_layout("csv", "section,row,seat,category\nS,A,1,C\nS,A,2,C\nS,B,1,C\n")
        assert [(seat.x, seat.y) for seat in draft.seats()] == [(-25.0, 0.0), (25.0, 0.0), (0.0, 90.0)]

    def test_an_id_of_its_own_survives_relabelling(self) -> None:
        [seat] = read_layout("csv", "section,row,seat,category,id\nS,A,1,C,x-17\n").seats()
        assert seat.source_id == "x-17"


class TestRepeatedIds:
    def test_given_the_option_then_they_are_made_of_labels(self) -> None:
        seats = PRETIX["zones"][0]["rows"][0]["seats"]
        twins = [{**seat, "seat_guid": "same"} for seat in seats]
        document = changed(PRETIX, "zones[0].rows[0].seats", twins)
        with pytest.raises(LayoutFaults):
            read_layout("pretix", document)
        draft = read_layout("pretix", document, relabel_ids=True)
        assert [seat.source_id for seat in draft.seats()] == ["Ground floor/A/1", "Ground floor/A/2"]

    def test_ids_of_their_own_stay(self) -> None:
        assert read_layout("pretix", PRETIX, relabel_ids=True) == read_layout("pretix", PRETIX)

    def test_other_faults_are_still_refused(self) -> None:
        with pytest.raises(LayoutFaults):
            read_layout("pretix", changed(PRETIX, "zones", GONE), relabel_ids=True)

    def test_an_id_of_labels_that_is_anothers_is_refused(self) -> None:
        text = "section,row,seat,category,id\nS,A,1,C,x\nS,A,2,C,x\nS,A,3,C,S/A/1\n"
        with pytest.raises(LayoutFaults):
            read_layout("csv", text, relabel_ids=True)


class TestEntrances:
    def test_a_row_has_its_own_or_its_sections(self) -> None:
        document = changed(SEATSIO, "subChart.sections[0].entrance", "West")
        document = changed(document, "subChart.rows[0].entrance", "North")
        found = {(section.label, row.label): row.entrance for section, row in read_layout("seatsio", document).rows()}
        assert (found["Stand", "A"], found["Inner", "Z"], found["", "A"], found["", "T1"]) == (
            "West",
            "West",
            "North",
            "",
        )

    def test_they_and_words_are_written_and_read_again(self) -> None:
        document = changed(SEATLEDGER, "sections[0].rows[0].entrance", "West")
        document = changed(document, "areas[0].entrance", "South")
        document = changed(document, "landmarks[0]", {"label": "Exit", "position": {"x": 1, "y": 2}})
        draft = read_layout("seatledger", document)
        assert (draft.sections[0].rows[0].entrance, draft.areas[0].entrance) == ("West", "South")
        assert draft.landmarks[0].position == Point(x=1, y=2)
        assert read_layout("seatledger", write_native(draft).decode()) == draft


class TestSeatledger:
    def test_everything_is_read(self) -> None:
        draft = read_layout("seatledger", SEATLEDGER)
        assert (draft.name, draft.seats_minted, draft.areas_minted) == ("Ours", 9, 3)
        assert [row.kind for _, row in draft.rows()] == [RowKind.ROW, RowKind.TABLE]
        assert [seat.attributes for seat in draft.seats()] == [(), (Attribute.ACCESSIBLE,), ()]
        assert draft.areas == (Area(key="a3", label="Pit", category="a", capacity=40, source_id="pit"),)
        assert len(draft.landmarks[0].outline) == len(draft.sections[0].outline) == 3

    @pytest.mark.parametrize(
        ("written", "read"),
        [("  Stalls ", "Stalls"), ("E\u0301tage", "Étage"), ("Ряд 7", "Ряд 7"), (12, "12"), ("a\u200db", "a\u200db")],
    )
    def test_labels_are_trimmed_and_composed(self, written: Any, read: str) -> None:
        draft = read_layout("seatledger", changed(SEATLEDGER, "sections[0].label", written))
        assert draft.sections[0].label == read
