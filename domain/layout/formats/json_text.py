"""JSON in which every object gives each name once: of two values, which one counts would have to be guessed at."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from domain.layout.formats.document_node import quoted


class DuplicateField(ValueError):
    """An object gives one name two values."""

    def __init__(self, name: str) -> None:
        super().__init__(f"it gives {quoted(name)} twice; give each field once")


def reject_duplicate_fields(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's fields.

    Raises:
        DuplicateField: it names one twice.
    """
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise DuplicateField(next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1))
    return fields


def find_duplicate_field(text: bytes) -> DuplicateField | None:
    """Return the first name that an object of valid JSON gives twice; nothing that is read is kept.

    Raises:
        RecursionError: it is nested too deeply.
    """

    def once(pairs: Sequence[tuple[str, Any]]) -> None:
        reject_duplicate_fields(pairs)

    try:
        json.loads(text, object_pairs_hook=once)
    except DuplicateField as twice:
        return twice
    return None
