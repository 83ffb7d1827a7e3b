"""Messages to clients: the seats of a performance as a JSON document, and changes as server-sent events."""

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
"""For each state a translation table from a place's state to whether it is this state."""

HEARTBEAT = b": keep-alive\n\n"

EVENT_ID = re.compile(r"(?P<position>[0-9]{1,18})(-(?P<tag>[0-9a-f]{8}))?", re.ASCII)

Body = dict[str, Any]


class ClientPosition(NamedTuple):
    """The position up to which a client's state is complete, and the edition `tag` of its read model; None: unknown."""

    position: int
    tag: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The document at a position, plain and compressed; `made_at` is the event loop's time."""

    position: int
    etag: str
    plain: bytes
    compressed: bytes
    made_at: float


def seat_map_document(performance: str, position: int, inventory: Inventory, states: bytes) -> bytes:
    """Return the document: keys of seats that are not free, by state in layout order, and counts of standing areas."""
    return orjson.dumps({"performance_id": performance, "position": position, **states_in(inventory, states)})


def states_in(inventory: Inventory, states: bytes) -> Body:
    """Return the keys of seats that are not free, by state in layout order, and counts of standing areas."""
    seats = states[: inventory.seat_count]
    taken = {STATES[state]: list(compress(inventory.seat_keys, seats.translate(MARKS[state]))) for state in TAKEN}
    return {"states": taken, "areas": areas_in(inventory, states)}


def areas_in(inventory: Inventory, states: bytes) -> list[Body]:
    """Return the counts of each standing area; its places are not shown."""
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
    """Compress a document; it takes long, so call it in a thread."""
    return gzip.compress(plain, COMPRESSION, mtime=0)


def sse_preamble(retry_ms: int, known: ClientPosition) -> bytes:
    """Return the first message: the reconnection delay and the first id."""
    return b"retry: %d\nid: %b\n\n" % (retry_ms, event_id(known))


def delta_message(known: ClientPosition, seats: Mapping[str, str], areas: Iterable[Body]) -> bytes:
    """Return a message with the states of seats and the counts of standing areas."""
    return sse_message("seats", known, {"position": known.position, "states": seats, "areas": areas})


def reset_message(known: ClientPosition) -> bytes:
    """Return a message that requires the client to fetch the document again, at this position or later."""
    return sse_message("reset", known, {"position": known.position})


def sse_message(event: str, known: ClientPosition, body: Body) -> bytes:
    """Return one server-sent event; its id is where a reconnecting client continues."""
    return b"id: %b\nevent: %s\ndata: %s\n\n" % (event_id(known), event.encode(), orjson.dumps(body))


def event_id(known: ClientPosition) -> bytes:
    """Return a client's state as an event id, which browsers send when they reconnect."""
    return f"{known.position}-{known.tag}".encode()


def read_event_id(text: str | None) -> ClientPosition | None:
    """Return the client's state from a `Last-Event-ID`; None if it was not issued by this API."""
    found = EVENT_ID.fullmatch(text or "")
    return None if found is None else ClientPosition(int(found["position"]), found["tag"])
