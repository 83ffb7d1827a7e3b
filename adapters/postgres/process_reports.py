"""Status of the processes for operators, and the retry of a failed one."""

from psycopg.rows import class_row

from adapters.postgres import process_state_sql as sql
from adapters.postgres.pool import Pool
from adapters.postgres.process_state import translate_unavailable
from domain.operations.process import ProcessStatus


class ProcessReports:
    """Reads and retries rules.

    Args:
        pool: connections of the application's role.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def all(self) -> list[ProcessStatus]:
        """Return the status of each rule that has ever run, ordered by name.

        Raises:
            StoreUnavailable: the server is unreachable.
        """
        with translate_unavailable():
            async with (
                self._pool.connection() as connection,
                connection.cursor(row_factory=class_row(ProcessStatus)) as cursor,
            ):
                return await (await cursor.execute(sql.REPORTS)).fetchall()

    async def retry(self, rule: str) -> bool:
        """Make a failed rule due at once; False if it has not failed.

        Raises:
            StoreUnavailable: the server is unreachable.
        """
        with translate_unavailable():
            async with self._pool.connection() as connection:
                return (await connection.execute(sql.RETRY, {"rule": rule})).rowcount == 1
