"""A worker that folds two read models and can be suspended: `python -m tests.projections.suspended_worker {…}`.

By its options it suspends itself within a batch, or writes without comparing position and fence.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace

from eventstore.postgres import PostgresStore
from eventstore.subscription import PollingSubscription
from projections.engine import sql
from projections.engine.model import ProjectedEvent, ReadModel, WriteStep
from projections.engine.runner import ProjectionRunner
from projections.registry import reader_for
from projections.sales.fold import SALES
from projections.seat_map.fold import SEAT_MAP
from runtime.logging import configure_logs

OWNER = "the suspended worker"
MODELS = (SALES, SEAT_MAP)
TRUSTING = """
UPDATE projections.projection
SET position = %(upto)s, digest = %(digest)s, heartbeat_at = clock_timestamp()
WHERE name = %(name)s AND %(after)s >= 0 AND %(fence)s >= 0
RETURNING follower
"""


def suspend_when(model: ReadModel, position: int) -> ReadModel:
    """Return a read model whose fold suspends the process at an event, within the batch's transaction."""

    def fold(events: Sequence[ProjectedEvent]) -> Sequence[WriteStep]:
        if any(event.position == position for event in events):
            os.kill(os.getpid(), signal.SIGSTOP)
        return model.fold(events)

    return replace(model, fold=fold)


async def work(url: str, suspend_at: int | None) -> None:
    """Fold until killed."""
    models = MODELS if suspend_at is None else tuple(suspend_when(model, suspend_at) for model in MODELS)
    async with PostgresStore(url) as store:
        await ProjectionRunner(
            url=url,
            store=store,
            subscribe=lambda after: PollingSubscription(store=store, after=after, poll_max_s=0.02),
            models=models,
            reader=reader_for(models),
            owner=OWNER,
        ).run()


if __name__ == "__main__":
    options = json.loads(sys.argv[1])
    configure_logs()
    if options["trusting"]:
        sql.ADVANCE = TRUSTING
    asyncio.run(work(options["url"], options["suspend_at"]))
