"""Replays a random history, command by command, to a real log that is folded meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import groupby
from random import Random

from eventstore.postgres import PostgresStore
from eventstore.store import Append, Appended, NewEvent, RecordedEvent, Replayed, Write
from projections.engine.model import ReadModel
from projections.rebuild import build_repository, rebuilder
from projections.rebuild.exclusive_session import exclusive_session
from projections.rebuild.rebuilder import Rebuilder
from projections.rebuild.throttle import Throttle
from projections.registry import EVERY_MODEL, reader_for
from tests.projections.random_history import RandomHistory
from tests.support.shop_scenario import ShopScenario

READER = reader_for(EVERY_MODEL)
RANGE_EVENTS = 100
NEAR_EVENTS = 50


async def history(seed: int, steps: int) -> Sequence[RecordedEvent]:
    """Return a log with nearly every kind of event."""
    shop_scenario = ShopScenario()
    await RandomHistory(shop_scenario, Random(seed)).run(steps)
    return await shop_scenario.store.read_range(after=0, limit=1_000_000)


def commands_of(log: Sequence[RecordedEvent]) -> list[Append]:
    """Return the appends that reproduce a log."""
    commands = []
    for command_id, events in groupby(log, key=lambda event: event.command_id):
        by_stream = groupby(sorted(events, key=lambda event: event.stream), key=lambda event: event.stream)
        writes = [write_of(list(group)) for _, group in by_stream]
        commands.append(Append(command_id=command_id, writes=tuple(writes)))
    return commands


def write_of(events: Sequence[RecordedEvent]) -> Write:
    """Return the write that reproduces some events of one stream."""
    again = tuple(NewEvent(event.name, event.schema_version, event.data) for event in events)
    return Write(events[0].stream, events[0].version - 1, again)


class LogReplayer:
    """Appends a history to a log."""

    def __init__(self, store: PostgresStore, log: Sequence[RecordedEvent]) -> None:
        self._store = store
        self._commands = commands_of(log)

    async def append(self, commands: int) -> None:
        """Append the next few commands."""
        for command in self._commands[:commands]:
            (verdict,) = await self._store.append([command])
            assert isinstance(verdict, Appended | Replayed), verdict  # already appended, if it was interrupted
        del self._commands[:commands]

    async def append_rest(self) -> None:
        """Append all remaining commands."""
        await self.append(len(self._commands))

    @asynccontextmanager
    async def keep_appending(self, *, pause_s: float = 0.02) -> AsyncIterator[None]:
        """Append one command after the other during the block, with pauses."""
        task = asyncio.create_task(self._append_forever(pause_s))
        try:
            yield
            assert self._commands, "there was nothing left to tell"
            assert not task.done(), task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _append_forever(self, pause_s: float) -> None:
        while True:
            await self.append(1)
            await asyncio.sleep(pause_s)


class Slow(Throttle):
    """Folds small ranges with pauses, so that a test can act meanwhile."""

    def __init__(self, rest_s: float) -> None:
        super().__init__()
        self._rest_s = rest_s

    @property
    def range_events(self) -> int:
        """A small range."""
        return RANGE_EVENTS

    def pause_s(self, worked_s: float) -> float:
        """A short pause."""
        return self._rest_s


@asynccontextmanager
async def rebuilding(
    url: str, model: ReadModel, store: PostgresStore, *, rest_s: float = 0
) -> AsyncIterator[Rebuilder]:
    """Give a rebuilder with small steps, for a new or unfinished build."""
    rebuilder.NEAR_EVENTS = NEAR_EVENTS
    async with exclusive_session(url, model.name) as connection:
        build = await build_repository.begin(connection, model)
        yield Rebuilder(connection, store=store, model=model, reader=READER, build=build, throttle=Slow(rest_s))
