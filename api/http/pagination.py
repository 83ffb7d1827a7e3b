"""Pages of lists: how many, from where, and where the next one begins."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Annotated, Protocol, TypeVar

import orjson
from fastapi import Query

from api.http.commands import POSITION_MAX
from application.errors import Malformed

PAGE_MAX = 100
CURSOR_CHARACTERS_MAX = 1_000
FOREIGN_CURSOR = "This cursor is none of ours; take `next` of the page before."

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]
TextCursor = Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, description="`next` of the page before.")]
PositionCursor = Annotated[int | None, Query(ge=1, le=POSITION_MAX, description="`next` of the page before.")]


class Placed(Protocol):
    """A row that knows the position of the event that made it."""

    @property
    def position(self) -> int: ...


Item = TypeVar("Item")
PlacedItem = TypeVar("PlacedItem", bound=Placed)


def split_page(rows: Sequence[Item], limit: int) -> tuple[Sequence[Item], Item | None]:
    """Return a page of rows, and its last one if there are more.

    Args:
        rows: one more than the page holds, if there is one.
    """
    return rows[:limit], rows[limit - 1] if len(rows) > limit else None


def placed_page(rows: Sequence[PlacedItem], limit: int) -> tuple[Sequence[PlacedItem], str | None]:
    """Return a page of rows, and the position that the next page begins after; raises and takes what `cut` does."""
    page, last = split_page(rows, limit)
    return page, None if last is None else str(last.position)


def cursor_of(*values: str | None) -> str:
    """Write a place in a list; it holds nothing that must be encoded in a URL."""
    return urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()


def values_in(cursor: str, count: int) -> list[str | None]:
    """Read a place in a list.

    Raises:
        Malformed: it is none that `cursor_of` wrote of so many values.
    """
    try:
        values = orjson.loads(urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise Malformed(FOREIGN_CURSOR) from error
    if not isinstance(values, list) or len(values) != count:
        raise Malformed(FOREIGN_CURSOR)
    found = [value for value in values if value is None or isinstance(value, str)]
    if len(found) != count:
        raise Malformed(FOREIGN_CURSOR)
    return found
