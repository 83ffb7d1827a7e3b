"""Pagination: page size, cursors, and the cursor of the next page."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Annotated, Protocol, TypeVar

import orjson
from fastapi import Query

from api.http.commands import POSITION_MAX
from application.errors import Malformed

PAGE_MAX = 100
CURSOR_CHARACTERS_MAX = 1_000
FOREIGN_CURSOR = "The cursor is invalid; use `next` of the previous page."

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="Maximum number of items.")]
TextCursor = Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, description="`next` of the previous page.")]
PositionCursor = Annotated[int | None, Query(ge=1, le=POSITION_MAX, description="`next` of the previous page.")]


class Placed(Protocol):
    """A row with the position of the event that created it."""

    @property
    def position(self) -> int: ...


Item = TypeVar("Item")
PlacedItem = TypeVar("PlacedItem", bound=Placed)


def split_page(rows: Sequence[Item], limit: int) -> tuple[Sequence[Item], Item | None]:
    """Return a page of rows, and its last row if more rows follow.

    Args:
        rows: one row more than the page holds, if there is one.
    """
    return rows[:limit], rows[limit - 1] if len(rows) > limit else None


def placed_page(rows: Sequence[PlacedItem], limit: int) -> tuple[Sequence[PlacedItem], str | None]:
    """Return a page of rows, and the position after which the next page begins; `rows` as for `split_page`."""
    page, last = split_page(rows, limit)
    return page, None if last is None else str(last.position)


def cursor_of(*values: str | None) -> str:
    """Return a cursor for these values, safe in a URL."""
    return urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()


def values_in(cursor: str, count: int) -> list[str | None]:
    """Return the values of a cursor.

    Raises:
        Malformed: the cursor was not issued by `cursor_of` for this number of values.
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
