"""Processes in responses."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import ResponseBody
from api.schemas.fields.values import Cursor, Position


class ProcessResponse(ResponseBody):
    """Status of a process; an error stops only this process, until its retry."""

    name: str
    state: Annotated[Literal["running", "failed"], Field(description="`failed`: retried at `retry_at`.")]
    position: Annotated[int, Field(description="Last position read.")]
    lag: Annotated[int, Field(description="Positions behind the log.")]
    heartbeat_at: Annotated[datetime | None, Field(description="Last heartbeat of its owner; null: no owner.")]
    error: Annotated[str | None, Field(description="The error, and where in the code it occurred.")]
    failed_position: Annotated[
        int | None, Field(description="Position of the failure; the process has recovered once `position` is greater.")
    ]
    failed_at: datetime | None
    tries: Annotated[int, Field(description="Number of consecutive failures.")]
    retry_at: datetime | None
    waiting: Annotated[int, Field(description="Number of work items, due or not.")]
    retrying: Annotated[int, Field(description="Number of work items with a failed attempt.")]


class ProcessesResponse(ResponseBody):
    """All processes that have run, ordered by name."""

    items: list[ProcessResponse]
    next: Cursor


class ProcessResult(ResponseBody):
    """The process; it retries within two seconds."""

    name: str
    position: Position
