"""Read models in requests and responses."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from api.http.commands import POSITION_MAX
from api.schemas.base import RequestBody, ResponseBody
from api.schemas.fields.values import Cursor, Flag, Id, Position, Whole
from domain.operations.exclusions import ExclusionReason
from eventstore.store import STREAM_CHARACTERS_MAX

Stream = Annotated[
    str,
    StringConstraints(min_length=1, max_length=STREAM_CHARACTERS_MAX),
    Field(description="Name of the stream, as in the log.", examples=["seat-0198…-s1a"]),
]


class FailedEvent(ResponseBody):
    """The event that a read model could not apply."""

    position: int
    stream: str
    name: str


class BuildResponse(ResponseBody):
    """A version of a read model that is being built, or whose build stopped."""

    schema_name: Annotated[str, Field(alias="schema")]
    version: int
    state: Annotated[str, Field(description="One of filling, following, differs, failed.")]
    attended: Annotated[bool, Field(description="Whether a worker is building it now.")]
    begun_at: datetime
    position: int
    target: Annotated[int, Field(description="Position of the live version.")]
    share: Annotated[float, Field(description="Progress, 0 to 1.")]
    events_per_second: float | None
    seconds_left: float | None
    differences: Annotated[list[Any] | None, Field(description="Some rows per table that only one version has.")]
    error: str | None


class ProjectionResponse(ResponseBody):
    """Status of a read model; `skipped_positions` and `parked_streams` are excluded from this version."""

    name: str
    position: int
    lag: Annotated[int, Field(description="Positions behind the log.")]
    lag_seconds: Annotated[float, Field(description="Age of the oldest event that is not applied; 0: none.")]
    state: Annotated[
        str,
        Field(
            description="One of running, paused, failed, diverged. `diverged`: the log was restored and misses events "
            "that this read model holds; it is rebuilt automatically."
        ),
    ]
    version: int
    owner: str | None
    heartbeat_at: datetime
    error: str | None
    failed_position: int | None
    failed_event: FailedEvent | None
    skipped_positions: list[int]
    parked_streams: list[str]
    build: BuildResponse | None
    retired: Annotated[str | None, Field(description="Schema of the version to roll back to; null: none.")]


class Projections(ResponseBody):
    """All read models, ordered by name."""

    items: list[ProjectionResponse]
    next: Cursor


class SkipRequest(RequestBody):
    """The failed event to exclude."""

    position: Annotated[Whole, Field(ge=1, le=POSITION_MAX)]
    reason: ExclusionReason


class UnskipRequest(RequestBody):
    """The skipped event to include."""

    position: Annotated[Whole, Field(ge=1, le=POSITION_MAX)]


class ParkRequest(RequestBody):
    """The stream to exclude from now on."""

    stream: Stream
    reason: ExclusionReason


class UnparkRequest(RequestBody):
    """The stream to include again."""

    stream: Stream


class RebuildRequestBody(RequestBody):
    """What to rebuild, and whether to swap it in even if its rows differ from the live ones."""

    performance_id: Id | None = None
    swap_anyway: Flag = False


class VersionsRequested(ResponseBody):
    """The queued request; a projector starts it within two seconds, and `watch` reports its progress."""

    name: str
    watch: str
    position: Position


class ProjectionResult(ResponseBody):
    """The read model; it follows the command within two seconds."""

    name: str
    position: Position


class EventSkippedResult(ProjectionResult):
    """The excluded event."""

    skipped_position: int
    reason: ExclusionReason


class StreamParkedResult(ProjectionResult):
    """The excluded stream."""

    stream: str
    reason: ExclusionReason


class StreamUnparkedResult(ProjectionResult):
    """The stream, included from the next rebuild on; the present tables miss a part of it."""

    stream: str
    rebuild_needed: bool
