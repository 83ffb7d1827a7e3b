"""Repository of builds: versions of read models that are not live."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from psycopg.rows import class_row

from domain.errors import NoRetiredVersion
from eventstore.checkpoint import Checkpoint
from projections.engine import checkpoints
from projections.engine import sql as control_sql
from projections.engine.checkpoints import ERROR_LENGTH_MAX, Connection, Lease, NoSuchProjection
from projections.engine.model import ReadModel
from projections.rebuild import sql
from projections.rebuild.diff import Difference
from projections.rebuild.exclusive_session import LOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A version that is not live; `has_worker`: a session holds the read model's lock."""

    name: str
    version: int
    schema: str
    position: int
    digest: bytes
    state: str
    swap_anyway: bool
    begun_at: datetime
    differences: Sequence[Any] | None
    error: str | None
    has_worker: bool

    @property
    def checkpoint(self) -> Checkpoint:
        """Position and digest of the last folded event; they identify one history of the log."""
        return Checkpoint(self.position, self.digest)

    @property
    def unfinished(self) -> bool:
        """Whether the build can be resumed."""
        return self.state in {"filling", "following"}


async def list_builds(connection: Connection) -> list[Build]:
    """Return all versions that are not live, ordered by name; a retired version comes last within its name."""
    async with connection.cursor(row_factory=class_row(Build)) as cursor:
        await cursor.execute(sql.BUILDS, {"lock": LOCK})
        return await cursor.fetchall()


async def find_unfinished(connection: Connection, name: str) -> Build | None:
    """Return the build of a read model, in progress or stopped; None if there is none."""
    return next((b for b in await list_builds(connection) if b.name == name and b.state != "retired"), None)


async def require_retired(connection: Connection, name: str) -> Build:
    """Return the version that was live before the last swap.

    Raises:
        NoRetiredVersion: there is no retired version.
    """
    for build in await list_builds(connection):
        if build.name == name and build.state == "retired":
            return build
    raise NoRetiredVersion(f"No retired version of {name} is kept: rebuild it instead.")


async def begin(connection: Connection, model: ReadModel, *, swap_anyway: bool = False) -> Build:
    """Create a build with empty tables, or resume the one of the same code version; drop one of another version.

    Raises:
        NoSuchProjection: the read model has no control row.
    """
    async with connection.transaction():
        await lock_live(connection, model.name)
        found = await find_unfinished(connection, model.name)
        if found is not None and found.version == model.version:
            await connection.execute(sql.RESUME_BUILD, {"schema": found.schema, "swap_anyway": swap_anyway})
        else:
            await drop_unfinished(connection, model.name)
            await _create(connection, model, swap_anyway=swap_anyway)
        return await _require_unfinished(connection, model.name)


async def reactivate(connection: Connection, name: str) -> Build:
    """Turn the retired version into a build, which a rebuild brings up to date.

    Raises:
        NoRetiredVersion: there is no retired version.
    """
    async with connection.transaction():
        await lock_live(connection, name)
        await drop_unfinished(connection, name)
        if await (await connection.execute(sql.REACTIVATE, {"name": name})).fetchone() is None:
            raise NoRetiredVersion(f"No retired version of {name} is kept: rebuild it instead.")
        return await _require_unfinished(connection, name)


async def lock_live(connection: Connection, name: str) -> Lease:
    """Lock the live version's control row until the transaction ends, and return it.

    Raises:
        NoSuchProjection: the read model has no control row.
    """
    return await _live(connection, name, lock=True)


async def require_live(connection: Connection, name: str) -> Lease:
    """Return the live version's control row.

    Raises:
        NoSuchProjection: the read model has no control row.
    """
    return await _live(connection, name, lock=False)


async def advance(connection: Connection, schema: str, *, after: int, until: Checkpoint) -> None:
    """Move a build's checkpoint, in the transaction that writes its rows.

    Raises:
        LeaseLost: the build was dropped, stopped or advanced by another session.
    """
    parameters = {"schema": schema, "after": after, "upto": until.position, "digest": until.digest}
    found = await connection.execute(sql.ADVANCE, parameters)
    if await found.fetchone() is None:
        raise checkpoints.LeaseLost(schema)


async def start_dual_write(connection: Connection, build: Build, *, dual_write_schema: str | None) -> None:
    """Set a build to following; with `dual_write_schema`, the live version's projector writes there as well."""
    await connection.execute(sql.SET_FOLLOWING, {"schema": build.schema})
    await connection.execute(sql.SET_DUAL_WRITE, {"name": build.name, "follower": dual_write_schema})


async def mark_failed(
    connection: Connection,
    *,
    name: str,
    schema: str,
    state: str,
    error: str | None = None,
    differences: Sequence[Difference] | None = None,
) -> None:
    """Stop a build with the state `failed` or `differs`; only an operator or new code starts it again."""
    differences_json = None if differences is None else orjson.dumps([each._asdict() for each in differences]).decode()
    cut = None if error is None else error[:ERROR_LENGTH_MAX]
    async with connection.transaction():
        await connection.execute(sql.CLEAR_DUAL_WRITE, {"name": name, "schema": schema})
        await connection.execute(
            sql.STOP_BUILD, {"schema": schema, "state": state, "error": cut, "differences": differences_json}
        )


async def replace(
    connection: Connection, live: Lease, build: Build, *, until: Checkpoint, state: str | None = None
) -> None:
    """Make a build live by updating the locked control row, and retire the former live version."""
    swapped = {"name": build.name, "version": build.version, "schema": build.schema}
    await connection.execute(sql.DELETE_BUILD, {"schema": build.schema})
    await connection.execute(sql.SWAP, {**swapped, "position": until.position, "digest": until.digest, "state": state})
    former = {"name": live.name, "version": live.version, "schema": live.schema}
    await connection.execute(sql.RETIRE, {**former, "position": live.position, "digest": live.digest})


async def drop(connection: Connection, build: Build) -> None:
    """Drop a version that is not live, including its tables."""
    async with connection.transaction():
        await connection.execute(sql.CLEAR_DUAL_WRITE, {"name": build.name, "schema": build.schema})
        await connection.execute(sql.DELETE_BUILD, {"schema": build.schema})
        await connection.execute(control_sql.DROP_SCHEMA, {"schema": build.schema})


async def drop_unfinished(connection: Connection, name: str) -> None:
    """Drop the build of a read model, if there is one."""
    found = await find_unfinished(connection, name)
    if found is not None:
        await drop(connection, found)


async def drop_all(connection: Connection, name: str) -> list[Build]:
    """Drop all versions of a read model except the live one, and return them."""
    found = [build for build in await list_builds(connection) if build.name == name]
    for build in found:
        await drop(connection, build)
    return found


async def _create(connection: Connection, model: ReadModel, *, swap_anyway: bool) -> None:
    numbered = await (await connection.execute(sql.NEXT_GENERATION, {"name": model.name})).fetchone()
    assert numbered is not None, "the control row is locked"
    schema = checkpoints.schema_name(model, numbered[0])
    await checkpoints.create_tables(connection, model, schema)
    begun = {"schema": schema, "name": model.name, "version": model.version, "swap_anyway": swap_anyway}
    await connection.execute(sql.INSERT_BUILD, begun)


async def _require_unfinished(connection: Connection, name: str) -> Build:
    found = await find_unfinished(connection, name)
    assert found is not None, "the build was created in this transaction"
    return found


async def _live(connection: Connection, name: str, *, lock: bool) -> Lease:
    async with connection.cursor(row_factory=class_row(Lease)) as cursor:
        await cursor.execute(sql.LOCK if lock else sql.LIVE, {"name": name})
        found = await cursor.fetchone()
    if found is None:
        raise NoSuchProjection(f"There is no read model {name}.")
    return found
