"""Appends three-event commands through the batcher and the store from many callers in one process."""

import asyncio
import time
from dataclasses import dataclass

import uvloop
from uuid_utils.compat import uuid7

from eventstore.batcher import Batcher
from eventstore.digest import digest_of, event_content
from eventstore.postgres import PostgresStore
from eventstore.postgres.migrate import migrate
from eventstore.postgres.roles import APP_ROLE, role_url
from eventstore.store import RANGE_EVENTS_MAX, Append, Appended, NewEvent, Write

PASSWORD = "bench"
EVENT_NAME = "SeatHeld"
METADATA = (
    '{"actor":{"kind":"account","id":"019f0000-0000-7000-8000-000000000001","role":"customer"},'
    '"correlation":"019f0000-0000-7000-8000-000000000002","performance":"019f0000-0000-7000-8000-000000000003"}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The number of callers, the duration and the events' data."""

    callers: int
    warm_up_s: float
    seconds: float
    data: str


@dataclass(slots=True, kw_only=True)
class Tally:
    """Commands completed in the measured period; `total` includes those before and after it."""

    counted: int = 0
    total: int = 0


def run_ours(owner_url: str, load: Load) -> dict[str, float]:
    """Append to a new database, then check the log.

    Raises:
        RuntimeError: the log does not hold exactly the acknowledged commands.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(owner_url, load))


async def _run(owner_url: str, load: Load) -> dict[str, float]:
    await migrate(owner_url, role_password=lambda _: PASSWORD)
    async with PostgresStore(role_url(owner_url, APP_ROLE, PASSWORD)) as store:
        batcher = Batcher(store)
        tally = Tally()
        event = NewEvent(EVENT_NAME, 1, load.data)
        begins = time.monotonic() + load.warm_up_s
        async with asyncio.TaskGroup() as callers:
            for _ in range(load.callers):
                callers.create_task(_call(batcher, tally, (event, event, event), begins, begins + load.seconds))
        await _check(store, tally.total)
        sizes = batcher.counters.sizes
        return {"per_s": round(tally.counted / load.seconds, 1), "batch_size": round(sum(sizes) / len(sizes), 1)}


async def _call(batcher: Batcher, tally: Tally, events: tuple[NewEvent, ...], begins: float, ends: float) -> None:
    while (now := time.monotonic()) < ends:
        command_id = uuid7()
        writes = (Write(f"seat-{command_id}", 0, events),)
        verdict = await batcher.submit(Append(command_id=command_id, writes=writes, metadata=METADATA))
        match verdict:
            case Appended():
                tally.total += 1
                tally.counted += now >= begins
            case refusal:
                raise RuntimeError(f"a new stream was refused: {refusal}")


async def _check(store: PostgresStore, commands: int) -> None:
    after = 0
    while events := await store.read_range(after=after, limit=RANGE_EVENTS_MAX):
        for position, event in enumerate(events, after + 1):
            in_its_place = event.position == position and event.version == event.part
            if not in_its_place or event.digest != digest_of(**event_content(event)):
                raise RuntimeError(f"the log is wrong at position {position}: {event}")
        after = events[-1].position
    if after != 3 * commands:
        raise RuntimeError(f"{commands} commands of three events were acknowledged, the log holds {after} events")
