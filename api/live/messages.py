"""What is sent: all seats of a performance as one JSON document, and what changes as server-sent events."""

import gzip
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple

import orjson

from api.live.places import BLOCKED, FREE, HELD, SOLD, STATES
from domain.layout.inventory import Inventory

COMPRESSION = 1
TAKEN = (HELD, SOLD, BLOCKED)
MARKS = {state: bytes(number == state for number in range(256)) for state in TAKEN}
"""For each state a table that turns a place's state into whether it is this one."""

HEARTBEAT = b": still here\n\n"

EVENT_ID = re.compile(r"(?P<position>[0-9]{1,18})(-(?P<tag>[0-9a-f]{8}))?", re.ASCII)

Body = dict[str, Any]


class Known(NamedTuple):
    """Up to where a client knows everything; `tag`: in which edition of the read model (None: it does not say)."""

    position: int
    tag: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All seats at a position, plain and compressed; `made_at` is the loop's time."""

    position: int
    etag: str
    plain: bytes
    compressed: bytes
    made_at: float


def seat_map_document(performance: str, position: int, inventory: Inventory, states: bytes) -> bytes:
    """Write the seats that are not free, by state in layout order, and how much is left of each standing area."""
    return orjson.dumps({"performance_id": performance, "position": position, **states_in(inventory, states)})


def states_in(inventory: Inventory, states: bytes) -> Body:
    """Show the seats that are not free, by state in layout order, and how much is left of each standing area."""
    seats = states[: inventory.seat_count]
    taken = {STATES[state]: list(compress(inventory.seat_keys, seats.translate(MARKS[state]))) for state in TAKEN}
    return {"states": taken, "areas": areas_in(inventory, states)}


def areas_in(inventory: Inventory, states: bytes) -> list[Body]:
    """Count the places of standing areas, which nobody is shown."""
    found: list[Body] = []
    begin = inventory.seat_count
    for key, area in inventory.areas.items():
        end = begin + area.capacity
        counted = {STATES[state]: states.count(state, begin, end) for state in TAKEN}
        left = states.count(FREE, begin, end)
        found.append({"area": key, "capacity": area.capacity, **counted, "available": left})
        begin = end
    return found


def compress_document(plain: bytes) -> bytes:
    """Compress a document; it takes a while, so do it in a thread."""
    return gzip.compress(plain, COMPRESSION, mtime=0)


def sse_preamble(retry_ms: int, known: Known) -> bytes:
    """Write what a client is told first: how long to wait before it comes back, and with which id."""
    return b"retry: %d\nid: %b\n\n" % (retry_ms, event_id(known))


def delta_message(known: Known, seats: Mapping[str, str], areas: Iterable[Body]) -> bytes:
    """Write one message: seats with their states, and standing areas with what is left of them."""
    return sse_message("seats", known, {"position": known.position, "states": seats, "areas": areas})


def reset_message(known: Known) -> bytes:
    """Tell a client to fetch all seats again, at its position or later."""
    return sse_message("reset", known, {"position": known.position})


def sse_message(event: str, known: Known, body: Body) -> bytes:
    """Write one server-sent event; its id is where a client that comes back goes on."""
    return b"id: %b\nevent: %s\ndata: %s\n\n" % (event_id(known), event.encode(), orjson.dumps(body))


def event_id(known: Known) -> bytes:
    """Write what a client knows as the id that its browser sends when it comes back."""
    return f"{known.position}-{known.tag}".encode()


def read_event_id(text: str | None) -> Known | None:
    """Read what a client knows from a `Last-Event-ID`; None if it is none of ours."""
    found = EVENT_ID.fullmatch(text or "")
    return None if found is None else Known(int(found["position"]), found["tag"])
