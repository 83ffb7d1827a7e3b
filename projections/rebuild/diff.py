"""Comparison of two versions of a read model, table by table, in one snapshot."""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString, NamedTuple

from psycopg import sql as statements

from projections.engine.checkpoints import Connection
from projections.rebuild import sql

ROWS_SHOWN_MAX = 20
ROW_CHARACTERS_MAX = 500

Columns = Mapping[str, Sequence[str]]


class Difference(NamedTuple):
    """A table that differs between the versions, with up to `ROWS_SHOWN_MAX` rows that only one of them has.

    `live_rows`, `built_rows`: number of rows; None if a version has no such table.
    """

    table: str
    live_rows: int | None
    built_rows: int | None
    only_live: Sequence[str] = ()
    only_built: Sequence[str] = ()


async def compare(connection: Connection, *, live: str, built: str) -> list[Difference]:
    """Compare all tables of two schemas by the columns that both have; call it within a REPEATABLE READ transaction."""
    await connection.execute(sql.READ_WHOLE_TABLES)
    columns = {schema: await _columns(connection, schema) for schema in (live, built)}
    found = []
    for table in sorted({*columns[live], *columns[built]}):
        common = [name for name in columns[live].get(table, ()) if name in columns[built].get(table, ())]
        pair = TableDiff(connection, table, common, live, built)
        difference = await pair.difference() if common else await pair.missing(columns)
        if difference is not None:
            found.append(difference)
    return found


class TableDiff:
    """Compares one table of both versions."""

    def __init__(self, connection: Connection, table: str, columns: Sequence[str], live: str, built: str) -> None:
        self._connection = connection
        self._table = table
        self._columns = columns
        self._live = live
        self._built = built

    async def difference(self) -> Difference | None:
        """Return the difference; None if the rows are equal."""
        live, built = await self._fingerprint(self._live), await self._fingerprint(self._built)
        if live == built:
            return None
        return Difference(
            table=self._table,
            live_rows=live[0],
            built_rows=built[0],
            only_live=await self._only_in(self._live, self._built),
            only_built=await self._only_in(self._built, self._live),
        )

    async def missing(self, columns: Mapping[str, Columns]) -> Difference:
        """Return the difference for a table that only one version has."""

        async def rows(schema: str) -> int | None:
            return (await self._fingerprint(schema))[0] if self._table in columns[schema] else None

        return Difference(table=self._table, live_rows=await rows(self._live), built_rows=await rows(self._built))

    async def _fingerprint(self, schema: str) -> tuple[int, Any]:
        row = await (await self._connection.execute(self._compose(sql.FINGERPRINT, schema, schema))).fetchone()
        assert row is not None, "an aggregate returns one row"
        return row[0], row[1]

    async def _only_in(self, schema: str, other: str) -> list[str]:
        parameters = {"characters": ROW_CHARACTERS_MAX, "limit": ROWS_SHOWN_MAX}
        found = await self._connection.execute(self._compose(sql.ONLY_IN, schema, other), parameters)
        return [row[0] for row in await found.fetchall()]

    def _compose(self, statement: LiteralString, schema: str, other: str) -> statements.Composed:
        text = statements.SQL("{}::text")
        return statements.SQL(statement).format(
            columns=statements.SQL(", ").join(text.format(statements.Identifier(name)) for name in self._columns),
            schema=statements.Identifier(schema),
            other=statements.Identifier(other),
            table=statements.Identifier(self._table),
        )


async def _columns(connection: Connection, schema: str) -> dict[str, list[str]]:
    return dict(await (await connection.execute(sql.COLUMNS, {"schema": schema})).fetchall())
