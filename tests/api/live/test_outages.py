"""Watching continues without NATS, during an outage of PostgreSQL, and at another process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from api.live import feed
from api.live import seat_map as live_performance
from eventstore.errors import StoreUnavailable
from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epochs
from eventstore.nats.errors import NatsUnavailable
from eventstore.nats.relay import Relay
from eventstore.nats.streams import Streams
from eventstore.postgres.roles import PROJECTOR_ROLE
from eventstore.subscription import HybridSubscription
from runtime.database import url_of_role
from runtime.local.embedded import EmbeddedNats, EmbeddedPostgres
from tests.api.http_scenario import HttpScenario, done
from tests.api.live.client import Client, watching
from tests.api.live.opening import maps_of, open_seat_map
from tests.api.shop import V1, Shop, settings_for, until
from tests.temp_folders import folder_in_memory

END_SESSIONS: LiteralString = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %(database)s"

pytestmark = pytest.mark.usefixtures("folded")


class Relayed:
    """A log relayed to NATS, and the subscriptions opened on it."""

    def __init__(self, office: HttpScenario, epochs: Epochs, link: NatsConnection) -> None:
        self._office = office
        self._epochs = epochs
        self._link = link
        self.feeds: list[HybridSubscription] = []

    def open(self, after: int) -> HybridSubscription:
        """Open a subscription."""
        store = self._office.shop.engine.store
        self.feeds.append(HybridSubscription(store=store, epochs=self._epochs, link=self._link, after=after))
        return self.feeds[-1]

    async def wipe(self, nats: EmbeddedNats) -> None:
        """Delete the stream, as the operator."""
        epoch = await self._epochs.current()
        assert epoch is not None
        async with NatsConnection(nats.operator_url, name="operator") as operator:
            await until(lambda: connected(operator))
            await Streams(operator.client()).request(f"STREAM.DELETE.{epoch.stream}")

    async def follows(self) -> bool:
        """Return whether the last subscription reads from NATS."""
        return self.feeds[-1].is_streaming


@asynccontextmanager
async def relayed(office: HttpScenario, database_url: str, nats: EmbeddedNats) -> AsyncIterator[Relayed]:
    """Relay the log to NATS inside the context."""
    epochs = Epochs(url_of_role(settings_for(database_url), PROJECTOR_ROLE))
    async with (
        NatsConnection(nats.relay_url, name="relay") as relaying,
        NatsConnection(nats.app_url, name="api") as link,
    ):
        relay = Relay(store=office.shop.engine.store, epochs=epochs, link=relaying, timeout_s=0.5)
        running = asyncio.create_task(relay.run())
        yield Relayed(office, epochs, link)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    await epochs.close()


async def connected(link: NatsConnection) -> bool:
    """Return whether there is a connection."""
    try:
        return link.client().is_connected
    except NatsUnavailable:
        return False


async def sees(client: Client, office: HttpScenario, seat: str) -> None:
    """Hold a seat, and wait until the client is informed."""
    done(await office.hold(await office.somebody(), seat))
    while seat not in (await client.next())["states"]:
        pass


async def test_given_a_wiped_stream_and_a_stopped_nats_then_who_watches_goes_on(
    office: HttpScenario, shop_database: str
) -> None:
    seats = iter(office.seats)
    with folder_in_memory() as folder, EmbeddedNats(folder / "nats") as nats:
        async with AsyncExitStack() as stack:
            log = await stack.enter_async_context(relayed(office, shop_database, nats))
            client, _ = await open_seat_map(office, maps_of(office, log.open), stack)
            await until(log.follows)
            await sees(client, office, next(seats))
            await log.wipe(nats)
            await sees(client, office, next(seats))
            nats.stop()
            await sees(client, office, next(seats))
            nats.start()
            await sees(client, office, next(seats))
            await until(log.follows)
            await sees(client, office, next(seats))
            assert len(log.feeds) == 1


async def test_given_postgresql_gone_for_a_while_then_heartbeats_and_what_was_missed(
    office: HttpScenario, shop_database: str, shop_server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_performance, "HEARTBEAT_SECONDS", 0.2)
    monkeypatch.setattr(feed, "RETRY_SECONDS", 0.1)
    async with AsyncExitStack() as stack:
        client, _ = await open_seat_map(office, maps_of(office), stack)
        await sees(client, office, office.seats[0])
        async with nobody_let_in(shop_server, shop_database):
            for _ in range(3):
                assert (await client.chunk()).startswith(b":")
        await until(lambda: answers(office))
        await sees(client, office, office.seats[1])


@asynccontextmanager
async def nobody_let_in(server: EmbeddedPostgres, database_url: str) -> AsyncIterator[None]:
    """End all sessions of a database, and refuse connections inside the context."""
    name = sql.Identifier(str(conninfo_to_dict(database_url)["dbname"]))
    async with await psycopg.AsyncConnection.connect(server.url_of("postgres"), autocommit=True) as owner:
        await owner.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        await owner.execute(END_SESSIONS, {"database": conninfo_to_dict(database_url)["dbname"]})
        yield
        await owner.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


async def answers(office: HttpScenario) -> bool:
    """Return whether the log can be read."""
    try:
        return await office.head() > 0
    except StoreUnavailable:
        return False


async def test_given_another_process_then_it_goes_on_from_the_last_event_id(
    office: HttpScenario, second_shop: Shop
) -> None:
    path = f"{V1}/performances/{office.performance_id}/live"
    seen: dict[str, str] = {}
    async with watching(office.shop.app, path) as client:
        await client.chunk()
        done(await office.hold(await office.somebody(), office.seats[0]))
        message = await client.next()
        seen |= message["states"]
    done(await office.hold(await office.somebody(), office.seats[1]))
    async with watching(second_shop.app, path, last_event_id=str(message["id"])) as client:
        again = await client.next()
        assert again["states"] == {office.seats[1]: "held"}
        done(await office.hold(await office.somebody(), office.seats[2]))
        assert (await client.next())["states"] == {office.seats[2]: "held"}
    assert seen == {office.seats[0]: "held"}
