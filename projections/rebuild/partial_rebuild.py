"""Partial rebuild: the rows of one performance are folded into temporary tables, compared and exchanged."""

from collections.abc import Sequence
from typing import Any, LiteralString

from psycopg import sql as statements

from domain.errors import PartialRebuildUnsupported
from eventstore.checkpoint import require_in_log
from eventstore.store import EventFilter, Store
from projections.engine import checkpoints
from projections.engine.checkpoints import Connection, Lease
from projections.engine.event_reader import ProjectionEventReader
from projections.engine.model import PartitionSpec, ReadModel
from projections.engine.writer import write
from projections.operations.exclusions import exclude, read_exclusions
from projections.rebuild import build_repository, sql
from projections.rebuild.diff import ROW_CHARACTERS_MAX, ROWS_SHOWN_MAX, Difference

RANGE_EVENTS = 20_000
TEMPORARY = "pg_temp"


async def rebuild_part(
    connection: Connection, *, store: Store, model: ReadModel, reader: ProjectionEventReader, performance: str
) -> list[Difference]:
    """Replace the rows of one performance by rows folded from the log, in one transaction, if they differ.

    Args:
        connection: an exclusive session of the read model.

    Returns:
        The differences, one per table.

    Raises:
        PartialRebuildUnsupported: the read model has no `partition`, or the live version has another code version.
        NoSuchProjection: the read model has no control row.
        LogRestored: the live version's checkpoint is not in the log; rebuild the whole read model.
    """
    if model.partition is None:
        raise PartialRebuildUnsupported(f"{model.name} cannot be rebuilt for one performance: rebuild it as a whole.")
    async with connection.transaction():
        live = await build_repository.require_live(connection, model.name)
        await require_in_log(store, live.checkpoint)
        if live.version != model.version:
            raise PartialRebuildUnsupported(f"{model.name} was folded by another code version: rebuild it as a whole.")
        rebuilding = PartialRebuild(
            connection, store=store, model=model, reader=reader, part=model.partition, performance=performance
        )
        await rebuilding.begin()
        await rebuilding.fold_until(live)
        live = await build_repository.lock_live(connection, model.name)
        await rebuilding.fold_until(live)
        return await rebuilding.exchange(live.schema)


class PartialRebuild:
    """Folds one performance into temporary tables, which shadow the tables of the same name."""

    def __init__(
        self,
        connection: Connection,
        *,
        store: Store,
        model: ReadModel,
        reader: ProjectionEventReader,
        part: PartitionSpec,
        performance: str,
    ) -> None:
        self._connection = connection
        self._store = store
        self._model = model
        self._reader = reader
        self._part = part
        self._performance = performance
        self._filter = EventFilter(names=model.event_names, prefix=part.prefix.replace("{performance}", performance))
        self._position = 0

    async def begin(self) -> None:
        """Create the temporary tables."""
        await checkpoints.set_search_path(self._connection, TEMPORARY)
        await self._connection.execute(self._model.schema)

    async def fold_until(self, live: Lease) -> None:
        """Fold the performance's events up to the position of the live version."""
        exclusions = await read_exclusions(self._store, name=live.name, version=live.version, schema=live.schema)
        while self._position < live.position:
            reached = min(live.position, self._position + RANGE_EVENTS)
            events = await self._store.search(self._filter, after=self._position, until=reached, limit=RANGE_EVENTS)
            included = exclude(exclusions, self._reader.read(events))
            await write(self._connection, self._model, included, prepare=False)
            self._position = reached

    async def exchange(self, schema: str) -> list[Difference]:
        """Replace the rows in the live tables, whose control row is locked, and return the differences."""
        found = [difference for table in self._part.tables if (difference := await self._difference(schema, table))]
        for difference in found:
            await self._execute(sql.DELETE_PART, schema, difference.table)
            await self._execute(sql.INSERT_PART, schema, difference.table)
        if found:
            await checkpoints.increment_revision(self._connection, self._model.name)
        await self._connection.execute(sql.DROP_TEMPORARY)
        return found

    async def _difference(self, schema: str, table: str) -> Difference | None:
        only_live = await self._rows(sql.PART_ONLY_LIVE, schema, table)
        only_built = await self._rows(sql.PART_ONLY_BUILT, schema, table)
        if not only_live and not only_built:
            return None
        (live_rows, built_rows) = (await self._execute(sql.PART_COUNTS, schema, table))[0]
        return Difference(table, live_rows, built_rows, only_live, only_built)

    async def _rows(self, statement: LiteralString, schema: str, table: str) -> list[str]:
        return [row[0] for row in await self._execute(statement, schema, table)]

    async def _execute(self, statement: LiteralString, schema: str, table: str) -> Sequence[tuple[Any, ...]]:
        composed = statements.SQL(statement).format(
            live=statements.Identifier(schema, table),
            built=statements.Identifier(TEMPORARY, table),
            performance=statements.Identifier(self._part.column),
        )
        parameters = {"performance": self._performance, "characters": ROW_CHARACTERS_MAX, "limit": ROWS_SHOWN_MAX}
        cursor = await self._connection.execute(composed, parameters)
        return await cursor.fetchall() if cursor.description else []
