"""The parts `seatledger relay` and `seatledger project`; several instances of each may run."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

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
from runtime.database import url_of_role
from runtime.entrypoints.signals import until_signalled
from runtime.log_compatibility import UPCASTER_CHAIN
from runtime.logging import configure_logs
from runtime.settings import PREFIX, Settings, SettingsRefused, load_settings
from runtime.tuning.asyncio_compat import patch_wait_for
from runtime.tuning.gc_policy import relax_gc


def run_relay() -> None:
    """Publish the log to NATS, with the settings of the environment.

    Raises:
        SystemExit: the NATS server is too old; the message names the version needed.
    """
    configure_logs()
    patch_wait_for()
    relax_gc()
    try:
        uvloop.run(relay(load_settings()))
    except NatsTooOld as refusal:
        raise SystemExit(str(refusal)) from refusal


def run_projections() -> None:
    """Keep the read models up to date."""
    configure_logs()
    patch_wait_for()
    relax_gc()
    uvloop.run(project(load_settings()))


def begin_epoch(settings: Settings, reason: str) -> str:
    """Start a new epoch, and return a sentence for the operator who confirmed that the log was restored."""
    return uvloop.run(_begin_epoch(settings, reason))


async def relay(settings: Settings) -> None:
    """Publish the log to JetStream until SIGINT or SIGTERM.

    Raises:
        SettingsRefused: no NATS URL is set.
        NatsTooOld: the NATS server lacks a feature that the relay needs.
    """
    async with AsyncExitStack() as stack:
        store, epochs = await open_log(settings, stack)
        link = await stack.enter_async_context(NatsConnection(relay_nats_url(settings), name="relay"))
        await until_signalled(Relay(store=store, epochs=epochs, link=link).run())


async def project(settings: Settings) -> None:
    """Fold every read model whose lease is free, until SIGINT or SIGTERM.

    Raises:
        UnreadableLog: the log holds an event that this program can't read; the message names it.
    """
    async with AsyncExitStack() as stack:
        store, epochs = await open_log(settings, stack)
        event_types = await stack.enter_async_context(EventTypeIndex(url_of_role(settings, PROJECTOR_ROLE)))
        await event_types.check(UPCASTER_CHAIN)
        scan = asyncio.create_task(event_types.scan_forever(), name="event type index")
        stack.callback(scan.cancel)
        runner = ProjectionRunner(
            url=url_of_role(settings, PROJECTOR_ROLE),
            store=store,
            subscribe=await subscription_factory(settings, stack, store, epochs),
            models=EVERY_MODEL,
            reader=reader_for(EVERY_MODEL),
            owner=str(uuid7()),
        )
        await until_signalled(runner.run())


async def open_log(settings: Settings, stack: AsyncExitStack) -> tuple[Store, Epochs]:
    """Open the log and its epochs as the projector's role, which may only read events."""
    url = url_of_role(settings, PROJECTOR_ROLE)
    store = PostgresStore(url)
    stack.push_async_callback(store.close)
    epochs = Epochs(url)
    stack.push_async_callback(epochs.close)
    return store, epochs


async def subscription_factory(
    settings: Settings, stack: AsyncExitStack, store: Store, epochs: Epochs
) -> Callable[[int], Subscription]:
    """Return a function that opens a subscription after a position: through NATS if it is set, else by polling."""
    if settings.nats_url is None:
        return lambda after: PollingSubscription(store=store, after=after)
    link = await stack.enter_async_context(NatsConnection(settings.nats_url.get_secret_value(), name="project"))
    return lambda after: HybridSubscription(store=store, epochs=epochs, link=link, after=after)


def relay_nats_url(settings: Settings) -> str:
    """Return the NATS URL of the user who may publish, or the common one if NATS has no separate users.

    Raises:
        SettingsRefused: no NATS URL is set.
    """
    url = settings.relay_nats_url or settings.nats_url
    if url is None:
        raise SettingsRefused(f"Set {PREFIX}NATS_URL, or run `seatledger up` for an embedded NATS.")
    return url.get_secret_value()


async def _begin_epoch(settings: Settings, reason: str) -> str:
    epochs = Epochs(url_of_role(settings, PROJECTOR_ROLE))
    try:
        epoch = await epochs.begin(reason)
    finally:
        await epochs.close()
    return (
        f"Epoch {epoch.id} started at {epoch.began_at:%Y-%m-%d %H:%M:%S} UTC; the relay publishes to {epoch.stream} "
        "from now on."
    )
