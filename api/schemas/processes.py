"""Processes as admins see them, and what admins do to one that failed."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import ResponseBody
from api.schemas.values import Cursor, Position


class ProcessResponse(ResponseBody):
    """How a process stands; an error of its own stops it alone, until it is tried again."""

    name: str
    state: Annotated[Literal["running", "failed"], Field(description="failed: it is tried again at `retry_at`.")]
    position: Annotated[int, Field(description="Up to where it has read the log.")]
    lag: Annotated[int, Field(description="Positions behind the log.")]
    heartbeat_at: Annotated[datetime | None, Field(description="Its owner's last sign of life; null: it has none.")]
    error: Annotated[str | None, Field(description="What failed, and where in the code.")]
    failed_position: Annotated[int | None, Field(description="It has recovered once it is beyond.")]
    failed_at: datetime | None
    tries: Annotated[int, Field(description="How often in a row it failed.")]
    retry_at: datetime | None
    waiting: Annotated[int, Field(description="Pieces of work it still has, due or not.")]
    retrying: Annotated[int, Field(description="Pieces of work that were tried before.")]


class ProcessesResponse(ResponseBody):
    """Every process that ever ran, by name."""

    items: list[ProcessResponse]
    next: Cursor


class ProcessResult(ResponseBody):
    """A process was told to try again; it does so within a second or two."""

    name: str
    position: Position
