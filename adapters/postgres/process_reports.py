"""How the processes stand, for operators; and how one that failed is tried again at once."""

from psycopg.rows import class_row

from adapters.postgres import process_state_sql as sql
from adapters.postgres.pool import Pool
from adapters.postgres.process_state import translate_unavailable
from domain.operations.process import ProcessStatus


class ProcessReports:
    """The rows of all rules.

    Args:
        pool: as the application's role.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def all(self) -> list[ProcessStatus]:
        """Return how every rule that ever ran stands, by name.

        Raises:
            StoreUnavailable: the server cannot be asked.
        """
        with translate_unavailable():
            async with (
                self._pool.connection() as connection,
                connection.cursor(row_factory=class_row(ProcessStatus)) as cursor,
            ):
                return await (await cursor.execute(sql.REPORTS)).fetchall()

    async def retry(self, rule: str) -> bool:
        """Let a rule that failed try again at once; False: it has not failed.

        Raises:
            StoreUnavailable: the server cannot be asked.
        """
        with translate_unavailable():
            async with self._pool.connection() as connection:
                return (await connection.execute(sql.RETRY, {"rule": rule})).rowcount == 1
