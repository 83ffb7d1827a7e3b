"""Runners in tasks, and read models that fail on demand."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import psycopg

from eventstore.store import Store
from eventstore.subscription import PollingSubscription, Subscription
from projections.engine import checkpoints
from projections.engine.checkpoints import ProjectionState
from projections.engine.event_reader import ProjectionEventReader
from projections.engine.model import ProjectedEvent, ReadModel, WriteStep
from projections.engine.runner import ProjectionRunner
from projections.registry import EVERY_MODEL, reader_for
from tests.eventstore.nats.bookings import until_some

SILENCE_S = 1.0


class ProjectionWorkers:
    """Runs projection runners on a log, each in a task.

    Args:
        url: connection string of the projector's role.
        subscribe: opens each runner's subscription; by default one that polls the store.
    """

    def __init__(self, url: str, store: Store, *, subscribe: Callable[[int], Subscription] | None = None) -> None:
        self._url = url
        self._store = store
        self._subscribe = subscribe or (lambda after: PollingSubscription(store=store, after=after, poll_max_s=0.02))

    @asynccontextmanager
    async def run_worker(
        self,
        owner: str,
        models: Sequence[ReadModel] = EVERY_MODEL,
        *,
        reader: ProjectionEventReader | None = None,
        silence_s: float = SILENCE_S,
    ) -> AsyncIterator[None]:
        """Run a runner during the block."""
        runner = ProjectionRunner(
            url=self._url,
            store=self._store,
            subscribe=self._subscribe,
            models=models,
            reader=reader or reader_for(models),
            owner=owner,
            silence_s=silence_s,
        )
        task = asyncio.create_task(runner.run())
        try:
            yield
            assert not task.done()
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def states(self) -> dict[str, ProjectionState]:
        """Return the control rows by name."""
        async with checkpoints.open_connection_for(self._url, name="test") as connection:
            return {state.name: state for state in await checkpoints.states(connection)}

    async def wait_for(self, what: str, condition: Callable[[dict[str, ProjectionState]], bool]) -> None:
        """Wait until the control rows meet a condition."""

        async def ask() -> bool:
            return condition(await self.states())

        await until_some(ask, what)

    async def heartbeats(self) -> None:
        """Wait until the owner of each read model has sent a heartbeat."""
        before = await self.states()
        await self.wait_for(
            "a heartbeat of each",
            lambda states: all(states[name].heartbeat_at > state.heartbeat_at for name, state in before.items()),
        )

    async def wait_until_current(self, *names: str) -> None:
        """Wait until read models (by default, all) have folded the whole log."""
        head = await self._store.head()
        await self.wait_for(
            f"{names or 'all'} to reach {head}",
            lambda states: all(state.position >= head for name, state in states.items() if not names or name in names),
        )


class FailingModel:
    """A read model whose fold fails on certain events while `broken` is set.

    Args:
        fails_on: returns whether the fold fails on an event.
    """

    def __init__(self, model: ReadModel, fails_on: Callable[[ProjectedEvent], bool]) -> None:
        self._model = model
        self._fails_on = fails_on
        self.broken = True

    @property
    def model(self) -> ReadModel:
        """The read model with the failing fold."""
        return replace(self._model, fold=self._fold)

    def _fold(self, events: Sequence[ProjectedEvent]) -> Sequence[WriteStep]:
        if self.broken and any(self._fails_on(event) for event in events):
            raise ValueError("planted failure")
        return self._model.fold(events)


async def execute(url: str, statement: str) -> None:
    """Execute a statement directly."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(statement.encode())
