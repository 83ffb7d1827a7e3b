"""What people decide about a read model that gives trouble: it stands still, goes on, or leaves something out.

The rows of a read model are no business of the log. What they leave out is: a rebuild by the same version of the code
leaves out the same, another version forgets it, and whoever reads the log learns who decided so and why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never

from domain.books import Books, Changes, Kind
from domain.errors import NotFailed, NotParked, NotPaused, NotRunning, TooMuchSetAside

SKIPPED_MAX = 1_000
PARKED_MAX = 100


class SetAsideReason(StrEnum):
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
    reason: SetAsideReason


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
    reason: SetAsideReason


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamUnparked:
    """Tables made from here on have the stream; `tables` miss a part of it, so they leave it out for good."""

    version: int
    stream: str
    tables: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildAsked:
    """It is to be folded anew, or the rows of one performance alone; `swap_anyway`: even if the new rows differ."""

    performance: str | None
    swap_anyway: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackAsked:
    """The version that was live before the last swap is to be live again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionsDropAsked:
    """The versions that are not live are to be dropped."""


ProjectionEvent = (
    ProjectionPaused
    | ProjectionResumed
    | ProjectionRetried
    | EventSkipped
    | EventUnskipped
    | StreamParked
    | StreamUnparked
    | RebuildAsked
    | RollbackAsked
    | VersionsDropAsked
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """What certain tables leave out: the events at `positions`, and those of each stream after a position."""

    positions: frozenset[int] = frozenset()
    streams: Mapping[str, int] = field(default_factory=dict)

    def holds(self, position: int, stream: str) -> bool:
        """Say whether an event is left out."""
        after = self.streams.get(stream)
        return position in self.positions or (after is not None and position > after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Park:
    """A parked stream; once it is unparked, only `tables` leave it out."""

    version: int
    stream: str
    after_position: int
    tables: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """What is skipped, as (version of the code, position), and what was ever parked."""

    skips: frozenset[tuple[int, int]] = frozenset()
    parks: tuple[Park, ...] = ()

    def set_aside(self, version: int, tables: str) -> SetAside:
        """Return what tables, folded by a version of the code, leave out."""
        streams: dict[str, int] = {}
        for park in self.parks:
            if park.version == version and park.tables in {None, tables}:
                streams[park.stream] = min(park.after_position, streams.get(park.stream, park.after_position))
        return SetAside(positions=frozenset(self.skipped(version)), streams=streams)

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
            park = Park(version=event.version, stream=event.stream, after_position=event.after_position)
            return replace(projection, parks=(*projection.parks, park))
        case StreamUnparked():
            return replace(projection, parks=tuple(unparked(park, event) for park in projection.parks))
        case ProjectionPaused() | ProjectionResumed() | ProjectionRetried():
            return projection
        case RebuildAsked() | RollbackAsked() | VersionsDropAsked():
            return projection
        case _:
            assert_never(event)


def unparked(park: Park, event: StreamUnparked) -> Park:
    """Return a park after the event; another stream's, another version's and a former one stay as they are."""
    if (park.version, park.stream, park.tables) != (event.version, event.stream, None):
        return park
    return replace(park, tables=event.tables)


PROJECTION: Kind[Projection] = Kind("projection", Projection(), evolve)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a read model stands while somebody decides about it: nobody moves it meanwhile."""

    name: str
    version: int
    schema: str
    position: int
    state: ReadModelState
    failed_position: int | None


def pause(books: Books, standing: Standing) -> Changes:
    """Let it stand still; one that is paused already records nothing.

    Raises:
        NotRunning: it failed.
    """
    books.read(PROJECTION, standing.name)
    match standing.state:
        case ReadModelState.PAUSED:
            return {}
        case ReadModelState.FAILED:
            raise NotRunning(f"{standing.name} has failed and stands still already.")
        case _:
            return {PROJECTION.stream(standing.name): [ProjectionPaused()]}


def resume(books: Books, standing: Standing) -> Changes:
    """Let one that is paused go on; one that runs records nothing.

    Raises:
        NotPaused: it failed.
    """
    books.read(PROJECTION, standing.name)
    match standing.state:
        case ReadModelState.RUNNING:
            return {}
        case ReadModelState.FAILED:
            raise NotPaused(f"{standing.name} has failed: retry, skip the event, or park its stream.")
        case _:
            return {PROJECTION.stream(standing.name): [ProjectionResumed()]}


def retry(books: Books, standing: Standing) -> Changes:
    """Let it try the event again that it failed on.

    Raises:
        NotFailed: it did not.
    """
    books.read(PROJECTION, standing.name)
    return {PROJECTION.stream(standing.name): [ProjectionRetried(position=failed_at(standing))]}


def skip_event(books: Books, standing: Standing, *, position: int, reason: SetAsideReason) -> Changes:
    """Leave out the event that it failed on; one that is skipped already records nothing.

    Raises:
        NotFailed: it has not failed at this position.
        TooMuchSetAside.
    """
    skipped = books.read(PROJECTION, standing.name).skipped(standing.version)
    if position in skipped:
        return {}
    if failed_at(standing) != position:
        raise NotFailed(f"{standing.name} failed at position {standing.failed_position}, not at {position}.")
    if len(skipped) >= SKIPPED_MAX:
        raise TooMuchSetAside(f"{standing.name} skips {SKIPPED_MAX} events already; mend the program instead.")
    skip = EventSkipped(version=standing.version, position=position, reason=reason)
    return {PROJECTION.stream(standing.name): [skip]}


def park_stream(books: Books, standing: Standing, *, stream: str, reason: SetAsideReason) -> Changes:
    """Leave out what happens to a stream from here on; one that is parked already records nothing.

    Raises:
        TooMuchSetAside.
    """
    parked = books.read(PROJECTION, standing.name).parked(standing.version)
    if stream in parked:
        return {}
    if len(parked) >= PARKED_MAX:
        raise TooMuchSetAside(f"{standing.name} has {PARKED_MAX} streams parked already; mend the program instead.")
    park = StreamParked(version=standing.version, stream=stream, after_position=standing.position, reason=reason)
    return {PROJECTION.stream(standing.name): [park]}


def unpark_stream(books: Books, standing: Standing, *, stream: str) -> Changes:
    """Let the next tables have a stream again.

    Raises:
        NotParked: it is not parked.
    """
    if stream not in books.read(PROJECTION, standing.name).parked(standing.version):
        raise NotParked(f"{standing.name} does not have {stream} parked.")
    unpark = StreamUnparked(version=standing.version, stream=stream, tables=standing.schema)
    return {PROJECTION.stream(standing.name): [unpark]}


def failed_at(standing: Standing) -> int:
    """Return the position it failed at.

    Raises:
        NotFailed: it did not.
    """
    if standing.state is not ReadModelState.FAILED:
        raise NotFailed(f"{standing.name} has not failed.")
    if standing.failed_position is None:
        raise NotFailed(
            f"{standing.name} failed at no event: it was folded from a log that was restored since. "
            f"Rebuild it: seatledger projections rebuild {standing.name}"
        )
    return standing.failed_position
