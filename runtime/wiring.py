"""Builds each object once, by plain constructors; what is opened here is closed here."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from adapters.records.credentials import PostgresCredentials
from adapters.records.layouts import LayoutInventories, PostgresLayouts
from adapters.records.people import PostgresPeople
from adapters.records.pool import Pool, records_pool
from adapters.records.sessions import PostgresSessions
from adapters.sandbox_gateway import SandboxGateway
from api.admission import Admission
from api.attempts import Attempts
from api.board import Board
from api.codes import TicketCodes
from api.drawings import Drawings
from api.engine import Engine, Terms
from api.entrance import Entrance
from api.live import LiveSeatMaps
from api.metrics import Metrics
from api.passwords import Passwords
from api.places import Places
from api.sealed_log import SealedLog
from api.ticket_pdf import TicketPrinter
from api.tokens import AccessTokens, SigningKey
from domain.errors import Rejected
from domain.history import EVENTS, KINDS, UPCASTERS, VERSIONS, subjects
from domain.ports import PaymentGateway
from eventstore.batcher import Batcher
from eventstore.cache import CACHED_STREAMS_MAX, StateCache
from eventstore.clock import ServerClock
from eventstore.codec import Codec
from eventstore.epoch import Epochs
from eventstore.feed import EventFeed, Feed, PolledFeed
from eventstore.handler import Clock, Handler, Judge
from eventstore.jetstream.link import NatsLink
from eventstore.migrate import APP_ROLE, PROJECTOR_ROLE
from eventstore.postgres.store import PostgresStore
from eventstore.relay import AnnouncingJudge, WakeUp
from eventstore.seals.second_place import SecondPlace
from eventstore.store import Store
from projections.every_model import EVERY_MODEL, reader_for
from projections.past.seat_maps import PastSeatMaps
from projections.positions import ProjectionPositions
from projections.reading import ReadModels
from projections.rebuilding.asking import Asking
from projections.seat_map import SEAT_MAP
from projections.switches import Switches
from runtime.evolution import check_log
from runtime.roles import url_of_role
from runtime.settings import Settings

READ_CONNECTIONS_MAX = 8
READ_WAIT_SECONDS_MAX = 2.0
READ_LIMITS = {"options": "-c statement_timeout=5s"}


@cache
def build_codec() -> Codec:
    """Return the reader and writer of every stored event; it holds no state and takes a while to build."""
    return Codec(EVENTS, VERSIONS, UPCASTERS)


def build_handler(
    *, store: Store, judge: Judge, clock: Clock | None = None, cache_size: int = CACHED_STREAMS_MAX
) -> Handler:
    """Return a handler that knows the business's streams."""
    return Handler(
        store=store,
        judge=judge,
        codec=build_codec(),
        kinds=KINDS,
        refusal=Rejected,
        clock=clock or ServerClock(),
        cache=StateCache(cache_size),
        subjects=subjects,
    )


def build_entrance(records: Pool, handler: Handler, passwords: Passwords, clock: Clock) -> Entrance:
    """Return what lets people in."""
    return Entrance(
        handler=handler,
        people=PostgresPeople(records),
        credentials=PostgresCredentials(records),
        sessions=PostgresSessions(records),
        passwords=passwords,
        clock=clock,
    )


def build_tokens(settings: Settings) -> AccessTokens:
    """Return the maker and reader of access tokens."""
    return AccessTokens(
        signing=SigningKey.derived(settings.secret_key.get_secret_value()),
        retired=[SigningKey.derived(known.get_secret_value()) for known in settings.previous_secret_keys],
    )


def build_ticket_codes(settings: Settings) -> TicketCodes:
    """Return the writer and reader of ticket codes."""
    previous = [known.get_secret_value() for known in settings.previous_secret_keys]
    return TicketCodes.from_secrets(settings.secret_key.get_secret_value(), previous)


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[tuple[PostgresStore, Batcher]]:
    """Open the log as the application's role, with the batcher that writes to it."""
    async with PostgresStore(url_of_role(settings, APP_ROLE)) as store:
        batcher = Batcher(store)
        try:
            yield store, batcher
        finally:
            await batcher.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Nats:
    """A connection to NATS, which need not be there, and what names the streams."""

    link: NatsLink
    epochs: Epochs


@asynccontextmanager
async def open_nats(settings: Settings) -> AsyncIterator[Nats | None]:
    """Open the API's connection to NATS, if one is set."""
    if settings.nats_url is None:
        yield None
        return
    epochs = Epochs(url_of_role(settings, APP_ROLE))
    try:
        async with NatsLink(settings.nats_url.get_secret_value(), name="api") as link:
            yield Nats(link=link, epochs=epochs)
    finally:
        await epochs.close()


@asynccontextmanager
async def announced(nats: Nats | None, judge: Judge) -> AsyncIterator[Judge]:
    """Let the relay hear of every append, where there is NATS."""
    if nats is None:
        yield judge
        return
    async with WakeUp(link=nats.link, epochs=nats.epochs) as wake_up:
        yield AnnouncingJudge(judge, wake_up.notify)


def open_feed(store: Store, nats: Nats | None, after: int) -> EventFeed:
    """Open the log after a position, from NATS if there is one."""
    if nats is None:
        return PolledFeed(store=store, after=after)
    return Feed(store=store, epochs=nats.epochs, link=nats.link, after=after)


@asynccontextmanager
async def open_records(settings: Settings) -> AsyncIterator[Pool]:
    """Open the connections to what is not events."""
    async with records_pool(url_of_role(settings, APP_ROLE)) as pool:
        yield pool


@asynccontextmanager
async def open_seals(settings: Settings, store: Store) -> AsyncIterator[SealedLog]:
    """Open the seals of the log, and find their second place."""
    place = SecondPlace(settings.second_place)
    sealed_log = SealedLog(url=url_of_role(settings, APP_ROLE), store=store, place=place)
    try:
        yield sealed_log
    finally:
        await sealed_log.close()


@asynccontextmanager
async def open_reading(settings: Settings) -> AsyncIterator[AsyncConnectionPool[psycopg.AsyncConnection[Any]]]:
    """Open the connections that queries read the read models with."""
    async with AsyncConnectionPool(
        url_of_role(settings, APP_ROLE),
        min_size=1,
        max_size=READ_CONNECTIONS_MAX,
        timeout=READ_WAIT_SECONDS_MAX,
        kwargs={"autocommit": True, "application_name": "seatledger read models", "connect_timeout": 5, **READ_LIMITS},
        check=AsyncConnectionPool.check_connection,
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


@asynccontextmanager
async def open_engine(settings: Settings) -> AsyncIterator[Engine]:
    """Build everything an API process uses.

    Raises:
        UnreadableLog: the log holds an event that this program can't read.
        StoreUnavailable: the database does not answer.
    """
    await check_log(url_of_role(settings, APP_ROLE))
    async with AsyncExitStack() as stack:
        store, batcher = await stack.enter_async_context(open_store(settings))
        records = await stack.enter_async_context(open_records(settings))
        reading = await stack.enter_async_context(open_reading(settings))
        gateways = await stack.enter_async_context(open_gateways(settings))
        passwords = Passwords()
        stack.callback(passwords.close)
        clock = ServerClock()
        nats = await stack.enter_async_context(open_nats(settings))
        judge = await stack.enter_async_context(announced(nats, batcher))
        handler = build_handler(store=store, judge=judge, clock=clock)
        layouts = PostgresLayouts(records)
        codec, inventories, read_models = build_codec(), LayoutInventories(layouts), ReadModels(reading)
        places = Places(handler=handler, store=store, codec=codec, clock=clock, inventory_of_layout=inventories.of)
        live = LiveSeatMaps(
            store=store,
            make_feed=partial(open_feed, store, nats),
            reader=reader_for([SEAT_MAP]),
            models=read_models,
            inventory_of=places.inventory_of,
            clock=clock,
        )
        stack.push_async_callback(live.close)
        positions = ProjectionPositions(reading)
        board = Board(positions=positions, store=store)
        stack.push_async_callback(board.close)
        yield Engine(
            handler=handler,
            store=store,
            clock=clock,
            people=PostgresPeople(records),
            entrance=build_entrance(records, handler, passwords, clock),
            layouts=layouts,
            inventories=inventories,
            positions=positions,
            read_models=read_models,
            switches=Switches(url_of_role(settings, PROJECTOR_ROLE)),
            asking=Asking(
                url_of_role(settings, PROJECTOR_ROLE), in_parts={model.name for model in EVERY_MODEL if model.part}
            ),
            board=board,
            gateways=gateways,
            tokens=build_tokens(settings),
            attempts=Attempts(),
            admission=Admission(),
            metrics=Metrics(),
            terms=Terms(public_url=settings.public_url, sandbox_url=settings.sandbox_url),
            codec=codec,
            drawings=Drawings(layouts),
            codes=build_ticket_codes(settings),
            places=places,
            printer=TicketPrinter(),
            sealed_log=await stack.enter_async_context(open_seals(settings, store)),
            live=live,
            past_seat_maps=PastSeatMaps(store),
            counters={**batcher_counters(batcher), **live_counters(live)},
        )


def batcher_counters(batcher: Batcher) -> Mapping[str, Callable[[], float]]:
    """Return what operators want to know of a batcher."""
    counters = batcher.counters
    return {
        "append_batches_total": lambda: counters.batches,
        "append_commands_total": lambda: counters.commands,
        "append_batches_resent_total": lambda: counters.resent,
        "append_commands_singled_total": lambda: counters.singled,
        "append_commands_stale_total": lambda: counters.answered_stale,
        "append_waiting": lambda: batcher.waiting,
    }


def live_counters(live: LiveSeatMaps) -> Mapping[str, Callable[[], float]]:
    """Return what operators want to know of the live seat maps."""
    return {
        "live_performances": lambda: live.performances,
        "live_watchers": lambda: live.watchers,
    }
