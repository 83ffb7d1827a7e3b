"""What is wrong with a request, in words that say what to write instead; values are never echoed."""

from collections.abc import Mapping
from typing import Any

from api.schemas.people import WITHOUT_NUL
from api.schemas.texts import ONE_LINE, SEVERAL_LINES
from api.schemas.values import UUID_PATTERN

RAISED = "Value error, "
UNREADABLE_JSON = frozenset({"json_invalid"})
NOT_JSON = "This is not JSON as RFC 8259 has it, in UTF-8 without a byte order mark."
PATTERNS: Mapping[str, str] = {
    UUID_PATTERN: "write an id in hexadecimal digits: 8-4-4-4-12",
    ONE_LINE: "write one line of text, without control characters and direction overrides",
    SEVERAL_LINES: "write text without control characters and direction overrides",
    WITHOUT_NUL: "write a text without NUL characters",
    "^[A-Z]{2}$": "write two capital letters",
    "^[A-Z]{3}$": "write three capital letters",
}


def fault(found: Mapping[str, Any]) -> dict[str, str]:
    """Say where a fault is and what is expected there."""
    if found["type"] in UNREADABLE_JSON:
        return {"path": "body", "message": NOT_JSON}
    pattern = (found.get("ctx") or {}).get("pattern", "")
    message = PATTERNS.get(pattern) or str(found["msg"]).removeprefix(RAISED)
    return {"path": ".".join(map(str, found["loc"])), "message": message}
