"""The tasks of the subprocess: each takes bytes, and returns an object for one line of JSON and a file's content."""

import gzip
import hashlib
from dataclasses import asdict, replace
from typing import Any

import orjson

from domain.layout.formats.document_node import DocumentNode
from domain.layout.formats.json_text import find_duplicate_field
from domain.layout.formats.reading import read_layout
from domain.layout.model import LABEL_LENGTH_MAX, Draft, Layout
from domain.layout.native_writer import write_native
from domain.layout.public_document import to_public_document
from domain.layout.publishing import publish
from domain.layout.validation import FaultCollector, LayoutFaults

OWN_FORMAT = "seatledger"
NUL = b"\\u0000"
OPTIONS = "options"
OUTLINE_FIELDS_MAX = 100
OUTLINE_TEXT_LENGTH_MAX = 1_000

Answer = tuple[dict[str, Any], bytes]


def publish_request(body: bytes, previous: bytes) -> Answer:
    """Parse a request's body, `{"name", "format", "document", "options"?}`, and publish its document.

    Args:
        previous: the venue's last document; empty if there is none.

    Returns:
        The fields of `RequestedLayout`, and the layout in our own format; empty if there are faults.
    """
    if NUL in body:
        return {"malformed": "The body holds a NUL character."}, b""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return {"malformed": f"This is not JSON: {error}."}, b""
    if ambiguous := find_ambiguity(body):
        return {"malformed": ambiguous}, b""
    answer: dict[str, Any] = {"outline": outline(request)}
    if not (isinstance(request, dict) and isinstance(request.get("format"), str)):
        return answer, b""
    try:
        before = read_own(previous) if previous else None
        layout = publish(draft_of(request), before)
    except LayoutFaults as refused:
        return answer | {"faults": [asdict(fault) for fault in refused.faults]}, b""
    content = write_native(layout)
    return answer | {"sha256": hashlib.sha256(content).hexdigest(), "capacity": layout.capacity}, content


def find_ambiguity(body: bytes) -> str | None:
    """Return why a JSON body is ambiguous (duplicate field) or nested too deeply; None if it is neither."""
    try:
        duplicate = find_duplicate_field(body)
    except RecursionError:
        return "The body is nested too deeply."
    return None if duplicate is None else f"This JSON is ambiguous: {duplicate}."


def draft_of(request: dict[str, Any]) -> Draft:
    """Parse a request's document to a draft; invalid options are ignored here, and refused by the caller's schema."""
    options = request.get(OPTIONS)
    relabel = isinstance(options, dict) and options.get("make_repeated_ids") is True
    draft = read_layout(request["format"], request.get("document"), relabel_ids=relabel)
    return draft if draft.name else replace(draft, name=plain_name(request.get("name")))


def plain_name(name: object) -> str:
    """Return the request's name, cut and cleaned for a document; empty if it is not a text."""
    if not isinstance(name, str):
        return ""
    return DocumentNode({"name": name.strip()[:LABEL_LENGTH_MAX]}, FaultCollector()).optional_text("name")


def render_document(document: bytes) -> Answer:
    """Render a published document.

    Returns:
        The length of the plain document, and the document, plain and then compressed by gzip.
    """
    plain = orjson.dumps(to_public_document(read_own(document)))
    return {"plain": len(plain)}, plain + gzip.compress(plain, mtime=0)


def line_of(answer: dict[str, Any]) -> bytes:
    """Return an answer as JSON."""
    return orjson.dumps(answer)


def read_own(document: bytes) -> Layout:
    """Parse a document of our own format."""
    return publish(read_layout(OWN_FORMAT, orjson.loads(document)))


def outline(request: object) -> object:
    """Return a body without large values: texts cut, lists and objects emptied except `options`."""
    if not isinstance(request, dict):
        return shorten(request)
    options = {OPTIONS: shorten_fields(request[OPTIONS])} if isinstance(request.get(OPTIONS), dict) else {}
    return shorten_fields(request) | options


def shorten_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the first `OUTLINE_FIELDS_MAX` fields of an object, each shortened."""
    return {shorten(name): shorten(value) for name, value in list(fields.items())[:OUTLINE_FIELDS_MAX]}


def shorten(value: Any) -> Any:
    """Return a text cut to `OUTLINE_TEXT_LENGTH_MAX`, an empty list or object, or the value itself."""
    match value:
        case str():
            return value[:OUTLINE_TEXT_LENGTH_MAX]
        case dict() | list():
            return type(value)()
        case _:
            return value
