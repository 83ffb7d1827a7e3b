"""State of the processes in PostgreSQL: a lease per rule, by the database's clock, with a fencing token.

Work items are plain rows (subject, cause, position of the cause, due at, tries, cursor), independent of the rules.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
from psycopg_pool import PoolClosed
from uuid_utils.compat import uuid7

from adapters.postgres import process_state_sql as sql
from adapters.postgres.pool import Pool
from eventstore.checkpoint import BEGINNING, Checkpoint
from eventstore.errors import StoreUnavailable
from eventstore.postgres.error_classification import RETRYABLE_ERRORS

SILENCE_S = 10.0
"""Time without a heartbeat after which a lease can be acquired by another owner."""

REFUSALS_MAX = 10_000

Row = tuple[str, UUID, int, datetime, int, int]
Refused = tuple[str, UUID, str]


class PostgresProcessState:
    """The state of all rules; each object is one possible owner.

    Args:
        pool: connections of the application's role.
    """

    def __init__(self, pool: Pool, *, silence_s: float = SILENCE_S, refusals_max: int = REFUSALS_MAX) -> None:
        self._pool = pool
        self._owner = uuid7()
        self._silence_s = silence_s
        self._refusals_max = refusals_max

    async def acquire(self, rule: str) -> "PostgresLease | None":
        """Acquire a rule's lease if it is free, expired or ours; None otherwise.

        Raises:
            StoreUnavailable: the server is unreachable.
        """
        key = {"rule": rule, "owner": self._owner, "silence_s": self._silence_s}
        with translate_unavailable():
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(sql.INSERT_RULE, key)
                row = await (await connection.execute(sql.ACQUIRE, key)).fetchone()
        if row is None:
            return None
        fence, position, digest, failed_position, tries = row
        key = {"rule": rule, "owner": self._owner, "fence": fence}
        failure = None if failed_position is None else (failed_position, tries)
        return PostgresLease(self._pool, key, Checkpoint(position, digest), self._refusals_max, failure)


async def release_all(pool: Pool) -> None:
    """Release the leases of all rules; call only while no owner can be alive.

    Raises:
        StoreUnavailable: the server is unreachable.
    """
    with translate_unavailable():
        async with pool.connection() as connection:
            await connection.execute(sql.RELEASE_ALL)


class PostgresLease:
    """The lease of one rule, and its state."""

    def __init__(
        self,
        pool: Pool,
        key: dict[str, object],
        checkpoint: Checkpoint,
        refusals_max: int,
        failure: tuple[int, int] | None,
    ) -> None:
        self._pool = pool
        self._key = key
        self._refusals_max = refusals_max
        self.checkpoint = checkpoint
        self.failure = failure
        self._known = checkpoint.position

    async def renew(self) -> bool:
        """Renew the lease; False if another owner has acquired it."""
        with translate_unavailable():
            async with self._pool.connection() as connection:
                return (await connection.execute(sql.RENEW, self._key)).rowcount == 1

    async def release(self) -> None:
        """Release the lease, so that a standby can acquire it at once."""
        with translate_unavailable():
            async with self._pool.connection() as connection:
                await connection.execute(sql.RELEASE, self._key)

    async def fail(self, *, error: str, position: int, pause: timedelta) -> None:
        """Record that the rule failed at a position; its lease cannot be acquired before the pause is over."""
        with translate_unavailable():
            async with self._pool.connection() as connection:
                await connection.execute(sql.FAIL, {**self._key, "error": error, "position": position, "pause": pause})

    async def recover(self) -> None:
        """Record that the rule works again."""
        self.failure = None
        with translate_unavailable():
            async with self._pool.connection() as connection:
                await connection.execute(sql.RECOVER, self._key)

    async def due(self, *, limit: int) -> tuple[datetime, Sequence[Row]]:
        """Return the server's time and the due work items, longest due first; without items the time is arbitrary."""
        with translate_unavailable():
            async with self._pool.connection() as connection:
                rows = await (await connection.execute(sql.DUE, {**self._key, "limit": limit})).fetchall()
        now = rows[0][0] if rows else datetime.fromtimestamp(0, UTC)
        return now, [row[1:] for row in rows]

    async def commit(
        self,
        *,
        checkpoint: Checkpoint | None = None,
        put: Iterable[Row] = (),
        put_if_absent: Iterable[Row] = (),
        drop: Iterable[str] = (),
        refused: Iterable[Refused] = (),
    ) -> bool:
        """Change checkpoint and work in one transaction; False if the lease is lost: nothing was changed."""
        refusals = list(refused)
        with translate_unavailable():
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(sql.NOT_DURABLE)
                if not await self._advance(connection, checkpoint):
                    return False
                if dropped := list(drop):
                    await connection.execute(sql.DROP, {**self._key, "subjects": dropped})
                if rows := list(put):
                    await connection.execute(sql.PUT, {**self._key, **columns(rows)})
                if rows := list(put_if_absent):
                    await connection.execute(sql.PUT_IF_ABSENT, {**self._key, **columns(rows)})
                if refusals:
                    await self._insert_refusals(connection, refusals)
        self._known = self._known if checkpoint is None else checkpoint.position
        return True

    async def reset(self) -> bool:
        """Delete all work and set the checkpoint to the log's beginning; False if the lease is lost."""
        with translate_unavailable():
            async with self._pool.connection() as connection, connection.transaction():
                if not await self._advance(connection, BEGINNING):
                    return False
                await connection.execute(sql.DROP_ALL, self._key)
        self._known = BEGINNING.position
        return True

    async def _advance(self, connection: psycopg.AsyncConnection, checkpoint: Checkpoint | None) -> bool:
        position, digest = checkpoint or (None, None)
        advance = {**self._key, "checkpoint": position, "digest": digest, "known": self._known}
        return (await connection.execute(sql.ADVANCE, advance)).rowcount == 1

    async def _insert_refusals(self, connection: psycopg.AsyncConnection, refusals: Sequence[Refused]) -> None:
        subjects, causes, codes = map(list, zip(*refusals, strict=True))
        written = {**self._key, "subjects": subjects, "causes": causes, "codes": codes}
        await connection.execute(sql.REFUSED, written)
        await connection.execute(sql.DELETE_OLD_REFUSALS, {**self._key, "kept": self._refusals_max})


def columns(rows: Sequence[Row]) -> dict[str, list[object]]:
    """Convert rows to one array per column."""
    names = ("subjects", "causes", "positions", "due_ats", "tries", "cursors")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


UNAVAILABLE: tuple[type[Exception], ...] = (*RETRYABLE_ERRORS, PoolClosed)


@contextmanager
def translate_unavailable() -> Iterator[None]:
    """Convert errors of an unreachable server to `StoreUnavailable`."""
    try:
        yield
    except UNAVAILABLE as error:
        raise StoreUnavailable(f"The processes' state cannot be reached: {type(error).__name__}.") from error
