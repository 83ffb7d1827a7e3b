"""Exclusions of a read model: skipped events and parked streams, folded from its stream `projection-<name>`."""

from collections.abc import Sequence
from functools import reduce
from typing import get_args

from domain.errors import NotFound
from domain.event_registry import EVENTS, UPCASTERS, VERSIONS
from domain.operations.exclusions import Exclusions
from domain.operations.projection import PROJECTION, Projection, ProjectionEvent, evolve
from eventstore.schema.codec import Codec
from eventstore.store import RecordedEvent, Store
from projections.engine.model import ProjectedEvent

NAMES = {name: event for name, event in EVENTS.items() if event in get_args(ProjectionEvent)}
CODEC = Codec(NAMES, VERSIONS, UPCASTERS)


async def read_exclusions(store: Store, *, name: str, version: int, schema: str) -> Exclusions:
    """Return the exclusions of the tables in `schema`, folded by a code version of a read model.

    Call it after acquiring the lease and before writing: each change of exclusions raises the fence.

    Raises:
        StoreUnavailable.
    """
    return (await read_projection(store, name)).exclusions(version, schema)


async def read_projection(store: Store, name: str) -> Projection:
    """Return the state folded from all operator decisions about a read model.

    Raises:
        StoreUnavailable.
    """
    stream = PROJECTION.stream(name)
    return projection_of((await store.read_streams([stream]))[stream])


def projection_of(recorded: Sequence[RecordedEvent]) -> Projection:
    """Fold the events of a read model's stream."""
    decoded = (CODEC.decode(event.name, event.schema_version, event.data) for event in recorded)
    return reduce(evolve, decoded, PROJECTION.initial)


def exclude(exclusions: Exclusions, events: Sequence[ProjectedEvent]) -> Sequence[ProjectedEvent]:
    """Return the events that are not excluded."""
    if not exclusions.positions and not exclusions.streams:
        return events
    return [event for event in events if not exclusions.excludes(event.position, event.stream)]


async def require_stream(store: Store, stream: str) -> None:
    """Check that a stream to be parked exists.

    Raises:
        NotFound: the stream has no event.
        StoreUnavailable.
    """
    if not await store.read_stream(stream, limit=1):
        raise NotFound(f"There is no stream {stream}.")
