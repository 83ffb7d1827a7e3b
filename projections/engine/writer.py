"""Applies events to a read model's tables; live versions and builds are written by this function only."""

from collections.abc import Sequence

import orjson

from projections.engine.checkpoints import Connection
from projections.engine.event_reader import UnreadableData
from projections.engine.model import ProjectedEvent, ReadModel


async def write(
    connection: Connection, model: ReadModel, events: Sequence[ProjectedEvent], *, prepare: bool = True
) -> None:
    """Fold events and execute the statements.

    Args:
        prepare: use prepared statements; for a connection that writes into one schema repeatedly.

    Raises:
        UnknownEvent: an event cannot be decoded.
        psycopg.Error: a statement failed.
    """
    folded = events_of_model(model, events)
    for event in folded:
        if isinstance(event.data, UnreadableData):
            raise event.data.error
    for step in model.fold(folded) if folded else ():
        if step.rows:
            rows = orjson.dumps(step.rows).decode()
            await connection.execute(step.statement, {"rows": rows}, prepare=prepare)


def events_of_model(model: ReadModel, events: Sequence[ProjectedEvent]) -> Sequence[ProjectedEvent]:
    """Return the events whose names a read model folds."""
    return [event for event in events if event.name in model.event_names]
