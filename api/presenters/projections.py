"""The versions of a read model as admins see them."""

from collections.abc import Mapping, Sequence

from api.presenters.values import Body
from projections.engine.checkpoints import ProjectionState
from projections.rebuild.build_repository import Build
from projections.rebuild.throttle import Progress


def builds_json(
    live: ProjectionState, builds: Sequence[Build], events_s: Mapping[str, float | None] | None = None
) -> Body:
    """Show what is being built of a read model and what was live before.

    Args:
        events_s: how fast each schema is being filled, where that is known.
    """
    mine = [build for build in builds if build.name == live.name]
    rates = events_s or {}
    return {
        "build": next((build_json(live, b, rates.get(b.schema)) for b in mine if b.state != "retired"), None),
        "retired": next((b.schema for b in mine if b.state == "retired"), None),
    }


def build_json(live: ProjectionState, build: Build, events_s: float | None) -> Body:
    """Show how far a version is that is being built."""
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
