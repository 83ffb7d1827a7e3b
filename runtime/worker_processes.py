"""The part `seatledger process`: every rule, until cancelled. Run it as often as wanted; each rule has one owner."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from adapters.records.pool import records_pool
from adapters.records.process_state import SILENCE_S, PostgresProcessState
from domain.errors import Rejected
from domain.history import EVENTS, KINDS, UPCASTERS, VERSIONS, subjects
from domain.ports import PaymentGateway
from eventstore.batcher import Batcher
from eventstore.cache import StateCache
from eventstore.clock import ServerClock
from eventstore.codec import Codec
from eventstore.handler import Handler
from eventstore.postgres import PostgresStore
from processes.every_rule import every_rule
from processes.log import SharedLog
from processes.rule import Rule
from processes.runner import RETRIES, ProcessRunner
from processes.work import BackOff

CONNECTIONS_MAX = 5

Rules = Callable[[Handler, Mapping[str, PaymentGateway]], Sequence[Rule]]


async def run_processes(
    app_url: str,
    gateways: Mapping[str, PaymentGateway],
    *,
    rules: Rules = every_rule,
    retries: BackOff = RETRIES,
    silence_s: float = SILENCE_S,
) -> None:
    """Run every rule against the log, each from its own checkpoint, until cancelled.

    Args:
        app_url: the database, as the application's role.
        gateways: payment providers by the name that payments carry.
        retries: between two tries of work that got no answer.
        silence_s: how long an owner may be silent before another takes over.

    Raises:
        StoreUnavailable: the database cannot be reached at the start; later on it is waited for.
    """
    codec = Codec(EVENTS, VERSIONS, UPCASTERS)
    async with PostgresStore(app_url) as store, records_pool(app_url, connections_max=CONNECTIONS_MAX) as pool:
        batcher = Batcher(store)
        handler = handler_of(store, batcher, codec)
        state = PostgresProcessState(pool, silence_s=silence_s)
        log = SharedLog(store)
        try:
            async with asyncio.TaskGroup() as group:
                for rule in rules(handler, gateways):
                    runner = ProcessRunner(rule, log=log, codec=codec, state=state, retries=retries)
                    group.create_task(runner.run(), name=rule.name)
        finally:
            await batcher.close()


def handler_of(store: PostgresStore, batcher: Batcher, codec: Codec) -> Handler:
    """Return a handler that remembers nothing: here every stream is somebody else's most of the time."""
    return Handler(
        store=store,
        judge=batcher,
        codec=codec,
        kinds=KINDS,
        refusal=Rejected,
        clock=ServerClock(),
        cache=StateCache(0),
        subjects=subjects,
    )
