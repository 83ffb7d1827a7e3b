"""The processes' checkpoints and work in PostgreSQL: one owner a rule, by the database's clock, and a fence.

Work crosses as plain rows (subject, cause, cause's position, due at, tries, cursor): this side knows no rule.
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
from eventstore.postgres.error_classification import OUT_OF_REACH

SILENCE_S = 10.0
"""An owner that is silent for so long is taken for dead."""

REFUSALS_MAX = 10_000

Row = tuple[str, UUID, int, datetime, int, int]
Refused = tuple[str, UUID, str]


class PostgresProcessState:
    """The state of every rule; one object is one would-be owner.

    Args:
        pool: as the application's role.
    """

    def __init__(self, pool: Pool, *, silence_s: float = SILENCE_S, refusals_max: int = REFUSALS_MAX) -> None:
        self._pool = pool
        self._owner = uuid7()
        self._silence_s = silence_s
        self._refusals_max = refusals_max

    async def acquire(self, rule: str) -> "PostgresLease | None":
        """Become the owner of a rule without a living owner, or of one that is ours already.

        Raises:
            StoreUnavailable: the server cannot be asked.
        """
        claim = {"rule": rule, "owner": self._owner, "silence_s": self._silence_s}
        with translate_unavailable():
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(sql.INTRODUCE, claim)
                row = await (await connection.execute(sql.ACQUIRE, claim)).fetchone()
        if row is None:
            return None
        fence, position, digest, failed_position, tries = row
        claim = {"rule": rule, "owner": self._owner, "fence": fence}
        failure = None if failed_position is None else (failed_position, tries)
        return PostgresLease(self._pool, claim, Checkpoint(position, digest), self._refusals_max, failure)


async def release_all(pool: Pool) -> None:
    """Let others take over at once every rule of any owner, none of which can be alive.

    Raises:
        StoreUnavailable: the server cannot be asked.
    """
    with translate_unavailable():
        async with pool.connection() as connection:
            await connection.execute(sql.RELEASE_ALL)


class PostgresLease:
    """One rule's state while we own it."""

    def __init__(
        self,
        pool: Pool,
        claim: dict[str, object],
        checkpoint: Checkpoint,
        refusals_max: int,
        failure: tuple[int, int] | None,
    ) -> None:
        self._pool = pool
        self._claim = claim
        self._refusals_max = refusals_max
        self.checkpoint = checkpoint
        self.failure = failure
        self._known = checkpoint.position

    async def renew(self) -> bool:
        """Say that we are alive; False: somebody else has taken over."""
        with translate_unavailable():
            async with self._pool.connection() as connection:
                return (await connection.execute(sql.RENEW, self._claim)).rowcount == 1

    async def release(self) -> None:
        """Let a standby take over at once."""
        with translate_unavailable():
            async with self._pool.connection() as connection:
                await connection.execute(sql.RELEASE, self._claim)

    async def fail(self, *, error: str, position: int, pause: timedelta) -> None:
        """Record that the rule failed at a position; it has no owner again before the pause is over."""
        with translate_unavailable():
            async with self._pool.connection() as connection:
                await connection.execute(
                    sql.FAIL, {**self._claim, "error": error, "position": position, "pause": pause}
                )

    async def recover(self) -> None:
        """Record that the rule works again."""
        self.failure = None
        with translate_unavailable():
            async with self._pool.connection() as connection:
                await connection.execute(sql.RECOVER, self._claim)

    async def due(self, *, limit: int) -> tuple[datetime, Sequence[Row]]:
        """Return the server's time (any, where nothing is due) and the work whose time has come, longest due first."""
        with translate_unavailable():
            async with self._pool.connection() as connection:
                rows = await (await connection.execute(sql.DUE, {**self._claim, "limit": limit})).fetchall()
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
        """Change checkpoint and work in one transaction; False: the tenure is over, nothing was changed."""
        refusals = list(refused)
        with translate_unavailable():
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(sql.NOT_DURABLE)
                if not await self._advance(connection, checkpoint):
                    return False
                if gone := list(drop):
                    await connection.execute(sql.DROP, {**self._claim, "subjects": gone})
                if rows := list(put):
                    await connection.execute(sql.PUT, {**self._claim, **columns(rows)})
                if rows := list(put_if_absent):
                    await connection.execute(sql.PUT_IF_ABSENT, {**self._claim, **columns(rows)})
                if refusals:
                    await self._write_down(connection, refusals)
        self._known = self._known if checkpoint is None else checkpoint.position
        return True

    async def reset(self) -> bool:
        """Forget all work and go back to the log's beginning; False: the tenure is over."""
        with translate_unavailable():
            async with self._pool.connection() as connection, connection.transaction():
                if not await self._advance(connection, BEGINNING):
                    return False
                await connection.execute(sql.DROP_ALL, self._claim)
        self._known = BEGINNING.position
        return True

    async def _advance(self, connection: psycopg.AsyncConnection, checkpoint: Checkpoint | None) -> bool:
        position, digest = checkpoint or (None, None)
        advance = {**self._claim, "checkpoint": position, "digest": digest, "known": self._known}
        return (await connection.execute(sql.ADVANCE, advance)).rowcount == 1

    async def _write_down(self, connection: psycopg.AsyncConnection, refusals: Sequence[Refused]) -> None:
        subjects, causes, codes = map(list, zip(*refusals, strict=True))
        written = {**self._claim, "subjects": subjects, "causes": causes, "codes": codes}
        await connection.execute(sql.REFUSED, written)
        await connection.execute(sql.FORGET_OLD_REFUSALS, {**self._claim, "kept": self._refusals_max})


def columns(rows: Sequence[Row]) -> dict[str, list[object]]:
    """Turn rows into one array a column."""
    names = ("subjects", "causes", "positions", "due_ats", "tries", "cursors")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


UNAVAILABLE: tuple[type[Exception], ...] = (*OUT_OF_REACH, PoolClosed)


@contextmanager
def translate_unavailable() -> Iterator[None]:
    """Say in the store's words that the server cannot be asked."""
    try:
        yield
    except UNAVAILABLE as error:
        raise StoreUnavailable(f"The processes' state cannot be reached: {type(error).__name__}.") from error
