"""Read models as admins see them, and what admins do to them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from api.http.commands import POSITION_MAX
from api.schemas.base import RequestBody, ResponseBody
from api.schemas.values import Cursor, Flag, Id, Position, Whole
from domain.operations.projection import ExclusionReason
from eventstore.store import STREAM_CHARACTERS_MAX

Stream = Annotated[
    str,
    StringConstraints(min_length=1, max_length=STREAM_CHARACTERS_MAX),
    Field(description="A stream's name, as in the log.", examples=["seat-0198…-s1a"]),
]


class FailedEvent(ResponseBody):
    """The event that a read model could not apply."""

    position: int
    stream: str
    name: str


class BuildResponse(ResponseBody):
    """A version of a read model that is being built, or whose building was stopped."""

    schema_name: Annotated[str, Field(alias="schema")]
    version: int
    state: Annotated[str, Field(description="filling, following, differs or failed")]
    attended: Annotated[bool, Field(description="Somebody works on it at the moment.")]
    begun_at: datetime
    position: int
    target: Annotated[int, Field(description="Where the live version stands.")]
    share: Annotated[float, Field(description="What is done, 0 to 1.")]
    events_per_second: float | None
    seconds_left: float | None
    differences: Annotated[list[Any] | None, Field(description="By table, some rows that only one version has.")]
    error: str | None


class ProjectionResponse(ResponseBody):
    """How a read model stands; `skipped_positions` and `parked_streams` are what this version leaves out."""

    name: str
    position: int
    lag: Annotated[int, Field(description="Positions behind the log.")]
    lag_seconds: Annotated[float, Field(description="How old the oldest event is that it has not applied; 0: none.")]
    state: Annotated[
        str,
        Field(
            description="running, paused, failed, or diverged: the log was restored and does not hold what this was "
            "folded from; it is rebuilt by itself."
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
    retired: Annotated[str | None, Field(description="The version to roll back to, if one is kept.")]


class Projections(ResponseBody):
    """Every read model, by name."""

    items: list[ProjectionResponse]
    next: Cursor


class SkipRequest(RequestBody):
    """Which event to leave out: the one it failed on."""

    position: Annotated[Whole, Field(ge=1, le=POSITION_MAX)]
    reason: ExclusionReason


class UnskipRequest(RequestBody):
    """Which skipped event to have again."""

    position: Annotated[Whole, Field(ge=1, le=POSITION_MAX)]


class ParkRequest(RequestBody):
    """Which stream to leave out from here on."""

    stream: Stream
    reason: ExclusionReason


class UnparkRequest(RequestBody):
    """Which stream to have again."""

    stream: Stream


class RebuildRequestBody(RequestBody):
    """What to rebuild, and whether to swap it in even if its rows differ from the live ones."""

    performance_id: Id | None = None
    swap_anyway: Flag = False


class VersionsRequested(ResponseBody):
    """A projector does it within a second or two, and has then still to work; `watch` tells how far it is."""

    name: str
    watch: str
    position: Position


class ProjectionResult(ResponseBody):
    """A read model was told something; it hears of it within a second or two."""

    name: str
    position: Position


class EventSkippedResult(ProjectionResult):
    """An event is left out."""

    skipped_position: int
    reason: ExclusionReason


class StreamParkedResult(ProjectionResult):
    """A stream is left out."""

    stream: str
    reason: ExclusionReason


class StreamUnparkedResult(ProjectionResult):
    """A stream will be had again: by the tables that the next rebuild makes, not by those that missed a part of it."""

    stream: str
    rebuild_needed: bool
