"""The part `seatledger process`: every rule until a signal comes; run it as often as wanted, a rule has one owner."""

import asyncio
import signal
from contextlib import suppress

import uvloop

from adapters.postgres.process_state import PostgresProcessState
from eventstore.clock import ServerClock
from eventstore.postgres.roles import APP_ROLE
from processes.registry import all_rules
from processes.runner import run_rules
from runtime.command_handling import build_codec, build_handler
from runtime.connections import open_gateways, open_records, open_store
from runtime.log_compatibility import check_log
from runtime.logging import configure_logs
from runtime.roles import url_of_role
from runtime.settings import Settings, load_settings
from runtime.tuning.asyncio_compat import patch_wait_for
from runtime.tuning.gc_policy import relax_gc

SIGNALS = (signal.SIGINT, signal.SIGTERM)
NOTHING_REMEMBERED = 0
"""The size of the cache here, where every stream is somebody else's most of the time."""

STATE_CONNECTIONS_MAX = 3
"""All rules look for due work at about the same moment, and one that waits makes the pool open another connection."""


async def run_processes(settings: Settings) -> None:
    """Run every rule against the log, each from its own checkpoint, until SIGINT or SIGTERM.

    Raises:
        StoreUnavailable: the database does not answer at the start; later on it is waited for.
        UnreadableLog: it says which event this program can't read.
    """
    await check_log(url_of_role(settings, APP_ROLE))
    async with (
        open_store(settings) as (store, batcher),
        open_records(settings, connections_max=STATE_CONNECTIONS_MAX) as pool,
        open_gateways(settings) as gateways,
    ):
        clock = ServerClock(await store.now())
        handler = build_handler(store=store, judge=batcher, clock=clock, cache_size=NOTHING_REMEMBERED)
        codec, state = build_codec(), PostgresProcessState(pool)
        rules = all_rules(handler, gateways, seats=store, codec=codec)
        running = asyncio.create_task(run_rules(rules, log=store, codec=codec, state=state))
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, running.cancel)
        with suppress(asyncio.CancelledError):
            await running


def main() -> None:
    """Run the rules as the environment says."""
    configure_logs()
    patch_wait_for()
    relax_gc()
    uvloop.run(run_processes(load_settings()))


if __name__ == "__main__":
    main()
