"""The control row of each read model: who folds it, how far it is, in which schema; changed by compare-and-set."""

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
    """The row is not as it was: somebody else folds this read model, or it was paused, failed or rebuilt."""


class NoSuchProjection(Exception):
    """No read model of this name, or none in the state that the wish needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionState:
    """A control row as operators see it; `error` and `failed_position` say why it stands still."""

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
        """How far it is, in a form that no other history of the log repeats."""
        return Checkpoint(self.position, self.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A read model that this process folds, as its row was when it was taken."""

    name: str
    version: int
    schema: str
    position: int
    digest: bytes
    fence: int
    state: str

    @property
    def checkpoint(self) -> Checkpoint:
        """How far it is, in a form that no other history of the log repeats."""
        return Checkpoint(self.position, self.digest)


async def open_connection(
    url: str, *, name: str, schema: str = "pg_catalog", seconds_max: float | None = None
) -> Connection:
    """Connect as the projector, with a read model's schema to find its tables in.

    Args:
        seconds_max: see `connect`.

    Raises:
        StoreUnavailable: nobody answers.
    """
    connection = await connect(url, name=f"project {name}", seconds_max=seconds_max)
    await connection.execute(sql.CONFIGURE, {"schema": schema})
    return connection


@asynccontextmanager
async def open_connection_for(
    url: str, *, name: str, schema: str = "pg_catalog", seconds_max: float | None = None
) -> AsyncIterator[Connection]:
    """Be connected in this block; raises what `open_connection` does."""
    connection = await open_connection(url, name=name, schema=schema, seconds_max=seconds_max)
    try:
        yield connection
    finally:
        await connection.close()


def schema_name(model: ReadModel, generation: int) -> str:
    """Name a versioned schema: the model, the version of its code, and a number no other fold of it had."""
    return f"{model.name}_v{model.version}_{generation}"


async def register(connection: Connection, model: ReadModel) -> None:
    """Make a read model's tables and its row, unless they are there."""
    schema = schema_name(model, 0)
    async with connection.transaction():
        parameters = {"name": model.name, "version": model.version, "schema": schema}
        if await (await connection.execute(sql.REGISTER, parameters)).fetchone() is not None:
            await create_tables(connection, model, schema)


async def create_tables(connection: Connection, model: ReadModel, schema: str) -> None:
    """Make a read model's tables in a fresh schema, and let the application read them."""
    await connection.execute(sql.DROP_SCHEMA, {"schema": schema})
    await connection.execute(sql.CREATE_SCHEMA, {"schema": schema})
    await connection.execute(sql.CONFIGURE, {"schema": schema})
    await connection.execute(model.schema)
    app = statements.Identifier(role_name(connection.info.dbname, APP_ROLE))
    await connection.execute(statements.SQL(sql.GRANT_READ).format(schema=statements.Identifier(schema), app=app))


async def set_search_path(connection: Connection, schema: str) -> None:
    """Let unqualified names mean the tables of a schema, until the transaction ends or they mean others."""
    await connection.execute(sql.SET_SEARCH_PATH, {"schema": schema})


async def acquire_or_renew(connection: Connection, *, owner: str, names: list[str], silence_s: float) -> list[Lease]:
    """Keep what this process owns alive, and take what nobody owns or whose owner has been silent for too long.

    Returns:
        The rows as they are now, without those that are being written this moment.
    """
    parameters = {"owner": owner, "names": names, "silence_s": silence_s}
    async with connection.cursor(row_factory=class_row(Lease)) as cursor:
        await cursor.execute(sql.ACQUIRE_OR_RENEW, parameters)
        return await cursor.fetchall()


async def release(connection: Connection, *, owner: str) -> None:
    """Let others take over at once what this process owns."""
    await connection.execute(sql.RELEASE, {"owner": owner})


async def release_all(connection: Connection) -> None:
    """Let others take over at once what any process owns, none of which can be alive."""
    await connection.execute(sql.RELEASE_ALL)


async def advance(connection: Connection, lease: Lease, *, after: int, until: Checkpoint) -> str | None:
    """Move the checkpoint, within the transaction that writes the rows.

    Returns:
        The schema of a version being built that gets the same rows, if there is one.

    Raises:
        Lost: somebody else moved it, or it must not move now.
    """
    found = await (await connection.execute(sql.ADVANCE, checkpoint_parameters(lease, after, until))).fetchone()
    if found is None:
        raise LeaseLost(lease.name)
    follower: str | None = found[0]
    return follower


async def advance_alone(connection: Connection, lease: Lease, *, after: int, until: Checkpoint) -> bool:
    """Move the checkpoint where no row follows from the batch; False: `advance` within a transaction says why not."""
    return (await connection.execute(sql.ADVANCE_ALONE, checkpoint_parameters(lease, after, until))).rowcount == 1


def checkpoint_parameters(lease: Lease, after: int, until: Checkpoint) -> dict[str, Any]:
    """Return what a statement that moves the checkpoint compares and sets."""
    return {"name": lease.name, "fence": lease.fence, "after": after, "upto": until.position, "digest": until.digest}


async def fail(connection: Connection, lease: Lease, *, after: int, failed_position: int | None, error: str) -> None:
    """Stop a read model at an event that it can't apply; None: its checkpoint is not in the log.

    Raises:
        Lost: it is not this process's any more.
    """
    parameters = {"name": lease.name, "fence": lease.fence, "after": after, "failed_position": failed_position}
    found = await connection.execute(sql.FAIL, {**parameters, "error": error[:ERROR_LENGTH_MAX]})
    if await found.fetchone() is None:
        raise LeaseLost(lease.name)


async def increment_revision(connection: Connection, name: str) -> None:
    """Note that rows of a read model were exchanged, within the transaction that does."""
    await connection.execute(sql.REVISE, {"name": name})


async def states(connection: Connection) -> list[ProjectionState]:
    """Return every read model's row, by name."""
    async with connection.cursor(row_factory=class_row(ProjectionState)) as cursor:
        await cursor.execute(sql.STATES)
        return await cursor.fetchall()
