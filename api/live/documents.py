"""What is sent: all seats of a performance as one JSON document, and what changes as server-sent events."""

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import compress
from typing import Any

import orjson

from api.live.places import BLOCKED, FREE, HELD, SOLD, STATES
from domain.layout.inventory import Inventory

COMPRESSION = 1
TAKEN = (HELD, SOLD, BLOCKED)
MARKS = {state: bytes(number == state for number in range(256)) for state in TAKEN}
"""For each state a table that turns a place's state into whether it is this one."""

HEARTBEAT = b": still here\n\n"

Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All seats at a position, plain and compressed; `made_at` is the loop's time."""

    position: int
    etag: str
    plain: bytes
    compressed: bytes
    made_at: float


def document(performance: str, position: int, inventory: Inventory, states: bytes) -> bytes:
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


def compressed(plain: bytes) -> bytes:
    """Compress a document; it takes a while, so do it in a thread."""
    return gzip.compress(plain, COMPRESSION, mtime=0)


def greeting(retry_ms: int) -> bytes:
    """Write what a client is told first: how long to wait before it comes back."""
    return b"retry: %d\n\n" % retry_ms


def delta(position: int, seats: Mapping[str, str], areas: Iterable[Body]) -> bytes:
    """Write one message: seats with their states, and standing areas with what is left of them."""
    return message("seats", position, {"position": position, "states": seats, "areas": areas})


def reset(position: int) -> bytes:
    """Tell a client to fetch all seats again, at `position` or later."""
    return message("reset", position, {"position": position})


def message(event: str, position: int, body: Body) -> bytes:
    """Write one server-sent event; its id is where a client that comes back goes on."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (position, event.encode(), orjson.dumps(body))
