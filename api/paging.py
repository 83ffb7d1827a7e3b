"""Pages of lists: how many, from where, and where the next one begins."""

from collections.abc import Sequence
from typing import Annotated, Protocol

from fastapi import Query

from api.commands import POSITION_MAX

PAGE_MAX = 100

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]
PositionCursor = Annotated[int | None, Query(ge=0, le=POSITION_MAX, description="`next` of the page before.")]


class Placed(Protocol):
    """A row that knows the position of the event that made it."""

    @property
    def position(self) -> int: ...


def next_cursor(rows: Sequence[Placed], limit: int) -> str | None:
    """Return where the next page begins; None if this one was not full."""
    return str(rows[-1].position) if len(rows) == limit else None
