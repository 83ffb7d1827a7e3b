"""Control rows: each read model's lease, checkpoint, state and live schema, changed by compare-and-set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql as statements
from psycopg.rows import class_row

from eventstore.checkpoint import Checkpoint
from eventstore.postgres.connection import connect
from eventstore.postgres.roles import APP_ROLE, role_name
from projections.engine import sql
from projections.engine.model import ReadModel

ERROR_LENGTH_MAX = 2_000

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


class LeaseLost(Exception):
    """The control row has changed: another process owns the read model, or it was paused, failed or rebuilt."""


class NoSuchProjection(Exception):
    """No read model has this name: it has no control row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionState:
    """A control row with the columns that operators need; `error` and `failed_position` are set while it is failed."""

    name: str
    version: int
    schema: str
    position: int
    digest: bytes
    fence: int
    state: str
    owner: str | None
    heartbeat_at: datetime
    error: str | None
    failed_position: int | None

    @property
    def checkpoint(self) -> Checkpoint:
        """Position and digest of the last folded event; they identify one history of the log."""
        return Checkpoint(self.position, self.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The ownership of one read model: its control row at the time it was acquired; `fence` is the fencing token."""

    name: str
    version: int
    schema: str
    position: int
    digest: bytes
    fence: int
    state: str

    @property
    def checkpoint(self) -> Checkpoint:
        """Position and digest of the last folded event; they identify one history of the log."""
        return Checkpoint(self.position, self.digest)


async def open_connection(
    url: str, *, name: str, schema: str = "pg_catalog", seconds_max: float | None = None
) -> Connection:
    """Connect as the projector, with `schema` as the search path.

    Args:
        seconds_max: limit of a statement, as for `connect`.

    Raises:
        StoreUnavailable: the server does not answer.
    """
    connection = await connect(url, name=f"project {name}", seconds_max=seconds_max)
    await connection.execute(sql.CONFIGURE, {"schema": schema})
    return connection


@asynccontextmanager
async def open_connection_for(
    url: str, *, name: str, schema: str = "pg_catalog", seconds_max: float | None = None
) -> AsyncIterator[Connection]:
    """Give a connection that is closed at the end of the block; raises what `open_connection` does."""
    connection = await open_connection(url, name=name, schema=schema, seconds_max=seconds_max)
    try:
        yield connection
    finally:
        await connection.close()


def schema_name(model: ReadModel, generation: int) -> str:
    """Return `<model>_v<version>_<generation>`; each build of a read model has its own generation."""
    return f"{model.name}_v{model.version}_{generation}"


async def register(connection: Connection, model: ReadModel) -> None:
    """Create a read model's control row and tables, unless the row exists."""
    schema = schema_name(model, 0)
    async with connection.transaction():
        parameters = {"name": model.name, "version": model.version, "schema": schema}
        if await (await connection.execute(sql.REGISTER, parameters)).fetchone() is not None:
            await create_tables(connection, model, schema)


async def create_tables(connection: Connection, model: ReadModel, schema: str) -> None:
    """Create a read model's tables in an empty schema, readable by the application's role."""
    await connection.execute(sql.DROP_SCHEMA, {"schema": schema})
    await connection.execute(sql.CREATE_SCHEMA, {"schema": schema})
    await connection.execute(sql.CONFIGURE, {"schema": schema})
    await connection.execute(model.schema)
    app = statements.Identifier(role_name(connection.info.dbname, APP_ROLE))
    await connection.execute(statements.SQL(sql.GRANT_READ).format(schema=statements.Identifier(schema), app=app))


async def set_search_path(connection: Connection, schema: str) -> None:
    """Set the search path to a schema until the transaction ends or the path is set again."""
    await connection.execute(sql.SET_SEARCH_PATH, {"schema": schema})


async def acquire_or_renew(connection: Connection, *, owner: str, names: list[str], silence_s: float) -> list[Lease]:
    """Renew this process's leases; acquire those without an owner or with an owner silent for `silence_s`.

    Returns:
        The leases after the update, without rows that another transaction has locked.
    """
    parameters = {"owner": owner, "names": names, "silence_s": silence_s}
    async with connection.cursor(row_factory=class_row(Lease)) as cursor:
        await cursor.execute(sql.ACQUIRE_OR_RENEW, parameters)
        return await cursor.fetchall()


async def release(connection: Connection, *, owner: str) -> None:
    """Release every lease of `owner`, so that a standby can acquire it at once."""
    await connection.execute(sql.RELEASE, {"owner": owner})


async def release_all(connection: Connection) -> None:
    """Release every lease; call only while no owner can be alive."""
    await connection.execute(sql.RELEASE_ALL)


async def advance(connection: Connection, lease: Lease, *, after: int, until: Checkpoint) -> str | None:
    """Move the checkpoint, in the transaction that writes the rows.

    Returns:
        The schema of the build that gets the same rows by dual write; None without one.

    Raises:
        LeaseLost: another owner moved the checkpoint, or the read model is not running.
    """
    found = await (await connection.execute(sql.ADVANCE, checkpoint_parameters(lease, after, until))).fetchone()
    if found is None:
        raise LeaseLost(lease.name)
    dual_write_schema: str | None = found[0]
    return dual_write_schema


async def advance_alone(connection: Connection, lease: Lease, *, after: int, until: Checkpoint) -> bool:
    """Move the checkpoint past a batch without rows; False if the lease is lost or a dual write is on."""
    return (await connection.execute(sql.ADVANCE_ALONE, checkpoint_parameters(lease, after, until))).rowcount == 1


def checkpoint_parameters(lease: Lease, after: int, until: Checkpoint) -> dict[str, Any]:
    """Return the parameters of a statement that moves the checkpoint."""
    return {"name": lease.name, "fence": lease.fence, "after": after, "upto": until.position, "digest": until.digest}


async def fail(connection: Connection, lease: Lease, *, after: int, failed_position: int | None, error: str) -> None:
    """Set a read model to failed, with the error.

    Args:
        failed_position: position of the event that cannot be applied; None if the checkpoint is not in the log.

    Raises:
        LeaseLost: this process does not own the read model any more.
    """
    parameters = {"name": lease.name, "fence": lease.fence, "after": after, "failed_position": failed_position}
    found = await connection.execute(sql.FAIL, {**parameters, "error": error[:ERROR_LENGTH_MAX]})
    if await found.fetchone() is None:
        raise LeaseLost(lease.name)


async def increment_revision(connection: Connection, name: str) -> None:
    """Count an exchange of a read model's rows, in the transaction that exchanges them; caches compare the number."""
    await connection.execute(sql.INCREMENT_REVISION, {"name": name})


async def states(connection: Connection) -> list[ProjectionState]:
    """Return all control rows, ordered by name."""
    async with connection.cursor(row_factory=class_row(ProjectionState)) as cursor:
        await cursor.execute(sql.STATES)
        return await cursor.fetchall()
