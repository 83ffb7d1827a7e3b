"""Operators' requests on the versions of a read model; a rebuild supervisor carries them out."""

from dataclasses import dataclass

from domain.decision import Changes, DecisionContext
from domain.errors import NoRetiredVersion, NotSkipped, PartialRebuildUnsupported, RebuildInProgress
from domain.operations.exclusions import EventUnskipped
from domain.operations.projection import (
    PROJECTION,
    ProjectionSnapshot,
    RebuildRequested,
    RollbackRequested,
    VersionsDropRequested,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildState:
    """The versions of a read model besides the live one, and the operations they allow.

    Args:
        requested: a request was recorded that no supervisor has started.
        in_progress: a rebuild or another operation is running.
        retired: the version that was live before is kept.
        partial_supported: one performance can be rebuilt alone.
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
    """Request a rebuild of a read model, or of its rows of one performance.

    Args:
        swap_anyway: make the new version live even if its rows differ.

    Raises:
        RebuildInProgress: another request is pending or running.
        PartialRebuildUnsupported: one performance cannot be rebuilt alone.
    """
    require_no_rebuild(snapshot, builds)
    if performance is not None and not builds.partial_supported:
        raise PartialRebuildUnsupported(f"{snapshot.name} cannot rebuild one performance alone: rebuild it as a whole.")
    return request_events(context, snapshot, RebuildRequested(performance=performance, swap_anyway=swap_anyway))


def unskip_event(
    context: DecisionContext, snapshot: ProjectionSnapshot, builds: BuildState, *, position: int
) -> Changes:
    """Include a skipped event again, and request a rebuild, because the present tables were folded without it.

    Raises:
        NotSkipped: this version of the read model does not skip the event.
        RebuildInProgress: another request is pending or running.
    """
    if position not in context.read(PROJECTION, snapshot.name).skipped(snapshot.version):
        raise NotSkipped(f"{snapshot.name} does not skip the event at {position}.")
    require_no_rebuild(snapshot, builds)
    unskipped = EventUnskipped(version=snapshot.version, position=position)
    return {PROJECTION.stream(snapshot.name): [unskipped, RebuildRequested(performance=None, swap_anyway=True)]}


def request_rollback(context: DecisionContext, snapshot: ProjectionSnapshot, builds: BuildState) -> Changes:
    """Request that the version which was live before the last swap becomes live again.

    Raises:
        RebuildInProgress: another request is pending or running.
        NoRetiredVersion: no such version is kept.
    """
    require_no_rebuild(snapshot, builds)
    if not builds.retired:
        raise NoRetiredVersion(f"No retired version of {snapshot.name} is kept: rebuild it instead.")
    return request_events(context, snapshot, RollbackRequested())


def request_drop(context: DecisionContext, snapshot: ProjectionSnapshot, builds: BuildState) -> Changes:
    """Request that all versions except the live one are dropped.

    Raises:
        RebuildInProgress: another request is pending or running.
    """
    require_no_rebuild(snapshot, builds)
    return request_events(context, snapshot, VersionsDropRequested())


def require_no_rebuild(snapshot: ProjectionSnapshot, builds: BuildState) -> None:
    """Refuse a second operation on the versions of a read model at the same time.

    Raises:
        RebuildInProgress: another request is pending or running.
    """
    if builds.requested or builds.in_progress:
        raise RebuildInProgress(f"{snapshot.name} is being rebuilt or about to be; retry once that has ended.")


def request_events(
    context: DecisionContext,
    snapshot: ProjectionSnapshot,
    request: RebuildRequested | RollbackRequested | VersionsDropRequested,
) -> Changes:
    """Return the event that records the request."""
    context.read(PROJECTION, snapshot.name)
    return {PROJECTION.stream(snapshot.name): [request]}
