"""Content of a printed ticket: labels instead of keys, times with their time zone."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from application.tickets import TicketDetails, TicketPlace
from domain.layout.model import RowKind
from domain.values import order_code

DAY_AND_TIME = "%A, %d %B %Y, %H:%M"
CANCELLED = "Cancelled: this performance does not take place."
VOID = "Void: this ticket is not valid for entry."
NAME_OF_ROW = {RowKind.ROW: "Row", RowKind.TABLE: "Table"}
UNBROKEN_MAX = 16
"""The longest word that fits a line."""
BREAK_EVERY = 8
ZERO_WIDTH_SPACE = "\u200b"
JOINER = "\u200d"
SKIN_TONES = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_UNBROKEN = re.compile(rf"\S{{{UNBROKEN_MAX + 1},}}")
_BREAKS_BY_ITSELF = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af]")


def page(details: TicketDetails) -> dict[str, Any]:
    """Return the fields of the page; every text can be wrapped."""
    venue, performance = details.venue, details.performance
    zone = ZoneInfo(venue.time_zone)
    doors = performance.doors_at
    return {
        "name": details.title,
        "title": wrappable(details.title),
        "organizer": wrappable(details.organizer_name),
        "notice": notice(details),
        "starts": performance.starts_at.astimezone(zone).strftime(DAY_AND_TIME),
        "zone": zone_of(performance.starts_at, zone),
        "doors": "" if doors is None else f"Doors {doors_text(doors, performance.starts_at, zone)}",
        "venue": wrappable(venue.name),
        "address": wrappable(f"{venue.address}, {venue.city}"),
        "place": [{"name": name, "label": wrappable(label)} for name, label in place_lines(details.place)],
        "category": wrappable(details.place.category),
        "ticket_type": wrappable(details.issued.ticket_type),
        "order": order_code(details.issued.order),
        "ticket": details.ticket,
    }


def notice(details: TicketDetails) -> str:
    """Return the notice on a cancelled performance or a void ticket; empty otherwise."""
    if details.performance.cancelled:
        return CANCELLED
    return VOID if details.state == "void" else ""


def zone_of(moment: datetime, zone: ZoneInfo) -> str:
    """Return offset and name of a zone; the offset distinguishes local times that occur twice."""
    offset = f"{moment.astimezone(zone):%z}"
    return f"UTC{offset[:3]}:{offset[3:5]} ({zone.key})"


def doors_text(doors: datetime, starts: datetime, zone: ZoneInfo) -> str:
    """Return when the doors open, with the day or the zone if they differ from the start's."""
    local, start = doors.astimezone(zone), starts.astimezone(zone)
    text = f"{local:%H:%M}" if local.date() == start.date() else local.strftime(DAY_AND_TIME)
    return text if local.utcoffset() == start.utcoffset() else f"{text} {zone_of(doors, zone)}"


def place_lines(place: TicketPlace) -> Iterable[tuple[str, str]]:
    """Yield the name and the label of each part of a place that has one."""
    named = [("Section", place.section)]
    if place.area:
        named.append(("Area", place.area))
    elif place.row_kind is RowKind.BOOTH:
        named.append(("Booth", place.seat))
    else:
        named += [(NAME_OF_ROW[place.row_kind], place.row), ("Seat", place.seat)]
    named.append(("Entrance", place.entrance))
    return ((name, label) for name, label in named if label)


def wrappable(text: str) -> str:
    """Return a text with break points inside long words, unless their script can be broken anywhere."""
    return _UNBROKEN.sub(lambda found: insert_break_points(found.group()), text)


def insert_break_points(word: str) -> str:
    """Insert a break point every `BREAK_EVERY` characters, but never inside a grapheme."""
    if _BREAKS_BY_ITSELF.search(word):
        return word
    parts: list[str] = []
    for index, character in enumerate(word):
        if index and index % BREAK_EVERY == 0 and may_break(word[index - 1], character):
            parts.append(ZERO_WIDTH_SPACE)
        parts.append(character)
    return "".join(parts)


def may_break(before: str, after: str) -> bool:
    """Return whether a line may break between two characters: not before a mark, nor beside a joiner."""
    return not (unicodedata.category(after).startswith("M") or JOINER in (before, after) or after in SKIN_TONES)
