"""A projector driven by tests: folds any log into all read models, in batches of any size."""

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Self

from eventstore.checkpoint import BEGINNING, checkpoint_of
from eventstore.store import RecordedEvent, Store
from projections.engine import checkpoints
from projections.engine.checkpoints import Connection, Lease
from projections.engine.event_buffer import EventBatch
from projections.engine.model import ReadModel
from projections.engine.writer import write
from projections.registry import EVERY_MODEL, reader_for

OWNER = "the manual projector"
READER = reader_for(EVERY_MODEL)


class ManualProjector:
    """Holds the leases of all read models, and writes them by the same steps as a `Projector`.

    Args:
        url: connection string of the projector's role.
    """

    def __init__(self, url: str, models: Sequence[ReadModel] = EVERY_MODEL) -> None:
        self._url = url
        self._models = models
        self._connections: dict[str, Connection] = {}
        self._leases: dict[str, Lease] = {}
        self.checkpoint = BEGINNING

    @property
    def position(self) -> int:
        """The position of all read models."""
        return self.checkpoint.position

    async def __aenter__(self) -> Self:
        connection = await checkpoints.open_connection(self._url, name="manual projector")
        for model in self._models:
            await checkpoints.register(connection, model)
        names = [model.name for model in self._models]
        for lease in await checkpoints.acquire_or_renew(connection, owner=OWNER, names=names, silence_s=10):
            self._leases[lease.name] = lease
            self._connections[lease.name] = await checkpoints.open_connection(
                self._url, name=lease.name, schema=lease.schema
            )
        await connection.close()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in self._connections.values():
            await connection.close()

    async def fold(self, store: Store, *, batch: int = 10_000) -> None:
        """Fold all new events of a log, in batches of about `batch` events."""
        while events := await store.read_range(after=self.position, limit=batch):
            await self.fold_events(events)

    async def fold_events(self, events: Sequence[RecordedEvent]) -> None:
        """Fold the next events of a log."""
        batch = batch_of(self.position, events)
        for model in self._models:
            await self.commit(model, batch)
        self.checkpoint = batch.end

    async def commit(self, model: ReadModel, batch: EventBatch) -> None:
        """Write one batch of one read model.

        Raises:
            LeaseLost: its checkpoint is not at the start of the batch.
        """
        connection = self._connections[model.name]
        async with connection.transaction():
            await checkpoints.advance(connection, self._leases[model.name], after=batch.after, until=batch.end)
            await write(connection, model, batch.events)

    async def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table of every read model, sorted, as text."""
        return {
            f"{name}.{table}": rows
            for name, connection in self._connections.items()
            for table, rows in await tables_of(connection)
        }


def batch_of(after: int, events: Sequence[RecordedEvent]) -> EventBatch:
    """Return events as a batch for projectors."""
    ends = [checkpoint_of(event) for event in events if event.part == event.parts]
    return EventBatch(after=after, command_ends=ends, events=READER.read(events))


async def tables_of(connection: Connection) -> Iterable[tuple[str, list[tuple[Any, ...]]]]:
    """Return each table of the connection's schema with its rows."""
    found = await connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = "
        "current_schema()::regnamespace ORDER BY relname"
    )
    tables = [row[0] for row in await found.fetchall()]
    contents = []
    for table in tables:
        rows = await (await connection.execute(f"SELECT t::text FROM {table} AS t ORDER BY 1")).fetchall()
        contents.append((table, rows))
    return contents
