"""The part `seatledger process`: every rule until a signal comes; run it as often as wanted, a rule has one owner."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress

import uvloop

from adapters.records.pool import Pool
from adapters.records.process_state import SILENCE_S, PostgresProcessState
from processes.every_rule import every_rule
from processes.log import Log, SharedLog
from processes.rule import Rule
from processes.runner import RETRIES, ProcessRunner
from processes.work import BackOff
from runtime.logs import configure_logs
from runtime.settings import Settings, load_settings
from runtime.wiring import build_codec, build_handler, open_gateways, open_records, open_store

SIGNALS = (signal.SIGINT, signal.SIGTERM)
NOTHING_REMEMBERED = 0
"""The size of the cache here, where every stream is somebody else's most of the time."""


async def run_processes(settings: Settings) -> None:
    """Run every rule against the log, each from its own checkpoint, until SIGINT or SIGTERM.

    Raises:
        StoreUnavailable: the database does not answer at the start; later on it is waited for.
    """
    async with (
        open_store(settings) as (store, batcher),
        open_records(settings) as pool,
        open_gateways(settings) as gateways,
    ):
        handler = build_handler(store=store, judge=batcher, cache_size=NOTHING_REMEMBERED)
        running = asyncio.create_task(run_rules(every_rule(handler, gateways), log=store, pool=pool))
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, running.cancel)
        with suppress(asyncio.CancelledError):
            await running


async def run_rules(
    rules: Sequence[Rule], *, log: Log, pool: Pool, retries: BackOff = RETRIES, silence_s: float = SILENCE_S
) -> None:
    """Run rules side by side, until cancelled.

    Args:
        retries: between two tries of work that got no answer.
        silence_s: how long an owner may be silent before another takes over.
    """
    shared, codec = SharedLog(log), build_codec()
    state = PostgresProcessState(pool, silence_s=silence_s)
    async with asyncio.TaskGroup() as group:
        for rule in rules:
            runner = ProcessRunner(rule, log=shared, codec=codec, state=state, retries=retries)
            group.create_task(runner.run(), name=rule.name)


def main() -> None:
    """Run the rules as the environment says."""
    configure_logs()
    uvloop.run(run_processes(load_settings()))


if __name__ == "__main__":
    main()
