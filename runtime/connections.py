"""Opens what a process talks to, the log, NATS, records, read models, payment providers, and closes it at the end."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool

from adapters.postgres.pool import CONNECTIONS_MAX, IDLE_SECONDS_MAX, Pool, open_pool_for_records
from adapters.sandbox_gateway import SandboxGateway
from domain.ports.payment_gateway import PaymentGateway
from eventstore.batcher import Batcher
from eventstore.command_handler import Appender
from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epochs
from eventstore.nats.relay import NotifyingAppender, WakeUpNotifier
from eventstore.postgres.bounded_connection import POOLED_CONNECTION_CLASS, check_pooled_connection
from eventstore.postgres.roles import APP_ROLE
from eventstore.postgres.store import PostgresStore
from eventstore.store import Store
from eventstore.subscription import HybridSubscription, PollingSubscription, Subscription
from runtime.roles import url_of_role
from runtime.settings import Settings

READ_CONNECTIONS_MAX = 8
READ_WAIT_SECONDS_MAX = 2.0
READ_LIMITS = {"options": "-c statement_timeout=5s -c client_connection_check_interval=1s"}


class Closes(Protocol):
    """What has to be closed."""

    async def close(self) -> None: ...


Thing = TypeVar("Thing", bound=Closes)


@asynccontextmanager
async def closing_after(thing: Thing) -> AsyncIterator[Thing]:
    """Give the block a thing, and close it when the block is left."""
    try:
        yield thing
    finally:
        await thing.close()


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[tuple[PostgresStore, Batcher]]:
    """Open the log as the application's role, with the batcher that writes to it."""
    async with PostgresStore(url_of_role(settings, APP_ROLE)) as store, closing_after(Batcher(store)) as batcher:
        yield store, batcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Nats:
    """A connection to NATS, which need not be there, and what names the streams."""

    link: NatsConnection
    epochs: Epochs


@asynccontextmanager
async def open_nats(settings: Settings) -> AsyncIterator[Nats | None]:
    """Open the API's connection to NATS, if one is set."""
    if settings.nats_url is None:
        yield None
        return
    async with (
        closing_after(Epochs(url_of_role(settings, APP_ROLE))) as epochs,
        NatsConnection(settings.nats_url.get_secret_value(), name="api") as link,
    ):
        yield Nats(link=link, epochs=epochs)


@asynccontextmanager
async def notifying(nats: Nats | None, judge: Appender) -> AsyncIterator[Appender]:
    """Let the relay hear of every append, where there is NATS."""
    if nats is None:
        yield judge
        return
    async with WakeUpNotifier(link=nats.link, epochs=nats.epochs) as wake_up:
        yield NotifyingAppender(judge, wake_up.notify)


def open_feed(store: Store, nats: Nats | None, after: int) -> Subscription:
    """Open the log after a position, from NATS if there is one."""
    if nats is None:
        return PollingSubscription(store=store, after=after)
    return HybridSubscription(store=store, epochs=nats.epochs, link=nats.link, after=after)


@asynccontextmanager
async def open_records(settings: Settings, *, connections_max: int = CONNECTIONS_MAX) -> AsyncIterator[Pool]:
    """Open the connections to what is not events."""
    async with open_pool_for_records(url_of_role(settings, APP_ROLE), connections_max=connections_max) as pool:
        yield pool


@asynccontextmanager
async def open_read_pool(settings: Settings) -> AsyncIterator[AsyncConnectionPool[psycopg.AsyncConnection[Any]]]:
    """Open the connections that queries read the read models with."""
    async with AsyncConnectionPool(
        url_of_role(settings, APP_ROLE),
        connection_class=POOLED_CONNECTION_CLASS,
        min_size=1,
        max_size=READ_CONNECTIONS_MAX,
        max_idle=IDLE_SECONDS_MAX,
        timeout=READ_WAIT_SECONDS_MAX,
        kwargs={"autocommit": True, "application_name": "seatledger read models", "connect_timeout": 5, **READ_LIMITS},
        check=check_pooled_connection,
        open=False,
        name="read models",
    ) as pool:
        yield pool


@asynccontextmanager
async def open_gateways(settings: Settings) -> AsyncIterator[Mapping[str, PaymentGateway]]:
    """Open the payment providers that are set up."""
    if settings.sandbox_url is None or settings.sandbox_api_key is None or settings.sandbox_webhook_secret is None:
        yield {}
        return
    key, secret = settings.sandbox_api_key.get_secret_value(), settings.sandbox_webhook_secret.get_secret_value()
    async with SandboxGateway(settings.sandbox_url, key, secret) as sandbox:
        yield {"sandbox": sandbox}
