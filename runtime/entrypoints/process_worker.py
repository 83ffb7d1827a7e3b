"""The part `seatledger process`: runs every rule; several instances may run, because a lease gives a rule one owner."""

import uvloop

from adapters.postgres.process_state import PostgresProcessState
from eventstore.clock import ServerClock
from eventstore.postgres.roles import APP_ROLE
from processes.registry import all_rules
from processes.runner import run_rules
from runtime.command_handling import build_codec, build_handler
from runtime.connections import open_gateways, open_records, open_store
from runtime.database import url_of_role
from runtime.entrypoints.signals import until_signalled
from runtime.log_compatibility import check_log
from runtime.logging import configure_logs
from runtime.settings import Settings, load_settings
from runtime.tuning.asyncio_compat import patch_wait_for
from runtime.tuning.gc_policy import relax_gc

CACHED_STREAMS = 0
"""The state cache is off: other processes write most of the streams that rules read."""

STATE_CONNECTIONS_MAX = 3
"""Rules poll for due work at about the same moment, and each waiting rule makes the pool open another connection."""


async def run_processes(settings: Settings) -> None:
    """Run every rule against the log, each from its own checkpoint, until SIGINT or SIGTERM.

    Raises:
        StoreUnavailable: the database does not answer at the start; later outages are waited for.
        UnreadableLog: the log holds an event that this program can't read; the message names it.
    """
    await check_log(url_of_role(settings, APP_ROLE))
    async with (
        open_store(settings) as (store, batcher),
        open_records(settings, connections_max=STATE_CONNECTIONS_MAX) as pool,
        open_gateways(settings) as gateways,
    ):
        clock = ServerClock(await store.now())
        handler = build_handler(store=store, appender=batcher, clock=clock, cache_size=CACHED_STREAMS)
        codec, state = build_codec(), PostgresProcessState(pool)
        rules = all_rules(handler, gateways, seats=store, codec=codec)
        await until_signalled(run_rules(rules, log=store, codec=codec, state=state))


def main() -> None:
    """Run the processes.

    They release lapsed holds, settle captured payments, send approved refunds and reconcile with the payment providers.
    """

    configure_logs()
    patch_wait_for()
    relax_gc()
    uvloop.run(run_processes(load_settings()))


if __name__ == "__main__":
    main()
