"""Faults of a request: where they are and what is expected there. The values sent are never returned."""

from collections.abc import Mapping
from typing import Any

from api.schemas.fields.texts import ONE_LINE, SEVERAL_LINES
from api.schemas.fields.values import UUID_PATTERN
from api.schemas.people import WITHOUT_NUL

RAISED = "Value error, "
UNREADABLE_JSON = frozenset({"json_invalid"})
NOT_JSON = "The body must be JSON (RFC 8259), in UTF-8 without a byte order mark."
PATTERNS: Mapping[str, str] = {
    UUID_PATTERN: "must be an id in hexadecimal digits: 8-4-4-4-12",
    ONE_LINE: "must be one line of text without control characters and direction overrides",
    SEVERAL_LINES: "must be text without control characters and direction overrides",
    WITHOUT_NUL: "must be text without NUL characters",
    "^[A-Z]{2}$": "must be two capital letters",
    "^[A-Z]{3}$": "must be three capital letters",
}


def fault(found: Mapping[str, Any]) -> dict[str, str]:
    """Return the path of a fault and what is expected there."""
    if found["type"] in UNREADABLE_JSON:
        return {"path": "body", "message": NOT_JSON}
    pattern = (found.get("ctx") or {}).get("pattern", "")
    message = PATTERNS.get(pattern) or str(found["msg"]).removeprefix(RAISED)
    return {"path": ".".join(map(str, found["loc"])), "message": message}
