"""Versions of read models as JSON."""

from collections.abc import Mapping, Sequence

from api.presenters.values import Body
from projections.engine.checkpoints import ProjectionState
from projections.rebuild.build_repository import Build
from projections.rebuild.throttle import Progress


def builds_json(
    live: ProjectionState, builds: Sequence[Build], events_s: Mapping[str, float | None] | None = None
) -> Body:
    """Return the running build of a read model and its previous version as JSON.

    Args:
        state: the live version.
        builds: all versions that are not live.
        events_s: events per second by schema, where known.
    """
    mine = [build for build in builds if build.name == live.name]
    rates = events_s or {}
    return {
        "build": next((build_json(live, b, rates.get(b.schema)) for b in mine if b.state != "retired"), None),
        "retired": next((b.schema for b in mine if b.state == "retired"), None),
    }


def build_json(live: ProjectionState, build: Build, events_s: float | None) -> Body:
    """Return the progress of a build as JSON."""
    progress = Progress(state=build.state, position=build.position, target=live.position, events_s=events_s)
    return {
        "schema": build.schema,
        "version": build.version,
        "state": build.state,
        "attended": build.has_worker,
        "begun_at": build.begun_at,
        "position": build.position,
        "target": live.position,
        "share": progress.share,
        "events_per_second": None if events_s is None else round(events_s, 1),
        "seconds_left": None if progress.left_s is None else round(progress.left_s, 1),
        "differences": build.differences,
        "error": build.error,
    }
