"""What a read model leaves out: skipped events and parked streams, as the log's `projection-<name>` says."""

from collections.abc import Sequence
from functools import reduce
from typing import get_args

from domain.errors import NotFound
from domain.event_registry import EVENTS, UPCASTERS, VERSIONS
from domain.operations.projection import PROJECTION, Exclusions, Projection, ProjectionEvent, evolve
from eventstore.schema.codec import Codec
from eventstore.store import RecordedEvent, Store
from projections.engine.model import ProjectedEvent

NAMES = {name: event for name, event in EVENTS.items() if event in get_args(ProjectionEvent)}
CODEC = Codec(NAMES, VERSIONS, UPCASTERS)


async def read_exclusions(store: Store, *, name: str, version: int, schema: str) -> Exclusions:
    """Return what the tables in `schema`, folded by a version of a read model's code, leave out.

    Whoever folds reads this after it took the row and before it writes: every change raises the row's fence.

    Raises:
        StoreUnavailable.
    """
    return (await read_projection(store, name)).exclusions(version, schema)


async def read_projection(store: Store, name: str) -> Projection:
    """Return all that was ever decided about a read model.

    Raises:
        StoreUnavailable.
    """
    stream = PROJECTION.stream(name)
    return projection_of((await store.read_streams([stream]))[stream])


def projection_of(recorded: Sequence[RecordedEvent]) -> Projection:
    """Fold what was decided."""
    decoded = (CODEC.decode(event.name, event.schema_version, event.data) for event in recorded)
    return reduce(evolve, decoded, PROJECTION.initial)


def exclude(exclusions: Exclusions, facts: Sequence[ProjectedEvent]) -> Sequence[ProjectedEvent]:
    """Return the facts that are not left out."""
    if not exclusions.positions and not exclusions.streams:
        return facts
    return [fact for fact in facts if not exclusions.excludes(fact.position, fact.stream)]


async def require_stream(store: Store, stream: str) -> None:
    """Make sure that a stream to be parked is one.

    Raises:
        NotFound: nothing ever happened to it.
        StoreUnavailable.
    """
    if not await store.read_stream(stream, limit=1):
        raise NotFound(f"There is no stream {stream}.")
