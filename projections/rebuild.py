"""Folding a read model again from the first event, beside the old one; then the row points to the new tables."""

from collections.abc import Callable
from dataclasses import dataclass

from eventstore.store import Store
from projections import control
from projections.control import Connection, NoSuchProjection
from projections.facts import FactReader
from projections.keeper import write
from projections.model import ReadModel
from projections.sql import control as sql

RANGE_EVENTS = 5_000
NEAR_EVENTS = 2_000


class AlreadyRebuilding(Exception):
    """Somebody else rebuilds this read model at the moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a rebuild is: `position` of `head`."""

    position: int
    head: int


def say_nothing(_: Progress) -> None:
    """Nobody watches."""


async def rebuild(
    *,
    url: str,
    store: Store,
    model: ReadModel,
    reader: FactReader,
    report: Callable[[Progress], None] = say_nothing,
) -> int:
    """Fold a read model anew and swap it in; it goes on from there, whatever state it was in.

    Args:
        url: of the projector's role.
        reader: knows at least the model's names.

    Returns:
        The position at which the new tables took over.

    Raises:
        NoSuchProjection: it was never folded at all.
        AlreadyRebuilding: one at a time.
        StoreUnavailable, psycopg.Error: nothing has changed; run it again.
    """
    connection = await control.open_connection(url, name=f"rebuild {model.name}")
    try:
        rebuilding = Rebuilding(connection, store, model, reader)
        await rebuilding.begin()
        while not await rebuilding.is_near(report):
            await rebuilding.fold_on()
        return await rebuilding.swap()
    finally:
        await connection.close()


class Rebuilding:
    """One rebuild: a fresh schema, and how far it is folded."""

    def __init__(self, connection: Connection, store: Store, model: ReadModel, reader: FactReader) -> None:
        self._connection = connection
        self._store = store
        self._model = model
        self._reader = reader
        self._schema = ""
        self._position = 0

    async def begin(self) -> None:
        """Make the new tables, in a schema of the next number.

        Raises:
            NoSuchProjection: there is no row to point to them.
            AlreadyRebuilding: somebody else is at it.
        """
        begun = await (await self._connection.execute(sql.BEGIN_REBUILD, {"name": self._model.name})).fetchone()
        if begun != (True,):
            raise AlreadyRebuilding(f"{self._model.name} is being rebuilt.")
        known = {state.name: state for state in await control.states(self._connection)}
        if self._model.name not in known:
            raise NoSuchProjection(f"No read model {self._model.name} was ever folded.")
        generation = int(known[self._model.name].schema.rpartition("_")[2]) + 1
        self._schema = control.schema_name(self._model, generation)
        async with self._connection.transaction():
            await control.create_tables(self._connection, self._model, self._schema)

    async def is_near(self, report: Callable[[Progress], None]) -> bool:
        """Say whether so little is left that it can be folded while the row is locked."""
        head = await self._store.head()
        report(Progress(position=self._position, head=head))
        return head - self._position <= NEAR_EVENTS

    async def fold_on(self) -> None:
        """Fold the next events; nobody reads these tables yet."""
        events = await self._store.read_range(after=self._position, limit=RANGE_EVENTS)
        async with self._connection.transaction():
            await write(self._connection, self._model, self._reader.read(events))
        self._position = events[-1].position

    async def swap(self) -> int:
        """Lock the row, fold what is left, point the row to the new tables, and drop the old ones."""
        async with self._connection.transaction():
            row = await (await self._connection.execute(sql.LOCK, {"name": self._model.name})).fetchone()
            assert row is not None, "rows of read models are never deleted"
            old_schema, position = row
            head = max(position, await self._store.head())
            while self._position < head:
                events = await self._store.read_range(after=self._position, limit=RANGE_EVENTS)
                await write(self._connection, self._model, self._reader.read(events))
                self._position = events[-1].position
            swapped = {"version": self._model.version, "schema": self._schema, "position": self._position}
            await self._connection.execute(sql.SWAP, {"name": self._model.name, **swapped})
        if old_schema != self._schema:
            await self._connection.execute(sql.DROP_SCHEMA, {"schema": old_schema})
        return self._position
