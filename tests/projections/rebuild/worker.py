"""A rebuild in a subprocess, in small steps: `python -m tests.projections.rebuild.worker URL NAME`.

It says a line after every step, for whoever wants to kill or stop it then.
"""

import asyncio
import sys

from eventstore.postgres import PostgresStore
from projections.rebuild.throttle import Progress
from projections.registry import EVERY_MODEL
from tests.projections.rebuild.log_replayer import rebuilding

REST_S = 0.02


def say(progress: Progress) -> None:
    """Print the progress."""
    sys.stdout.write(f"{progress.state} {progress.position}\n")
    sys.stdout.flush()


async def work(url: str, name: str) -> None:
    """Rebuild to the end, or until killed."""
    (model,) = [model for model in EVERY_MODEL if model.name == name]
    async with PostgresStore(url) as store, rebuilding(url, model, store, rest_s=REST_S) as rebuilder:
        rebuilder.report = say
        await rebuilder.run()


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
