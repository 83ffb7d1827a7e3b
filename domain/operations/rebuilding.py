"""What people ask to be done with the versions of a read model; whoever folds it does so when it can."""

from dataclasses import dataclass

from domain.decision import Changes, DecisionContext
from domain.errors import NoRetiredVersion, NotSkipped, PartialRebuildUnsupported, RebuildInProgress
from domain.operations.projection import (
    PROJECTION,
    EventUnskipped,
    ProjectionSnapshot,
    RebuildRequested,
    RollbackRequested,
    VersionsDropRequested,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildState:
    """What there is of a read model beside the live version, and what can be made of it.

    `asked`: somebody asked for something that nobody has begun yet.
    """

    requested: bool
    in_progress: bool
    retired: bool
    partial_supported: bool


def request_rebuild(
    context: DecisionContext,
    snapshot: ProjectionSnapshot,
    builds: BuildState,
    *,
    performance: str | None,
    swap_anyway: bool,
) -> Changes:
    """Ask for a read model to be folded anew.

    Raises:
        RebuildInProgress: one at a time.
        PartialRebuildUnsupported: one performance alone can't be rebuilt.
    """
    require_no_rebuild(snapshot, builds)
    if performance is not None and not builds.partial_supported:
        raise PartialRebuildUnsupported(f"{snapshot.name} can't be rebuilt for one performance: rebuild it as a whole.")
    return request_events(context, snapshot, RebuildRequested(performance=performance, swap_anyway=swap_anyway))


def unskip_event(
    context: DecisionContext, snapshot: ProjectionSnapshot, builds: BuildState, *, position: int
) -> Changes:
    """Take the skipping of an event back, and ask for tables that have it: those of today went on without it.

    Raises:
        NotSkipped: this version of the read model does not skip the event.
        RebuildInProgress: one at a time.
    """
    if position not in context.read(PROJECTION, snapshot.name).skipped(snapshot.version):
        raise NotSkipped(f"{snapshot.name} does not skip the event at {position}.")
    require_no_rebuild(snapshot, builds)
    unskipped = EventUnskipped(version=snapshot.version, position=position)
    return {PROJECTION.stream(snapshot.name): [unskipped, RebuildRequested(performance=None, swap_anyway=True)]}


def request_rollback(context: DecisionContext, snapshot: ProjectionSnapshot, builds: BuildState) -> Changes:
    """Ask for the last swap to be taken back.

    Raises:
        RebuildInProgress: one at a time.
        NoRetiredVersion: there is nothing to go back to.
    """
    require_no_rebuild(snapshot, builds)
    if not builds.retired:
        raise NoRetiredVersion(f"No retired version of {snapshot.name} is kept: rebuild it instead.")
    return request_events(context, snapshot, RollbackRequested())


def request_drop(context: DecisionContext, snapshot: ProjectionSnapshot, builds: BuildState) -> Changes:
    """Ask for everything to be dropped that is not live.

    Raises:
        RebuildInProgress: somebody works on it.
    """
    require_no_rebuild(snapshot, builds)
    return request_events(context, snapshot, VersionsDropRequested())


def require_no_rebuild(snapshot: ProjectionSnapshot, builds: BuildState) -> None:
    """Refuse to do two things with the versions of a read model at once.

    Raises:
        RebuildInProgress: something is being done, or will be in a moment.
    """
    if builds.requested or builds.in_progress:
        raise RebuildInProgress(f"{snapshot.name} is being rebuilt, or will be in a moment; wait for the end of it.")


def request_events(
    context: DecisionContext,
    snapshot: ProjectionSnapshot,
    request: RebuildRequested | RollbackRequested | VersionsDropRequested,
) -> Changes:
    """Write a wish down."""
    context.read(PROJECTION, snapshot.name)
    return {PROJECTION.stream(snapshot.name): [request]}
