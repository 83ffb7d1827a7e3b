"""Is every fault of a layout document found, with its place, and all of them at once?"""

from typing import Any

import pytest

from domain.layout import FaultCode, LayoutFaults, read_layout
from domain.layout.validation import FAULTS_MAX
from tests.domain.layout.samples import CSV, GONE, SAMPLES, SEATSIO, changed, chart, faults_of

NAN, INFINITE = float("nan"), float("inf")
SEAT = "subChart.rows[0].seats[1]"
AREA = "subChart.generalAdmissionAreas[0]"
OWN_SEAT = "sections[0].rows[0].seats[1]"
PRETIX_SEAT = "zones[0].rows[0].seats[1]"
HUGE = 10**400

CATEGORIES_TWICE = [*SEATSIO["categories"]["list"], {"key": "1", "label": "Again"}]

CHANGES: list[tuple[str, str, Any, list[tuple[str, str]]]] = [
    ("grid", "sections", GONE, [("missing", "sections")]),
    ("grid", "sections", [], [("nothing_to_sell", "")]),
    ("grid", "sections", {}, [("wrong_type", "sections")]),
    ("grid", "sections[0]", "stalls", [("wrong_type", "sections[0]")]),
    ("grid", "sections[1].name", "Stalls", [("duplicate_label", "sections[1].name")]),
    ("grid", "sections[1].name", "Stalls\u200d", [("duplicate_label", "sections[1].name")]),
    ("grid", "sections[1].name", "\u2060", [("label_missing", "sections[1].name")]),
    ("grid", "sections[1].name", " ", [("label_missing", "sections[1].name")]),
    ("grid", "sections[1].name", "x" * 81, [("bad_text", "sections[1].name")]),
    ("grid", "sections[1].name", "a\x00b", [("bad_text", "sections[1].name")]),
    ("grid", "sections[1].name", "a\ud800b", [("bad_text", "sections[1].name")]),
    ("grid", "sections[1].name", "a\u202eb", [("bad_text", "sections[1].name")]),
    ("grid", "sections[1].name", True, [("wrong_type", "sections[1].name")]),
    ("grid", "sections[1].category", " ", [("category_missing", "sections[1].category")]),
    ("grid", "sections[1].category", None, [("missing", "sections[1].category")]),
    ("grid", "sections[1].rows", 0, [("bad_number", "sections[1].rows")]),
    ("grid", "sections[1].rows", HUGE, [("bad_number", "sections[1].rows")]),
    ("grid", "sections[1].rows", 1.5, [("wrong_type", "sections[1].rows")]),
    ("grid", "sections[1].rows", NAN, [("wrong_type", "sections[1].rows")]),
    ("grid", "sections[1].rows", True, [("wrong_type", "sections[1].rows")]),
    ("grid", "sections[1].rows", "3", [("wrong_type", "sections[1].rows")]),
    ("grid", "sections[1].seats_per_row", 2_001, [("bad_number", "sections[1].seats_per_row")]),
    ("grid", "sections[1].colour", "red", [("unknown_field", "sections[1].colour")]),
    ("seatsio", "subChart", GONE, [("missing", "subChart")]),
    ("seatsio", "subChart", [], [("wrong_type", "subChart")]),
    ("seatsio", "subChart.rows", 7, [("wrong_type", "subChart.rows")]),
    ("seatsio", "categories", GONE, [("missing", "categories")]),
    ("seatsio", "categories.list", CATEGORIES_TWICE, [("duplicate_key", "categories.list[2].key")]),
    ("seatsio", "floors", [{}], [("unsupported", "floors")]),
    ("seatsio", "categories.list[1].label", " fRONT", [("duplicate_label", "categories.list[1].key")]),
    ("seatsio", f"{SEAT}.categoryKey", "\u200b", [("category_missing", f"{SEAT}.categoryKey")]),
    ("seatsio", "zones.list[0].key", "south", [("unknown_focal_point", "subChart.sections[0].zone")]),
    ("seatsio", f"{SEAT}.label", "1", [("duplicate_label", f"{SEAT}.label")]),
    ("seatsio", f"{SEAT}.label", "1\u200b", [("duplicate_label", f"{SEAT}.label")]),
    ("seatsio", f"{SEAT}.label", "\u00ad1\ufe0f", [("duplicate_label", f"{SEAT}.label")]),
    ("seatsio", f"{SEAT}.label", "\u200b\u00a0", [("label_missing", f"{SEAT}.label")]),
    ("seatsio", f"{SEAT}.label", "\u2800", [("label_missing", f"{SEAT}.label")]),
    ("seatsio", f"{SEAT}.label", 1, [("duplicate_label", f"{SEAT}.label")]),
    ("seatsio", f"{SEAT}.label", "?", [("label_missing", f"{SEAT}.label")]),
    ("seatsio", f"{SEAT}.label", GONE, [("missing", f"{SEAT}.label")]),
    ("seatsio", f"{SEAT}.uuid", "u1", [("duplicate_source_id", f"{SEAT}.uuid")]),
    ("seatsio", f"{SEAT}.uuid", GONE, [("missing", f"{SEAT}.uuid")]),
    ("seatsio", f"{SEAT}.categoryKey", GONE, [("category_missing", f"{SEAT}.categoryKey")]),
    ("seatsio", f"{SEAT}.categoryKey", 77, [("unknown_category", f"{SEAT}.categoryKey")]),
    ("seatsio", f"{SEAT}.x", NAN, [("bad_number", f"{SEAT}.x")]),
    ("seatsio", f"{SEAT}.x", -INFINITE, [("bad_number", f"{SEAT}.x")]),
    ("seatsio", f"{SEAT}.x", HUGE, [("bad_number", f"{SEAT}.x")]),
    ("seatsio", f"{SEAT}.x", 1e7 + 1, [("bad_number", f"{SEAT}.x")]),
    ("seatsio", f"{SEAT}.x", "20", [("wrong_type", f"{SEAT}.x")]),
    ("seatsio", f"{SEAT}.x", None, [("missing", f"{SEAT}.x")]),
    ("seatsio", f"{SEAT}.accessible", "yes", [("wrong_type", f"{SEAT}.accessible")]),
    ("seatsio", "subChart.rows[0].label", "?", [("label_missing", "subChart.rows[0].label")]),
    ("seatsio", "subChart.sections[0].label", "?", [("label_missing", "subChart.sections[0].label")]),
    ("seatsio", "subChart.sections[0].categoryKey", 5, [("unknown_category", "subChart.sections[0].categoryKey")]),
    ("seatsio", "subChart.sections[0].points[2].x", NAN, [("bad_number", "subChart.sections[0].points[2].x")]),
    ("seatsio", "subChart.booths[0].center", GONE, [("missing", "subChart.booths[0].center")]),
    ("seatsio", "subChart.tables[0].bookAsAWhole", True, [("unsupported", "subChart.tables[0].bookAsAWhole")]),
    ("seatsio", f"{AREA}.capacity", 0, [("bad_number", f"{AREA}.capacity")]),
    ("seatsio", f"{AREA}.capacity", GONE, [("missing", f"{AREA}.capacity")]),
    ("seatsio", f"{AREA}.categoryKey", GONE, [("category_missing", f"{AREA}.categoryKey")]),
    ("seatsio", f"{AREA}.bookAsAWhole", True, [("unsupported", f"{AREA}.bookAsAWhole")]),
    ("seatsio", f"{AREA}.uuid", "u1", [("duplicate_source_id", f"{AREA}.uuid")]),
    ("seatsio", f"{AREA}.center", "middle", [("wrong_type", f"{AREA}.center")]),
    ("pretix", "categories", GONE, [("missing", "categories")]),
    ("pretix", "categories", [], [("category_missing", "")]),
    ("pretix", "zones", GONE, [("missing", "zones")]),
    ("pretix", f"{PRETIX_SEAT}.seat_guid", "A-1", [("duplicate_source_id", f"{PRETIX_SEAT}.seat_guid")]),
    ("pretix", f"{PRETIX_SEAT}.seat_number", "1", [("duplicate_label", f"{PRETIX_SEAT}.seat_number")]),
    ("pretix", f"{PRETIX_SEAT}.category", GONE, [("category_missing", f"{PRETIX_SEAT}.category")]),
    ("pretix", f"{PRETIX_SEAT}.category", "", [("category_missing", f"{PRETIX_SEAT}.category")]),
    ("pretix", f"{PRETIX_SEAT}.position", GONE, [("missing", f"{PRETIX_SEAT}.position")]),
    (
        "pretix",
        "categories[1].name",
        "Stalls",
        [("duplicate_key", "categories[1].name"), ("unknown_category", f"{PRETIX_SEAT}.category")],
    ),
    ("pretix", "zones[0].areas[0].text.text", ["Stage"], [("wrong_type", "zones[0].areas[0].text.text")]),
    ("seatledger", "format", "seatledger-layout-2", [("unknown_format", "format")]),
    ("seatledger", "categories[0].color", "red", [("bad_color", "categories[0].color")]),
    ("seatledger", "colour", "red", [("unknown_field", "colour")]),
    ("seatledger", "co\ud800lour\x00", "red", [("unknown_field", "co\\ud800lour\\x00")]),
    ("seatledger", f"{OWN_SEAT}.key", "s7", [("duplicate_key", f"{OWN_SEAT}.key")]),
    ("seatledger", f"{OWN_SEAT}.key", "a7", [("bad_key", f"{OWN_SEAT}.key")]),
    ("seatledger", f"{OWN_SEAT}.key", "s07", [("bad_key", f"{OWN_SEAT}.key")]),
    ("seatledger", f"{OWN_SEAT}.key", "S7", [("bad_key", f"{OWN_SEAT}.key")]),
    ("seatledger", f"{OWN_SEAT}.key", "szzzzzzz", [("bad_key", f"{OWN_SEAT}.key")]),
    ("seatledger", f"{OWN_SEAT}.attributes", ["best"], [("unsupported", f"{OWN_SEAT}.attributes")]),
    ("seatledger", f"{OWN_SEAT}.attributes", "accessible", [("wrong_type", f"{OWN_SEAT}.attributes")]),
    ("seatledger", f"{OWN_SEAT}.attributes", [None], [("wrong_type", f"{OWN_SEAT}.attributes")]),
    ("seatledger", "sections[0].rows[0].kind", "sofa", [("unsupported", "sections[0].rows[0].kind")]),
    ("seatledger", "sections[0].focal_point", "bar", [("unknown_focal_point", "sections[0].focal_point")]),
    ("seatledger", "areas[0].key", "a00", [("bad_key", "areas[0].key")]),
    ("seatledger", "areas[0].id", "a1", [("duplicate_source_id", "areas[0].id")]),
    ("seatledger", "areas[0].capacity", 100_001, [("bad_number", "areas[0].capacity")]),
    ("seatledger", "minted.seats", -1, [("bad_number", "minted.seats")]),
]

TABLES: list[tuple[str, list[tuple[str, str]]]] = [
    ("", [("missing", "lines[1]")] * 4),
    ("section,row,seat\n", [("missing", "lines[1]")]),
    ("section,row,seat,category,colour\n", [("unknown_field", "lines[1]")]),
    ("section,row,seat,category,seat\n", [("duplicate_label", "lines[1]")]),
    ("section,row,seat,category,x\n", [("missing", "lines[1]")]),
    ("section,row,seat,category\n", [("nothing_to_sell", "")]),
    ("section,row,seat,category\nS,A,1,C\n\nS,A,1,C\n", [("duplicate_label", "lines[4].seat")]),
    ("section,row,seat,category,id\nS,A,1,C,x\nS,A,2,C,x\n", [("duplicate_source_id", "lines[3].id")]),
    ("section,row,seat,category\nS,A,1\n", [("category_missing", "lines[2].category")]),
    ("section,row,seat,category\nS,A,1, \n", [("category_missing", "lines[2].category")]),
    ("section,row,seat,category,entrance\nS,A,1,C,W\nS,A,2,C,E\n", [("duplicate_label", "lines[3].entrance")]),
    ("section,row,seat,category\nS,A,1,C,D\n", [("malformed", "lines[2]")]),
    ('section,row,seat,category\nS,A,"1,C\n', [("malformed", "lines[2]")]),
    ("section,row,seat,category,x,y\nS,A,1,C,nan,1e9\n", [("bad_number", "lines[2].x"), ("bad_number", "lines[2].y")]),
    ("section,row,seat,category,x,y\nS,A,1,C,,left\n", [("wrong_type", "lines[2].x"), ("wrong_type", "lines[2].y")]),
    ("section,row,seat,category,x,y\nS,A,1,C,1_0,0\n", [("wrong_type", "lines[2].x")]),
    ("section,row,seat,category,x,y\nS,A,1,C,0,\u0661\n", [("wrong_type", "lines[2].y")]),
    ("section,row,seat,category,accessible\nS,A,1,C,perhaps\n", [("wrong_type", "lines[2].accessible")]),
    ("section,row,seat,category\nS\x00,A,1,C\n", [("bad_text", "lines[2].section")]),
    ("section,row,seat,category\nS,A,?,C\n", [("label_missing", "lines[2].seat")]),
]  # fmt: skip


class TestFaults:
    @pytest.mark.parametrize(("format_name", "path", "value", "expected"), CHANGES)
    def test_a_fault_is_named_with_its_place(
        self, format_name: str, path: str, value: object, expected: list[tuple[str, str]]
    ) -> None:
        assert faults_of(format_name, changed(SAMPLES[format_name], path, value)) == expected

    @pytest.mark.parametrize(("table", "expected"), TABLES)
    def test_a_fault_of_a_table_is_named_with_its_line(self, table: str, expected: list[tuple[str, str]]) -> None:
        assert faults_of("csv", table) == expected

    def test_faults_far_apart_are_named_at_once(self) -> None:
        document = changed(SAMPLES["seatsio"], f"{SEAT}.label", "?")
        document = changed(document, f"{AREA}.capacity", -1)
        document = changed(document, "subChart.sections[0].subChart.sections[0].subChart.rows[0].seats[0].y", "up")
        assert faults_of("seatsio", document) == [
            ("label_missing", f"{SEAT}.label"),
            ("bad_number", f"{AREA}.capacity"),
            ("wrong_type", "subChart.sections[0].subChart.sections[0].subChart.rows[0].seats[0].y"),
        ]

    def test_the_broken_chart_has_exactly_these_faults(self) -> None:
        assert faults_of("seatsio", chart("broken")) == [
            ("duplicate_label", "subChart.rows[0].seats[1].label"),
            ("label_missing", "subChart.rows[0].seats[2].label"),
            ("category_missing", "subChart.rows[0].seats[3].categoryKey"),
        ]

    def test_every_fault_names_the_remedy_in_text_that_can_be_sent(self) -> None:
        for format_name, path, value, _ in CHANGES:
            with pytest.raises(LayoutFaults) as refused:
                read_layout(format_name, changed(SAMPLES[format_name], path, value))
            for fault in refused.value.faults:
                assert fault.message.endswith(".")
                assert (fault.message + fault.path).encode()

    def test_every_code_is_used(self) -> None:
        tables = [fault for _, faults in TABLES for fault in faults]
        changes = [fault for *_, faults in CHANGES for fault in faults]
        elsewhere = {"too_many", "too_deep"}
        assert {code for code, _ in tables + changes} | elsewhere == {code.value for code in FaultCode}


class TestDistances:
    """What a reader moves or turns may come to lie farther away than a document may say."""

    @pytest.mark.parametrize(
        ("format_name", "path", "value"),
        [
            ("pretix", "zones[0].position", {"x": 1e7, "y": 0}),
            ("pretix", "zones[0].rows[0].position", {"x": 0, "y": 1e7}),
            (
                "pretix",
                "zones[0].areas[0]",
                {"shape": "circle", "position": {"x": 0, "y": 0}, "circle": {"radius": 1e7}},
            ),
            ("pretix", "zones[0].areas[0].rectangle.width", 1e7),
            ("seatsio", "subChart.sections[0].topLeft", {"x": 1e7, "y": 1e7}),
        ],
    )
    def test_positions_beyond_the_most_are_refused(self, format_name: str, path: str, value: object) -> None:
        assert faults_of(format_name, changed(SAMPLES[format_name], path, value)) == [("bad_number", "")]


class TestLimits:
    def test_more_seats_than_a_layout_may_have(self) -> None:
        sections = [{"name": str(n), "category": "A", "rows": 1_000, "seats_per_row": 60} for n in range(2)]
        assert faults_of("grid", {"sections": sections}) == [("too_many", "sections")]

    def test_more_seats_than_a_layout_may_have_one_by_one(self) -> None:
        seats = [{"label": str(n), "x": n, "y": 0, "uuid": str(n)} for n in range(2_000)]
        rows = [
            {
                "label": str(row),
                "categoryKey": 1,
                "seats": [{**seat, "uuid": f"{row}/{seat['label']}"} for seat in seats],
            }
            for row in range(51)
        ]
        document = changed(SAMPLES["seatsio"], "subChart", {"rows": rows})
        assert faults_of("seatsio", document) == [("too_many", "subChart.rows[50].seats[0]")]

    def test_more_lines_than_a_table_may_have(self) -> None:
        table = CSV.splitlines()[0] + "\n" + "".join(f"S,{n // 100},{n},C,0,0,,\n" for n in range(100_002))
        assert faults_of("csv", table) == [("too_many", "lines[100002]")]

    def test_more_sections_than_a_layout_may_have(self) -> None:
        assert faults_of("grid", {"sections": [{}] * 1_001}) == [("too_many", "sections")]

    def test_no_more_faults_are_listed_than_the_limit(self) -> None:
        seats = [{"label": "1", "x": 0, "y": 0}] * 2_000
        document = changed(SAMPLES["seatsio"], "subChart", {"rows": [{"label": "A", "seats": seats}] * 20})
        faults = faults_of("seatsio", document)
        assert len(faults) == FAULTS_MAX + 1
        assert faults[-1] == ("too_many", "")

    def test_sections_nested_too_deeply(self) -> None:
        chart_inside: dict[str, Any] = {"rows": []}
        for _ in range(9):
            chart_inside = {"sections": [{"label": "S", "subChart": chart_inside}]}
        path = "subChart" + ".sections[0].subChart" * 8 + ".sections[0]"
        assert faults_of("seatsio", changed(SAMPLES["seatsio"], "subChart", chart_inside)) == [("too_deep", path)]

    def test_json_nested_too_deeply(self) -> None:
        assert faults_of("grid", "[" * 100_000) == [("too_deep", "")]


class TestUnreadable:
    @pytest.mark.parametrize("document", ["", "{", "{]", "nonsense", '{"sections": 1' + "0" * 10_000 + "}"])
    def test_what_is_no_json_is_refused(self, document: str) -> None:
        assert faults_of("grid", document) == [("malformed", "")]

    @pytest.mark.parametrize(
        "document",
        ['{"sections": [], "sections": []}', '{"sections": [{"name": "A", "name": "B"}]}', '{"a": 1, "\\u0061": 2}'],
    )
    def test_an_object_that_gives_a_name_twice_is_refused(self, document: str) -> None:
        assert faults_of("grid", document) == [("malformed", "")]

    @pytest.mark.parametrize("document", [None, [], 7, "[]", '"text"', "null", b"{}"])
    def test_what_is_no_object_is_refused(self, document: object) -> None:
        assert faults_of("grid", document) == [("wrong_type", "")]

    @pytest.mark.parametrize("document", [None, {}, [], 7])
    def test_a_table_that_is_no_text_is_refused(self, document: object) -> None:
        assert faults_of("csv", document) == [("wrong_type", "")]

    @pytest.mark.parametrize("name", ["", "GRID", "svg", "gr\ud800id"])
    def test_an_unknown_format_is_refused(self, name: str) -> None:
        assert faults_of(name, {}) == [("unknown_format", "")]
