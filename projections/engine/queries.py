"""Queries over read models: schema, position and rows are read in one snapshot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, LiteralString

from psycopg import AsyncConnection, errors, sql
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from eventstore.checkpoint import Checkpoint
from projections.engine.sql import EDITION, READ_WITHIN, SCHEMAS

TRIES_MAX = 8
TAG_BYTES = 4
PAGE_ROWS_MAX = 101
"""One more than a page shows: the extra row means that there is another page."""

NEWEST = 2**63 - 1
"""A position after every event; the cursor of the first page of a list with the newest rows first."""

Row = Mapping[str, Any]


class ModelMissing(Exception):
    """The read model has no tables yet, or its schema was swapped during every attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of a query, as of `position`."""

    position: int
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """Identifies the rows of a read model: checkpoint, number of exchanges of rows (`revision`), epoch of the log.

    A cache of rows is reloaded when `tag` changes.
    """

    checkpoint: Checkpoint
    revision: int
    epoch: str | None

    @property
    def tag(self) -> str:
        """A short hash of revision and epoch, the same in every process."""
        named = f"{self.revision} {self.epoch}".encode()
        return blake2b(named, digest_size=TAG_BYTES).hexdigest()

    def follows(self, earlier: "Edition") -> bool:
        """Return whether rows cached under an earlier edition are valid; setting the first epoch changes none."""
        return self.revision == earlier.revision and earlier.epoch in {None, self.epoch}


class ReadModelQueries:
    """Runs queries in the live schema of each read model; caches schema names and reloads them after a swap.

    Args:
        pool: connections with the right to read the schema `projections`.
    """

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = pool
        self._schemas: dict[str, str] = {}
        self._composed: dict[tuple[str, tuple[str, ...]], sql.Composed] = {}

    async def fetch(self, models: Sequence[str], query: LiteralString, parameters: Row) -> Rows:
        """Run a query over one or more read models.

        Args:
            models: their names; the query refers to `{name}.table`, and its order of rows is kept.

        Raises:
            ModelMissing: a model has no tables yet.
        """
        for _ in range(TRIES_MAX):
            try:
                async with self._pool.connection() as connection:
                    schemas = await self._known_schemas(connection, models)
                    found = await self._fetch(connection, models, schemas, query, parameters)
            except (errors.UndefinedTable, errors.InvalidSchemaName):
                found = None
            if found is not None:
                return found
            self._schemas.clear()
        raise ModelMissing(f"Read models {', '.join(models)}: schemas were swapped in each of {TRIES_MAX} attempts.")

    async def edition(self, model: str) -> Edition:
        """Return the current edition of a read model's rows.

        Raises:
            ModelMissing: it has no tables yet.
            psycopg.Error: the query failed.
        """
        async with self._pool.connection() as connection:
            found = await (await connection.execute(EDITION, {"name": model})).fetchone()
        if found is None:
            raise ModelMissing(f"The read model {model} has not been folded yet.")
        position, digest, revision, epoch = found
        return Edition(checkpoint=Checkpoint(position, digest), revision=revision, epoch=epoch)

    def compose(self, query: LiteralString, models: Sequence[str], schemas: Sequence[str]) -> sql.Composed:
        """Return the statement that reads position and rows in one snapshot."""
        key = (query, tuple(schemas))
        known = self._composed.get(key)
        if known is None:
            names = {model: sql.Identifier(schema) for model, schema in zip(models, schemas, strict=True)}
            known = sql.SQL(READ_WITHIN).format(query=sql.SQL(query).format(**names))
            self._composed[key] = known
        return known

    async def _known_schemas(self, connection: AsyncConnection[Any], models: Sequence[str]) -> list[str]:
        if any(model not in self._schemas for model in models):
            cursor = await connection.execute(SCHEMAS)
            self._schemas = dict(await cursor.fetchall())
            self._composed.clear()
        try:
            return [self._schemas[model] for model in models]
        except KeyError as missing:
            raise ModelMissing(f"The read model {missing} has not been folded yet.") from missing

    async def _fetch(
        self,
        connection: AsyncConnection[Any],
        models: Sequence[str],
        schemas: Sequence[str],
        query: LiteralString,
        parameters: Row,
    ) -> Rows | None:
        bound = {**parameters, "read_models": list(models), "read_schemas": list(schemas)}
        async with connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(self.compose(query, models, schemas), bound)
            rows = await cursor.fetchall()
        if not rows:
            return None
        position = rows[0]["read_position"]
        return Rows(position=position, rows=[without_position_columns(row) for row in rows if row["read_found"]])


def without_position_columns(row: dict[str, Any]) -> Row:
    """Return a row with the query's own columns only."""
    del row["read_position"], row["read_found"]
    return row
