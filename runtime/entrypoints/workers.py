"""The parts `seatledger relay` and `seatledger project`, until a signal comes. Run each as often as wanted."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from typing import Any

import uvloop
from uuid_utils.compat import uuid7

from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epochs
from eventstore.nats.errors import NatsTooOld
from eventstore.nats.relay import Relay
from eventstore.postgres import PostgresStore
from eventstore.postgres.roles import PROJECTOR_ROLE
from eventstore.schema.compatibility import EventTypeIndex
from eventstore.store import Store
from eventstore.subscription import HybridSubscription, PollingSubscription, Subscription
from projections.engine.runner import ProjectionRunner
from projections.registry import EVERY_MODEL, reader_for
from runtime.log_compatibility import EVOLUTION
from runtime.logging import configure_logs
from runtime.roles import url_of_role
from runtime.settings import PREFIX, Settings, SettingsRefused, load_settings
from runtime.tuning.asyncio_compat import patch_wait_for
from runtime.tuning.gc_policy import relax_gc

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_relay() -> None:
    """Relay as the environment says.

    Raises:
        SystemExit: the NATS server cannot be used; the message says what to do.
    """
    configure_logs()
    patch_wait_for()
    relax_gc()
    try:
        uvloop.run(relay(load_settings()))
    except NatsTooOld as refusal:
        raise SystemExit(str(refusal)) from refusal


def run_projections() -> None:
    """Keep the read models up to date as the environment says."""
    configure_logs()
    patch_wait_for()
    relax_gc()
    uvloop.run(project(load_settings()))


def begin_epoch(settings: Settings, reason: str) -> str:
    """Begin a new epoch after a person has looked; return what to tell them."""
    return uvloop.run(_begin_epoch(settings, reason))


async def relay(settings: Settings) -> None:
    """Repeat the log in JetStream until SIGINT or SIGTERM.

    Raises:
        SettingsRefused: no NATS is set.
        NatsTooOld: it says what to do.
    """
    async with AsyncExitStack() as stack:
        store, epochs = await open_log(settings, stack)
        link = await stack.enter_async_context(NatsConnection(relay_nats_url(settings), name="relay"))
        await until_stopped(Relay(store=store, epochs=epochs, link=link).run())


async def project(settings: Settings) -> None:
    """Fold every read model that no other process folds, until SIGINT or SIGTERM.

    Raises:
        UnreadableLog: it says which event this program can't read.
    """
    async with AsyncExitStack() as stack:
        store, epochs = await open_log(settings, stack)
        survey = await stack.enter_async_context(EventTypeIndex(url_of_role(settings, PROJECTOR_ROLE)))
        await survey.check(EVOLUTION)
        surveying = asyncio.create_task(survey.scan_forever(), name="survey")
        stack.callback(surveying.cancel)
        runner = ProjectionRunner(
            url=url_of_role(settings, PROJECTOR_ROLE),
            store=store,
            subscribe=await subscription_factory(settings, stack, store, epochs),
            models=EVERY_MODEL,
            reader=reader_for(EVERY_MODEL),
            owner=str(uuid7()),
        )
        await until_stopped(runner.run())


async def open_log(settings: Settings, stack: AsyncExitStack) -> tuple[Store, Epochs]:
    """Open the log and its epoch as the projector's role, which only reads events."""
    url = url_of_role(settings, PROJECTOR_ROLE)
    store = PostgresStore(url)
    stack.push_async_callback(store.close)
    epochs = Epochs(url)
    stack.push_async_callback(epochs.close)
    return store, epochs


async def subscription_factory(
    settings: Settings, stack: AsyncExitStack, store: Store, epochs: Epochs
) -> Callable[[int], Subscription]:
    """Return what opens a feed after a position: from NATS if one is set, else from the store alone."""
    if settings.nats_url is None:
        return lambda after: PollingSubscription(store=store, after=after)
    link = await stack.enter_async_context(NatsConnection(settings.nats_url.get_secret_value(), name="project"))
    return lambda after: HybridSubscription(store=store, epochs=epochs, link=link, after=after)


def relay_nats_url(settings: Settings) -> str:
    """Return NATS' address for the one who may publish; where users aren't told apart, anybody's.

    Raises:
        SettingsRefused: none is set.
    """
    url = settings.relay_nats_url or settings.nats_url
    if url is None:
        raise SettingsRefused(f"Set {PREFIX}NATS_URL, or run `seatledger up` for an embedded NATS.")
    return url.get_secret_value()


async def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Do something until SIGINT or SIGTERM, then let it finish cleanly."""
    working = asyncio.create_task(work)
    for number in SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, working.cancel)
    with suppress(asyncio.CancelledError):
        await working


async def _begin_epoch(settings: Settings, reason: str) -> str:
    epochs = Epochs(url_of_role(settings, PROJECTOR_ROLE))
    try:
        epoch = await epochs.begin(reason)
    finally:
        await epochs.close()
    return f"Epoch {epoch.id} began at {epoch.began_at:%Y-%m-%d %H:%M:%S} UTC; the relay goes on with {epoch.stream}."
