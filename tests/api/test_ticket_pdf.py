"""Printed tickets: all scripts, labels, the time zone, and packaged fonts only."""

import ctypes
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pypdfium2
import pytest
from pypdfium2 import raw
from structlog.testing import capture_logs

from application.fonts import cjk_family, installed_fonts, needs_cjk
from application.ticket_page import page, wrappable
from application.ticket_pdf import TicketPrinter
from application.tickets import TicketDetails, TicketPlace
from domain.layout.model import RowKind
from domain.performance import ScheduledPerformance
from domain.ticket import TicketIssued
from domain.values import Limits, Place
from domain.venue import VenueDetails

ID = "019f0000-0000-7000-8000-000000000001"
STARTS_AT = datetime(2026, 7, 4, 18, tzinfo=UTC)
TITLES = {
    "Latin": "The Tempest, Škvorecký & Ørsted",
    "Greek": "Ελληνικά Θέατρο",
    "Cyrillic": "Щелкунчик Київ",
    "Arabic": "\u0645\u0633\u0631\u062d",
    "Hebrew": "\u05e9\u05dc\u05d5\u05dd",
    "Devanagari": "नाटक",
    "Bengali": "নাটক",
    "Tamil": "நடகம",
    "Thai": "ละคร",
    "Lao": "ໂຮງລະຄອນ",
    "Khmer": "ល្ខោន",
    "Burmese": "ပြဇာတ်",
    "Gujarati": "નાટક",
    "Gurmukhi": "ਨਾਟਕ",
    "Kannada": "ನಾಟಕ",
    "Malayalam": "നാടകം",
    "Oriya": "ନାଟକ",
    "Sinhala": "නාටක",
    "Telugu": "నాటకం",
    "Armenian": "Թատրոն",
    "Georgian": "თეატრი",
    "Emoji": "\U0001f3ad Hamlet \u2665\ufe0f \u2605",
    "Emoji of several": "\U0001f469\u200d\U0001f467 \U0001f1f3\U0001f1f4 1\ufe0f\u20e3 \U0001f44d\U0001f3fd",
    "Signs of markup": "#panic() *b* _i_ $x$ @ref \\ <l> `c` = h // [a]",
    "Vietnamese": "Nghệ thuật Việt Nam",
    "Ethiopic": "ቲያትር",
    "Chinese": "交响音乐会",
    "Chinese of Taiwan": "交響音樂會",
    "Japanese": "歌舞伎のよる",
    "Korean": "오페라의 유령",
}
CODE = "A" * 136
LEFT_COLUMN_ENDS = (210 - 14 - 58 - 8) * 72 / 25.4
"""Two millimetres left of the code's column, in points."""


def details(**different: Any) -> TicketDetails:
    """Return a ticket for a seat in a house in Oslo."""
    performance = ScheduledPerformance(
        event=ID,
        organizer=ID,
        venue=ID,
        layout=ID,
        currency="EUR",
        starts_at=STARTS_AT,
        doors_at=STARTS_AT - timedelta(hours=1),
        on_sale_at=STARTS_AT - timedelta(days=30),
        prices={},
        limits=Limits(),
    )
    issued = TicketIssued(
        order=ID,
        line_id="1",
        account=ID,
        performance=ID,
        event=ID,
        organizer=ID,
        place=Place(seat="s1", label="Stalls · Row A · Seat 12", category="2"),
        ticket_type="adult",
    )
    known: dict[str, Any] = {
        "ticket": ID,
        "issued": issued,
        "state": "valid",
        "disputed": False,
        "title": "The Tempest",
        "organizer_name": "The Globe",
        "performance": performance,
        "venue": VenueDetails(name="Globe", address="Quay 1", city="Oslo", country="NO", time_zone="Europe/Oslo"),
        "place": TicketPlace(category="Mid Track Stand", section="Stalls", row="A", seat="12"),
    }
    return TicketDetails(**{**known, **different})


def text_of(pdf: bytes) -> str:
    """Return the text of a PDF page."""
    with pypdfium2.PdfDocument(pdf) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def unembedded(pdf: bytes) -> Iterator[str]:
    """Yield the name of every font that a page uses without embedding it."""
    with pypdfium2.PdfDocument(pdf) as document:
        for found in document[0].get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
            font = raw.FPDFTextObj_GetFont(found)
            if raw.FPDFFont_GetIsEmbedded(font) != 1:
                name = ctypes.create_string_buffer(200)
                raw.FPDFFont_GetBaseFontName(font, name, 200)
                yield name.value.decode()


def right_edge(pdf: bytes) -> float:
    """Return how far right the texts of the left half of a PDF's only page reach, in points."""
    with pypdfium2.PdfDocument(pdf) as document:
        (printed,) = document
        middle = printed.get_width() / 2
        bounds = [found.get_bounds() for found in printed.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT])]
        return float(max(right for left, _, right, _ in bounds if left < middle))


def bare(text: str) -> str:
    """Return a text without blanks, which PDF readers place arbitrarily."""
    return "".join(text.replace("\u200b", "").split())


@pytest.fixture(scope="module")
def printer() -> TicketPrinter:
    return TicketPrinter(partial(installed_fonts, cjk=True))


class TestScripts:
    @pytest.mark.parametrize("script", TITLES)
    async def test_its_text_is_read_back_and_every_glyph_comes_along(self, printer: TicketPrinter, script: str) -> None:
        """PDF/UA refuses characters without a glyph, so no warning means that no glyph is missing."""
        title = TITLES[script]
        place = TicketPlace(category=title, section=title, row="A", seat="12")
        with capture_logs() as warnings:
            pdf = await printer.print(details(title=title, place=place), CODE)
        assert warnings == []
        assert list(unembedded(pdf)) == []
        read = bare(text_of(pdf))
        assert bare(title) in read or bare(title)[::-1] in read

    async def test_given_no_font_then_it_prints_and_says_so(self, printer: TicketPrinter) -> None:
        with capture_logs() as warnings:
            pdf = await printer.print(details(title="\U00013000"), CODE)
        assert pdf.startswith(b"%PDF-")
        (warning,) = warnings
        assert "No font" in warning["event"]

    async def test_given_no_cjk_fonts_then_the_warning_names_the_extra(self) -> None:
        with capture_logs() as warnings:
            await TicketPrinter(partial(installed_fonts, cjk=False)).print(details(title="交响"), CODE)
        (warning,) = warnings
        assert "extra cjk" in warning["event"]

    def test_system_fonts_are_ignored(self) -> None:
        families = installed_fonts(cjk=True).families
        assert families[0] == "Noto Sans"
        assert all(family.startswith("Noto ") for family in families)

    @pytest.mark.parametrize(
        ("text", "country", "family"),
        [
            ("歌舞伎の夜", "DE", "Noto Sans JP"),
            ("歌舞伎", "JP", "Noto Sans JP"),
            ("오페라", "DE", "Noto Sans KR"),
            ("交響", "TW", "Noto Sans TC"),
            ("交响", "DE", "Noto Sans SC"),
        ],
    )
    def test_shared_characters_are_drawn_as_their_language_does(self, text: str, country: str, family: str) -> None:
        assert cjk_family(text, country) == family
        assert needs_cjk(text)


class TestPage:
    async def test_it_says_labels_and_no_keys(self, printer: TicketPrinter) -> None:
        read = text_of(await printer.print(details(), CODE))
        for words in ("Mid Track Stand · adult", "Section", "Stalls", "Row", "Seat", "12", ID):
            assert words in read
        assert "2 · adult" not in read

    @pytest.mark.parametrize(
        ("place", "lines"),
        [
            (TicketPlace(category="A", area="Standing"), [("Area", "Standing")]),
            (
                TicketPlace(category="A", row_kind=RowKind.TABLE, row="7", seat="1", entrance="West"),
                [("Table", "7"), ("Seat", "1"), ("Entrance", "West")],
            ),
            (TicketPlace(category="A", row_kind=RowKind.BOOTH, seat="B1"), [("Booth", "B1")]),
        ],
    )
    def test_it_names_what_the_layout_says(self, place: TicketPlace, lines: list[tuple[str, str]]) -> None:
        assert [(each["name"], each["label"]) for each in page(details(place=place))["place"]] == lines

    def test_local_times_that_occur_twice_differ_in_their_offset(self) -> None:
        before, after = (
            page(details(performance=replace(details().performance, starts_at=at, doors_at=None)))
            for at in (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
        )
        assert before["starts"] == after["starts"]
        assert (before["zone"], after["zone"]) == ("UTC+02:00 (Europe/Oslo)", "UTC+01:00 (Europe/Oslo)")

    def test_doors_on_another_day_say_which(self) -> None:
        performance = replace(details().performance, doors_at=STARTS_AT - timedelta(days=1))
        assert page(details(performance=performance))["doors"] == "Doors Friday, 03 July 2026, 20:00"

    @pytest.mark.parametrize(
        ("different", "notice"),
        [
            ({"state": "void"}, "Void"),
            ({"performance": replace(details().performance, cancelled=True)}, "Cancelled"),
        ],
    )
    async def test_given_it_admits_nobody_then_it_says_so(
        self, printer: TicketPrinter, different: dict[str, Any], notice: str
    ) -> None:
        read = text_of(await printer.print(details(**different), None))
        assert notice in read
        assert "Show this code" not in read


class TestLongWords:
    @pytest.mark.parametrize("title", ["W" * 200, "x" * 200, "\u0645" * 200, "क" * 200, "_/" * 100])
    async def test_they_wrap_on_one_page_left_of_the_code(self, printer: TicketPrinter, title: str) -> None:
        assert right_edge(await printer.print(details(title=title), CODE)) < LEFT_COLUMN_ENDS

    async def test_long_labels_stay_left_of_the_code(self, printer: TicketPrinter) -> None:
        place = TicketPlace(category="W" * 80, section="W" * 80, row="W" * 20, seat="W" * 20, entrance="W" * 20)
        assert right_edge(await printer.print(details(place=place), CODE)) < LEFT_COLUMN_ENDS

    def test_short_words_and_scripts_that_break_by_themselves_stay(self) -> None:
        for text in ("The Tempest and more words", "ละครเวทีเรื่องยาวมากไม่มีช่องว่าง", "交响音乐会" * 10):
            assert wrappable(text) == text

    def test_a_mark_stays_with_its_letter(self) -> None:
        assert "\u200b\u0301" not in wrappable("e\u0301" * 40)

    @pytest.mark.parametrize("shown", ["\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd"])
    def test_an_emoji_of_several_characters_stays_whole(self, shown: str) -> None:
        for offset in range(9):
            assert wrappable("x" * offset + shown * 20).replace("\u200b", "|").count(shown) == 20
