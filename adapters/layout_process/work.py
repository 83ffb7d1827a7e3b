"""What the process does: bytes in, one line of JSON and one file out."""

import gzip
import hashlib
from dataclasses import asdict
from typing import Any

import orjson

from domain.layout.drawing import draw
from domain.layout.exporting import export
from domain.layout.faults import LayoutFaults
from domain.layout.model import Layout
from domain.layout.publishing import publish
from domain.layout.reading import read_layout

OWN_FORMAT = "seatledger"
NUL = b"\\u0000"
OUTLINE_FIELDS_MAX = 100
OUTLINE_TEXT_LENGTH_MAX = 1_000

Answer = tuple[dict[str, Any], bytes]


def published(body: bytes, previous: bytes) -> Answer:
    """Read a request's body, `{"name", "format", "document"}`, and publish its document.

    Args:
        previous: the venue's last document; empty if there is none.

    Returns:
        The parts of `RequestedLayout`, and the layout in our own format, empty if something is wrong.
    """
    if NUL in body:
        return {"malformed": "The body holds a NUL character."}, b""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return {"malformed": f"This is not JSON: {error}."}, b""
    answer: dict[str, Any] = {"outline": outline(request)}
    if not (isinstance(request, dict) and isinstance(request.get("format"), str)):
        return answer, b""
    try:
        before = read_own(previous) if previous else None
        layout = publish(read_layout(request["format"], request.get("document")), before)
    except LayoutFaults as refused:
        return answer | {"faults": [asdict(fault) for fault in refused.faults]}, b""
    content = export(layout)
    return answer | {"sha256": hashlib.sha256(content).hexdigest(), "capacity": layout.capacity}, content


def drawn(document: bytes) -> Answer:
    """Draw a published document.

    Returns:
        The length of the plain drawing and the categories, and the drawing, plain and then by gzip.
    """
    layout = read_own(document)
    plain = orjson.dumps(draw(layout))
    labels = {category.label: category.key for category in layout.categories}
    keys = {category.key: category.key for category in layout.categories}
    return {"plain": len(plain), "categories": labels | keys}, plain + gzip.compress(plain, mtime=0)


def line_of(answer: dict[str, Any]) -> bytes:
    """Write an answer."""
    return orjson.dumps(answer)


def read_own(document: bytes) -> Layout:
    """Read a document of our own format."""
    return publish(read_layout(OWN_FORMAT, orjson.loads(document)))


def outline(request: object) -> object:
    """Return a body with nothing large in it: what its fields are of, texts cut, lists and objects empty."""
    if not isinstance(request, dict):
        return shortened(request)
    return {shortened(name): shortened(value) for name, value in list(request.items())[:OUTLINE_FIELDS_MAX]}


def shortened(value: Any) -> Any:
    """Return a value of the same kind, and the same value if it is short."""
    match value:
        case str():
            return value[:OUTLINE_TEXT_LENGTH_MAX]
        case dict() | list():
            return type(value)()
        case _:
            return value
