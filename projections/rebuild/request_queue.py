"""Queue of rebuild requests, from the application to the rebuild supervisors."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row
from uuid_utils.compat import uuid7

from projections.engine.checkpoints import Connection
from projections.rebuild import sql

DAYS_KEPT = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedRequest:
    """A pending request; `kind`: rebuild, rollback or drop; `performance`: the only one to rebuild, or None for all."""

    request_id: UUID
    name: str
    kind: str
    performance: str | None
    swap_anyway: bool


async def pending_requests(connection: Connection, names: Sequence[str]) -> list[QueuedRequest]:
    """Return the requests not yet completed, at most one per read model."""
    async with connection.cursor(row_factory=class_row(QueuedRequest)) as cursor:
        await cursor.execute(sql.PENDING_REQUESTS, {"names": list(names)})
        return await cursor.fetchall()


async def add(connection: Connection, *, name: str, kind: str, performance: str | None, swap_anyway: bool) -> None:
    """Add a request to the queue."""
    request = {"wish_id": uuid7(), "name": name, "kind": kind, "performance": performance}
    await connection.execute(sql.ENQUEUE, {**request, "swap_anyway": swap_anyway})


async def complete(connection: Connection, request: QueuedRequest, *, refusal: str | None = None) -> None:
    """Mark a request as completed or refused, in the transaction that executes it, so that it is executed once."""
    await connection.execute(sql.COMPLETE, {"wish_id": request.request_id, "refusal": refusal})


async def drop_old(connection: Connection) -> None:
    """Delete requests that were completed more than `DAYS_KEPT` days ago."""
    await connection.execute(sql.DELETE_OLD_REQUESTS, {"days": DAYS_KEPT})
