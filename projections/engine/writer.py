"""From facts to rows: the only way into a read model's tables, whichever version of them."""

from collections.abc import Sequence

import orjson

from projections.engine.checkpoints import Connection
from projections.engine.event_reader import UnreadableData
from projections.engine.model import ProjectedEvent, ReadModel


async def write(
    connection: Connection, model: ReadModel, facts: Sequence[ProjectedEvent], *, prepare: bool = True
) -> None:
    """Write what a read model makes of some facts.

    Args:
        prepare: the same connection writes into this schema again and again.

    Raises:
        Whatever an unreadable event or an impossible statement raises.
    """
    wanted = events_of_model(model, facts)
    for fact in wanted:
        if isinstance(fact.data, UnreadableData):
            raise fact.data.error
    for step in model.fold(wanted) if wanted else ():
        if step.rows:
            rows = orjson.dumps(step.rows).decode()
            await connection.execute(step.statement, {"rows": rows}, prepare=prepare)


def events_of_model(model: ReadModel, facts: Sequence[ProjectedEvent]) -> Sequence[ProjectedEvent]:
    """Return the facts that a read model folds."""
    return [fact for fact in facts if fact.name in model.event_names]
