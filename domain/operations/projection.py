"""What people decide about a read model that gives trouble: it stands still, goes on, or leaves something out.

The rows of a read model are no business of the log. What they leave out is: a rebuild by the same version of the code
leaves out the same, another version forgets it, and whoever reads the log learns who decided so and why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never

from domain.decision import Changes, DecisionContext, StreamType
from domain.errors import ExclusionLimitReached, NotFailed, NotParked, NotPaused, NotRunning

SKIPPED_MAX = 1_000
PARKED_MAX = 100


class ExclusionReason(StrEnum):
    """Why an event or a stream is left out."""

    UNREADABLE = "unreadable"
    DEFECT = "defect"
    DAMAGED_ROWS = "damaged_rows"
    OTHER = "other"


class ReadModelState(StrEnum):
    """Whether a read model is folded."""

    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionPaused:
    """It stands still until somebody lets it go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionResumed:
    """It goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionRetried:
    """It tries the event at `position` again, which it failed on."""

    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSkipped:
    """`version` of the read model's code leaves out the event at `position`."""

    version: int
    position: int
    reason: ExclusionReason


@dataclass(frozen=True, slots=True, kw_only=True)
class EventUnskipped:
    """`version` of the read model's code has the event at `position` again, in the tables made from here on."""

    version: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamParked:
    """`version` of the read model's code leaves out what happens to `stream` after a position."""

    version: int
    stream: str
    after_position: int
    reason: ExclusionReason


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamUnparked:
    """Tables made from here on have the stream; `tables` miss a part of it, so they leave it out for good."""

    version: int
    stream: str
    tables: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildRequested:
    """It is to be folded anew, or the rows of one performance alone; `swap_anyway`: even if the new rows differ."""

    performance: str | None
    swap_anyway: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackRequested:
    """The version that was live before the last swap is to be live again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionsDropRequested:
    """The versions that are not live are to be dropped."""


ProjectionEvent = (
    ProjectionPaused
    | ProjectionResumed
    | ProjectionRetried
    | EventSkipped
    | EventUnskipped
    | StreamParked
    | StreamUnparked
    | RebuildRequested
    | RollbackRequested
    | VersionsDropRequested
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusions:
    """What certain tables leave out: the events at `positions`, and those of each stream after a position."""

    positions: frozenset[int] = frozenset()
    streams: Mapping[str, int] = field(default_factory=dict)

    def excludes(self, position: int, stream: str) -> bool:
        """Say whether an event is left out."""
        after = self.streams.get(stream)
        return position in self.positions or (after is not None and position > after)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedStream:
    """A parked stream; once it is unparked, only `tables` leave it out."""

    version: int
    stream: str
    after_position: int
    tables: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """What is skipped, as (version of the code, position), and what was ever parked."""

    skips: frozenset[tuple[int, int]] = frozenset()
    parks: tuple[ParkedStream, ...] = ()

    def exclusions(self, version: int, tables: str) -> Exclusions:
        """Return what tables, folded by a version of the code, leave out."""
        streams: dict[str, int] = {}
        for park in self.parks:
            if park.version == version and park.tables in {None, tables}:
                streams[park.stream] = min(park.after_position, streams.get(park.stream, park.after_position))
        return Exclusions(positions=frozenset(self.skipped(version)), streams=streams)

    def skipped(self, version: int) -> list[int]:
        """Return the positions that a version of the code skips, in order."""
        return sorted(position for skipping, position in self.skips if skipping == version)

    def parked(self, version: int) -> list[str]:
        """Return the streams that a version of the code leaves out of every table, in the order they were parked."""
        return [park.stream for park in self.parks if park.version == version and park.tables is None]


def evolve(projection: Projection, event: ProjectionEvent) -> Projection:
    """Return the projection after `event`."""
    match event:
        case EventSkipped():
            return replace(projection, skips=projection.skips | {(event.version, event.position)})
        case EventUnskipped():
            return replace(projection, skips=projection.skips - {(event.version, event.position)})
        case StreamParked():
            park = ParkedStream(version=event.version, stream=event.stream, after_position=event.after_position)
            return replace(projection, parks=(*projection.parks, park))
        case StreamUnparked():
            return replace(projection, parks=tuple(apply_unparked(park, event) for park in projection.parks))
        case ProjectionPaused() | ProjectionResumed() | ProjectionRetried():
            return projection
        case RebuildRequested() | RollbackRequested() | VersionsDropRequested():
            return projection
        case _:
            assert_never(event)


def apply_unparked(park: ParkedStream, event: StreamUnparked) -> ParkedStream:
    """Return a park after the event; another stream's, another version's and a former one stay as they are."""
    if (park.version, park.stream, park.tables) != (event.version, event.stream, None):
        return park
    return replace(park, tables=event.tables)


PROJECTION: StreamType[Projection] = StreamType("projection", Projection(), evolve)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionSnapshot:
    """How a read model stands while somebody decides about it: nobody moves it meanwhile."""

    name: str
    version: int
    schema: str
    position: int
    state: ReadModelState
    failed_position: int | None


def pause(context: DecisionContext, snapshot: ProjectionSnapshot) -> Changes:
    """Let it stand still; one that is paused already records nothing.

    Raises:
        NotRunning: it failed.
    """
    context.read(PROJECTION, snapshot.name)
    match snapshot.state:
        case ReadModelState.PAUSED:
            return {}
        case ReadModelState.FAILED:
            raise NotRunning(f"{snapshot.name} has failed and stands still already.")
        case _:
            return {PROJECTION.stream(snapshot.name): [ProjectionPaused()]}


def resume(context: DecisionContext, snapshot: ProjectionSnapshot) -> Changes:
    """Let one that is paused go on; one that runs records nothing.

    Raises:
        NotPaused: it failed.
    """
    context.read(PROJECTION, snapshot.name)
    match snapshot.state:
        case ReadModelState.RUNNING:
            return {}
        case ReadModelState.FAILED:
            raise NotPaused(f"{snapshot.name} has failed: retry, skip the event, or park its stream.")
        case _:
            return {PROJECTION.stream(snapshot.name): [ProjectionResumed()]}


def retry(context: DecisionContext, snapshot: ProjectionSnapshot) -> Changes:
    """Let it try the event again that it failed on.

    Raises:
        NotFailed: it did not.
    """
    context.read(PROJECTION, snapshot.name)
    return {PROJECTION.stream(snapshot.name): [ProjectionRetried(position=require_failed_position(snapshot))]}


def skip_event(
    context: DecisionContext, snapshot: ProjectionSnapshot, *, position: int, reason: ExclusionReason
) -> Changes:
    """Leave out the event that it failed on; one that is skipped already records nothing.

    Raises:
        NotFailed: it has not failed at this position.
        ExclusionLimitReached.
    """
    skipped = context.read(PROJECTION, snapshot.name).skipped(snapshot.version)
    if position in skipped:
        return {}
    if require_failed_position(snapshot) != position:
        raise NotFailed(f"{snapshot.name} failed at position {snapshot.failed_position}, not at {position}.")
    if len(skipped) >= SKIPPED_MAX:
        raise ExclusionLimitReached(f"{snapshot.name} skips {SKIPPED_MAX} events already; mend the program instead.")
    skip = EventSkipped(version=snapshot.version, position=position, reason=reason)
    return {PROJECTION.stream(snapshot.name): [skip]}


def park_stream(
    context: DecisionContext, snapshot: ProjectionSnapshot, *, stream: str, reason: ExclusionReason
) -> Changes:
    """Leave out what happens to a stream from here on; one that is parked already records nothing.

    Raises:
        ExclusionLimitReached.
    """
    parked = context.read(PROJECTION, snapshot.name).parked(snapshot.version)
    if stream in parked:
        return {}
    if len(parked) >= PARKED_MAX:
        raise ExclusionLimitReached(
            f"{snapshot.name} has {PARKED_MAX} streams parked already; mend the program instead."
        )
    park = StreamParked(version=snapshot.version, stream=stream, after_position=snapshot.position, reason=reason)
    return {PROJECTION.stream(snapshot.name): [park]}


def unpark_stream(context: DecisionContext, snapshot: ProjectionSnapshot, *, stream: str) -> Changes:
    """Let the next tables have a stream again.

    Raises:
        NotParked: it is not parked.
    """
    if stream not in context.read(PROJECTION, snapshot.name).parked(snapshot.version):
        raise NotParked(f"{snapshot.name} does not have {stream} parked.")
    unpark = StreamUnparked(version=snapshot.version, stream=stream, tables=snapshot.schema)
    return {PROJECTION.stream(snapshot.name): [unpark]}


def require_failed_position(snapshot: ProjectionSnapshot) -> int:
    """Return the position it failed at.

    Raises:
        NotFailed: it did not.
    """
    if snapshot.state is not ReadModelState.FAILED:
        raise NotFailed(f"{snapshot.name} has not failed.")
    if snapshot.failed_position is None:
        raise NotFailed(
            f"{snapshot.name} failed at no event: it was folded from a log that was restored since. "
            f"Rebuild it: seatledger projections rebuild {snapshot.name}"
        )
    return snapshot.failed_position
