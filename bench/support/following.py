"""A process that folds the seat map from JetStream, as `seatledger project` does, and prints how long it took.

It subscribes at the first event, however long the log is, so that every event arrives as a message.
"""

import asyncio
import json
import sys
import time
from contextlib import suppress

import uvloop

from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epochs
from eventstore.postgres import PostgresStore
from eventstore.store import RecordedEvent
from eventstore.subscription import HybridSubscription, SubscriptionLimits
from projections.engine import checkpoints
from projections.engine.checkpoints import Connection
from projections.engine.runner import ProjectionRunner
from projections.registry import reader_for
from projections.seat_map.fold import SEAT_MAP
from runtime.tuning.asyncio_compat import patch_wait_for
from runtime.tuning.gc_policy import relax_gc

WHATEVER = 2**62
LIMITS = SubscriptionLimits(near_events_max=WHATEVER, behind_events_max=WHATEVER)
POLL_S = 0.01


class CountingFeed(HybridSubscription):
    """A subscription that counts the events received from the stream."""

    followed = 0

    async def next(self) -> list[RecordedEvent]:
        """Return the next events."""
        events = await super().next()
        if self.is_streaming:
            self.followed += len(events)
        return events


async def fold(database_url: str, nats_url: str, head: int) -> dict[str, float]:
    """Fold the whole log; return the seconds it took and the number of events received from the stream."""
    feeds: list[CountingFeed] = []
    epochs = Epochs(database_url)
    async with PostgresStore(database_url) as store, NatsConnection(nats_url, name="project") as link:

        def make_feed(after: int) -> CountingFeed:
            feeds.append(CountingFeed(store=store, epochs=epochs, link=link, after=after, limits=LIMITS))
            return feeds[-1]

        await wait_until_connected(link)
        runner = ProjectionRunner(
            url=database_url,
            store=store,
            subscribe=make_feed,
            models=[SEAT_MAP],
            reader=reader_for([SEAT_MAP]),
            owner="bench",
        )
        began_at, cpu_began = time.monotonic(), time.process_time()
        running = asyncio.create_task(runner.run())
        connection = await checkpoints.open_connection(database_url, name="bench")
        await wait_until_folded(connection, head)
        took = {"seconds": time.monotonic() - began_at, "cpu_seconds": time.process_time() - cpu_began}
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await connection.close()
    await epochs.close()
    return {**took, "followed": sum(feed.followed for feed in feeds)}


async def wait_until_folded(connection: Connection, head: int) -> None:
    """Wait until the read model has folded the whole log."""
    while True:
        if [state.position for state in await checkpoints.states(connection)] == [head]:
            return
        await asyncio.sleep(POLL_S)


async def wait_until_connected(link: NatsConnection) -> None:
    """Wait for the connection."""
    while True:
        with suppress(Exception):
            link.client()
            return
        await asyncio.sleep(POLL_S)


if __name__ == "__main__":
    patch_wait_for()
    relax_gc()
    print(json.dumps(uvloop.run(fold(sys.argv[1], sys.argv[2], int(sys.argv[3])))))
