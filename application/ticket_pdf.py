"""Printed tickets: one accessible PDF page with the ticket code as a QR code."""

import asyncio
import threading
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import orjson
import structlog

if TYPE_CHECKING:
    from typst import PDFStandard

from application.fonts import CJK_EXTRA, InstalledFonts, needs_cjk
from application.ticket_codes import qr_svg
from application.ticket_page import page
from application.tickets import TicketDetails

ACCESSIBLE: Final = "ua-1"
NO_CJK_FONTS: Final = (
    f"Tickets show Chinese, Japanese and Korean as boxes: install the fonts, the extra {CJK_EXTRA} of seatledger "
    "(justmytype-intl-cjk), and restart."
)
NO_FONT: Final = "No font has every character of a ticket; the missing ones are printed as boxes."

log = structlog.get_logger()


class TicketPrinter:
    """Prints tickets to PDF, one at a time, in a thread; the fonts are loaded for the first ticket.

    Args:
        find_fonts: returns the fonts.
    """

    def __init__(self, find_fonts: Callable[[], InstalledFonts]) -> None:
        self._template = (resources.files("api") / "ticket.typ").read_bytes()
        self._fonts = cache(find_fonts)
        self._lock = threading.Lock()

    async def print(self, details: TicketDetails, code: str | None) -> bytes:
        """Return the PDF of a ticket; without a QR code if `code` is None."""
        return await asyncio.to_thread(self._print, details, code)

    def _print(self, details: TicketDetails, code: str | None) -> bytes:
        from typst import TypstError  # noqa: PLC0415 - see `installed_fonts`

        text = orjson.dumps(page(details)).decode()
        with self._lock:
            inputs = {
                "ticket": text,
                "fonts": orjson.dumps(self._fonts().families_for(text, details.venue.country)).decode(),
                "qr": "" if code is None else qr_svg(code).decode(),
            }
            try:
                return self._compile(inputs, [ACCESSIBLE])
            except TypstError as error:  # PDF/UA refuses characters without a glyph; print without it
                self._warn(details.ticket, text, error)
                return self._compile(inputs, [])

    def _warn(self, ticket: str, text: str, error: Exception) -> None:
        advice = NO_CJK_FONTS if needs_cjk(text) and not self._fonts().cjk else NO_FONT
        log.warning(advice, ticket=ticket, fault=str(error))

    def _compile(self, inputs: dict[str, str], standards: "list[PDFStandard]") -> bytes:
        import typst  # noqa: PLC0415 - see `installed_fonts`

        return typst.compile(
            self._template,
            font_paths=self._fonts().fonts,
            ignore_system_fonts=True,
            sys_inputs=inputs,
            pdf_standards=standards,
            timestamp=0,
        )
