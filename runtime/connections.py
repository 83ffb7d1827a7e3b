"""Connections of a process to the log, NATS, records, read models and payment providers, as context managers."""

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
from runtime.database import url_of_role
from runtime.settings import Settings

READ_CONNECTIONS_MAX = 8
READ_WAIT_SECONDS_MAX = 2.0
READ_LIMITS = {"options": "-c statement_timeout=5s -c client_connection_check_interval=1s"}


class SupportsClose(Protocol):
    """An object with an asynchronous `close`."""

    async def close(self) -> None: ...


Resource = TypeVar("Resource", bound=SupportsClose)
ReadPool = AsyncConnectionPool[psycopg.AsyncConnection[Any]]


@asynccontextmanager
async def closing(resource: Resource) -> AsyncIterator[Resource]:
    """Yield a resource and close it when the block is left; `contextlib.aclosing` calls `aclose` instead."""
    try:
        yield resource
    finally:
        await resource.close()


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[tuple[PostgresStore, Batcher]]:
    """Open the log as the application's role, with the batcher that appends to it."""
    async with PostgresStore(url_of_role(settings, APP_ROLE)) as store, closing(Batcher(store)) as batcher:
        yield store, batcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Nats:
    """A connection to NATS, which may be down, and the epochs that name its streams."""

    connection: NatsConnection
    epochs: Epochs


@asynccontextmanager
async def open_nats(settings: Settings) -> AsyncIterator[Nats | None]:
    """Open the API's connection to NATS; yield None if no NATS URL is set."""
    if settings.nats_url is None:
        yield None
        return
    async with (
        closing(Epochs(url_of_role(settings, APP_ROLE))) as epochs,
        NatsConnection(settings.nats_url.get_secret_value(), name="api") as connection,
    ):
        yield Nats(connection=connection, epochs=epochs)


@asynccontextmanager
async def notifying(nats: Nats | None, appender: Appender) -> AsyncIterator[Appender]:
    """Yield an appender that wakes the relay after every append; without NATS, the given one."""
    if nats is None:
        yield appender
        return
    async with WakeUpNotifier(link=nats.connection, epochs=nats.epochs) as wake_up:
        yield NotifyingAppender(appender, wake_up.notify)


def open_subscription(store: Store, nats: Nats | None, after: int) -> Subscription:
    """Return a subscription to the events after a position: through NATS if it is set, else by polling."""
    if nats is None:
        return PollingSubscription(store=store, after=after)
    return HybridSubscription(store=store, epochs=nats.epochs, link=nats.connection, after=after)


@asynccontextmanager
async def open_records(settings: Settings, *, connections_max: int = CONNECTIONS_MAX) -> AsyncIterator[Pool]:
    """Open the pool for the tables that hold no events, such as accounts, layouts and process state."""
    async with open_pool_for_records(url_of_role(settings, APP_ROLE), connections_max=connections_max) as pool:
        yield pool


@asynccontextmanager
async def open_read_pool(settings: Settings) -> AsyncIterator[ReadPool]:
    """Open the pool with which queries read the read models."""
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
    """Open the gateways of the configured payment providers, by name."""
    if settings.sandbox_url is None or settings.sandbox_api_key is None or settings.sandbox_webhook_secret is None:
        yield {}
        return
    key, secret = settings.sandbox_api_key.get_secret_value(), settings.sandbox_webhook_secret.get_secret_value()
    async with SandboxGateway(settings.sandbox_url, key, secret) as sandbox:
        yield {"sandbox": sandbox}
