"""From facts to rows: the only way into a read model's tables, whichever version of them."""

from collections.abc import Sequence

import orjson

from projections.control import Connection
from projections.facts import Unreadable
from projections.model import Fact, ReadModel


async def write(connection: Connection, model: ReadModel, facts: Sequence[Fact], *, prepare: bool = True) -> None:
    """Write what a read model makes of some facts.

    Args:
        prepare: the same connection writes into this schema again and again.

    Raises:
        Whatever an unreadable event or an impossible statement raises.
    """
    wanted = of_model(model, facts)
    for fact in wanted:
        if isinstance(fact.data, Unreadable):
            raise fact.data.error
    for step in model.fold(wanted) if wanted else ():
        if step.rows:
            rows = orjson.dumps(step.rows).decode()
            await connection.execute(step.statement, {"rows": rows}, prepare=prepare)


def of_model(model: ReadModel, facts: Sequence[Fact]) -> Sequence[Fact]:
    """Return the facts that a read model folds."""
    return [fact for fact in facts if fact.name in model.names]
