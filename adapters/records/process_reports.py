"""How the processes stand, for operators; and how one that failed is tried again at once."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from adapters.records import process_sql as sql
from adapters.records.pool import Pool
from adapters.records.process_state import unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessReport:
    """How one rule stands.

    Args:
        checkpoint: the position up to which it has read the log.
        heartbeat_at: when its owner last gave a sign of life; long ago: it has none.
        failed_at: when it last failed; None: it runs.
        tries: how often in a row it failed.
        waiting: how many pieces of work it has.
        retrying: how many of them were tried before.
    """

    rule: str
    checkpoint: int
    heartbeat_at: datetime | None
    failed_at: datetime | None
    error: str | None
    failed_position: int | None
    tries: int
    retry_at: datetime | None
    waiting: int
    retrying: int


class ProcessReports:
    """The rows of all rules.

    Args:
        pool: as the application's role.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def all(self) -> list[ProcessReport]:
        """Return how every rule that ever ran stands, by name.

        Raises:
            StoreUnavailable: the server cannot be asked.
        """
        with unavailable():
            async with (
                self._pool.connection() as connection,
                connection.cursor(row_factory=class_row(ProcessReport)) as cursor,
            ):
                return await (await cursor.execute(sql.REPORTS)).fetchall()

    async def retry(self, rule: str) -> bool:
        """Let a rule that failed try again at once; False: it has not failed.

        Raises:
            StoreUnavailable: the server cannot be asked.
        """
        with unavailable():
            async with self._pool.connection() as connection:
                return (await connection.execute(sql.RETRY, {"rule": rule})).rowcount == 1
