"""A ticket to print: one accessible page with the code as a QR."""

import asyncio
import threading
from importlib import resources
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import orjson
import typst

if TYPE_CHECKING:
    from typst import PDFStandard

from api.codes import qr_svg
from api.tickets import TicketDetails
from domain.values import order_code

ACCESSIBLE: Final = "ua-1"
DAY_AND_TIME = "%A, %d %B %Y, %H:%M"


class TicketPrinter:
    """Sets tickets, one at a time, in a thread; the fonts are read once."""

    def __init__(self) -> None:
        self._template = (resources.files("api") / "ticket.typ").read_bytes()
        self._fonts = typst.Fonts(include_system_fonts=True)
        self._turn = threading.Lock()

    async def print(self, details: TicketDetails, code: str) -> bytes:
        """Return the PDF of a ticket."""
        return await asyncio.to_thread(self._set, details, code)

    def _set(self, details: TicketDetails, code: str) -> bytes:
        inputs = {"ticket": orjson.dumps(words(details)).decode(), "qr": qr_svg(code).decode()}
        with self._turn:
            try:
                return self._compile(inputs, [ACCESSIBLE])
            except typst.TypstError:  # PDF/UA admits no sign that our fonts lack; better such a ticket than none
                return self._compile(inputs, [])

    def _compile(self, inputs: dict[str, str], standards: "list[PDFStandard]") -> bytes:
        return typst.compile(
            self._template, font_paths=self._fonts, sys_inputs=inputs, pdf_standards=standards, timestamp=0
        )


def words(details: TicketDetails) -> dict[str, str]:
    """Return what a ticket says, times in the venue's own zone."""
    venue, performance = details.venue, details.performance
    zone = ZoneInfo(venue.time_zone)
    doors = performance.doors_at
    return {
        "title": details.title,
        "organizer": details.organizer_name,
        "starts": performance.starts_at.astimezone(zone).strftime(DAY_AND_TIME),
        "doors": f"Doors {doors.astimezone(zone):%H:%M}" if doors else "",
        "venue": venue.name,
        "address": f"{venue.address}, {venue.city}",
        "place": details.issued.place.label,
        "kind": f"{details.issued.place.category} · {details.issued.ticket_type}",
        "order": order_code(details.issued.order),
        "ticket": details.ticket,
    }
