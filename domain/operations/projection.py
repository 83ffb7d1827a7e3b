"""Operators' decisions on a failing read model: pause, resume, retry, or exclude an event or a stream.

The rows of a read model are not part of the log, but its exclusions are: every rebuild by the same version of the code
applies them, another version ignores them, and the log records who decided on them and why.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from domain.decision import Changes, DecisionContext, StreamType
from domain.errors import ExclusionLimitReached, NotFailed, NotParked, NotPaused, NotRunning
from domain.operations.exclusions import (
    EventSkipped,
    EventUnskipped,
    ExclusionReason,
    Exclusions,
    ParkedStream,
    StreamParked,
    StreamUnparked,
    apply_unparked,
)

SKIPPED_MAX = 1_000
PARKED_MAX = 100


class ReadModelState(StrEnum):
    """Whether a read model is being folded."""

    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionPaused:
    """The read model is paused until it is resumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionResumed:
    """The read model is folded again after a pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionRetried:
    """The read model retries the event at `position`, on which it had failed."""

    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildRequested:
    """A rebuild was requested, of one performance only if named; `swap_anyway`: make it live even if rows differ."""

    performance: str | None
    swap_anyway: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackRequested:
    """A roll-back was requested to the version that was live before the last swap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionsDropRequested:
    """Dropping the versions that are not live was requested."""


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
class Projection:
    """The skipped events as (version of the code, position), and every stream that was ever parked."""

    skips: frozenset[tuple[int, int]] = frozenset()
    parks: tuple[ParkedStream, ...] = ()

    def exclusions(self, version: int, tables: str) -> Exclusions:
        """Return the exclusions of the tables `tables`, folded by a version of the code."""
        streams: dict[str, int] = {}
        for park in self.parks:
            if park.version == version and park.tables in {None, tables}:
                streams[park.stream] = min(park.after_position, streams.get(park.stream, park.after_position))
        return Exclusions(positions=frozenset(self.skipped(version)), streams=streams)

    def skipped(self, version: int) -> list[int]:
        """Return the positions that a version of the code skips, ascending."""
        return sorted(position for skipping, position in self.skips if skipping == version)

    def parked(self, version: int) -> list[str]:
        """Return the streams that a version of the code excludes from all tables, in the order they were parked."""
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


PROJECTION: StreamType[Projection] = StreamType("projection", Projection(), evolve)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionSnapshot:
    """Snapshot of a read model's control row, taken under its lock."""

    name: str
    version: int
    schema: str
    position: int
    state: ReadModelState
    failed_position: int | None


def pause(context: DecisionContext, snapshot: ProjectionSnapshot) -> Changes:
    """Pause a read model; a paused one records nothing.

    Raises:
        NotRunning: it has failed.
    """
    context.read(PROJECTION, snapshot.name)
    match snapshot.state:
        case ReadModelState.PAUSED:
            return {}
        case ReadModelState.FAILED:
            raise NotRunning(f"{snapshot.name} has failed and is not running.")
        case _:
            return {PROJECTION.stream(snapshot.name): [ProjectionPaused()]}


def resume(context: DecisionContext, snapshot: ProjectionSnapshot) -> Changes:
    """Resume a paused read model; a running one records nothing.

    Raises:
        NotPaused: it has failed.
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
    """Retry the event on which a read model has failed.

    Raises:
        NotFailed: it has not failed.
    """
    context.read(PROJECTION, snapshot.name)
    return {PROJECTION.stream(snapshot.name): [ProjectionRetried(position=require_failed_position(snapshot))]}


def skip_event(
    context: DecisionContext, snapshot: ProjectionSnapshot, *, position: int, reason: ExclusionReason
) -> Changes:
    """Skip the event on which a read model has failed; a skipped one records nothing.

    Raises:
        NotFailed: it has not failed at this position.
        ExclusionLimitReached: it skips `SKIPPED_MAX` events.
    """
    skipped = context.read(PROJECTION, snapshot.name).skipped(snapshot.version)
    if position in skipped:
        return {}
    if require_failed_position(snapshot) != position:
        raise NotFailed(f"{snapshot.name} failed at position {snapshot.failed_position}, not at {position}.")
    if len(skipped) >= SKIPPED_MAX:
        raise ExclusionLimitReached(f"{snapshot.name} skips {SKIPPED_MAX} events already; fix its code instead.")
    skip = EventSkipped(version=snapshot.version, position=position, reason=reason)
    return {PROJECTION.stream(snapshot.name): [skip]}


def park_stream(
    context: DecisionContext, snapshot: ProjectionSnapshot, *, stream: str, reason: ExclusionReason
) -> Changes:
    """Exclude the events of a stream after the present position; a parked stream records nothing.

    Raises:
        ExclusionLimitReached: `PARKED_MAX` streams are parked.
    """
    parked = context.read(PROJECTION, snapshot.name).parked(snapshot.version)
    if stream in parked:
        return {}
    if len(parked) >= PARKED_MAX:
        raise ExclusionLimitReached(f"{snapshot.name} has {PARKED_MAX} streams parked already; fix its code instead.")
    park = StreamParked(version=snapshot.version, stream=stream, after_position=snapshot.position, reason=reason)
    return {PROJECTION.stream(snapshot.name): [park]}


def unpark_stream(context: DecisionContext, snapshot: ProjectionSnapshot, *, stream: str) -> Changes:
    """Include a parked stream again, in tables created from now on.

    Raises:
        NotParked: it is not parked.
    """
    if stream not in context.read(PROJECTION, snapshot.name).parked(snapshot.version):
        raise NotParked(f"{snapshot.name} does not have {stream} parked.")
    unpark = StreamUnparked(version=snapshot.version, stream=stream, tables=snapshot.schema)
    return {PROJECTION.stream(snapshot.name): [unpark]}


def require_failed_position(snapshot: ProjectionSnapshot) -> int:
    """Return the position at which a read model has failed.

    Raises:
        NotFailed: it has not failed, or not at an event.
    """
    if snapshot.state is not ReadModelState.FAILED:
        raise NotFailed(f"{snapshot.name} has not failed.")
    if snapshot.failed_position is None:
        raise NotFailed(
            f"{snapshot.name} did not fail at an event: its log was restored since it was folded. "
            f"Rebuild it: seatledger projections rebuild {snapshot.name}"
        )
    return snapshot.failed_position
