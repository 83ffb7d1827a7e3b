"""JSON without duplicate field names, as it would be ambiguous which of two values is meant."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from domain.layout.formats.document_node import quoted


class DuplicateField(ValueError):
    """An object has two fields of one name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"it gives {quoted(name)} twice; give each field once")


def reject_duplicate_fields(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's fields, for `object_pairs_hook`.

    Raises:
        DuplicateField: two fields have one name.
    """
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise DuplicateField(next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1))
    return fields


def find_duplicate_field(text: bytes) -> DuplicateField | None:
    """Return the first duplicate field of valid JSON; None if there is none. The parsed values are discarded.

    Raises:
        RecursionError: the text is nested too deeply.
    """

    def check(pairs: Sequence[tuple[str, Any]]) -> None:
        reject_duplicate_fields(pairs)

    try:
        json.loads(text, object_pairs_hook=check)
    except DuplicateField as duplicate:
        return duplicate
    return None
