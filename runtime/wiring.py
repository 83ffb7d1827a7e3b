"""Builds the services of an API process by plain constructors, and closes what it opens."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from adapters.layout_process.process import LayoutProcesses
from adapters.postgres.checkout_urls import PostgresCheckoutUrls
from adapters.postgres.credentials import PostgresCredentials
from adapters.postgres.layouts import LayoutInventories, PostgresLayouts
from adapters.postgres.people import PostgresPeople
from adapters.postgres.pool import Pool
from adapters.postgres.process_reports import ProcessReports
from adapters.postgres.sessions import PostgresSessions
from api.auth.known_devices import Devices
from api.auth.login_rate_limit import LoginRateLimit
from api.dependencies import ApiSettings, Services
from api.http.fair_queue import FairQueue
from api.http.load_shedding import ConcurrencyLimit
from api.http.metrics import Metrics
from api.http.projection_status_stream import ProjectionStatusStream
from api.http.requests.bodies import (
    LARGE_AT_ONCE_MAX,
    LARGE_OF_CLIENT_MAX,
    LARGE_WAITING_MAX,
    LARGE_WAITING_SECONDS_MAX,
)
from api.live import LiveSeatMaps, WatchLimits
from application.access_tokens import AccessTokens, SigningKey
from application.accounts import Accounts
from application.fonts import has_cjk, installed_fonts
from application.layout_documents import LayoutDocumentCache
from application.passwords import Passwords
from application.place_finder import PlaceFinder
from application.seal_verification import SealVerification
from application.ticket_codes import TicketCodes
from application.ticket_pdf import TicketPrinter
from audit.seat_map_timeline import SeatMapTimelines
from domain.ports.payment_gateway import PaymentGateway
from eventstore.batcher import Batcher
from eventstore.clock import ServerClock
from eventstore.command_handler import Clock, CommandHandler
from eventstore.postgres.roles import APP_ROLE, PROJECTOR_ROLE
from eventstore.sealing.seal_archive import SealArchive
from eventstore.store import Store
from projections.engine.positions import ProjectionPositions
from projections.engine.queries import ReadModelQueries
from projections.operations.operations import ProjectionOperations
from projections.rebuild.requests import RebuildRequests
from projections.registry import EVERY_MODEL, reader_for
from projections.seat_map.fold import SEAT_MAP
from runtime.command_handling import build_codec, build_handler
from runtime.connections import (
    Nats,
    ReadPool,
    closing,
    notifying,
    open_gateways,
    open_nats,
    open_read_pool,
    open_records,
    open_store,
    open_subscription,
)
from runtime.database import url_of_role
from runtime.local.supervision.heartbeats import liveness
from runtime.log_compatibility import check_log
from runtime.settings import Settings

EXPORTS_MAX = 2
EXPORTS_WAITING_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The log in an API process: its store, the batcher that appends, the command handler, and NATS if it is set."""

    store: Store
    batcher: Batcher
    nats: Nats | None
    handler: CommandHandler
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What an API process has opened and closes at its end."""

    log: Log
    records: Pool
    read_pool: ReadPool
    gateways: Mapping[str, PaymentGateway]
    passwords: Passwords


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """Services with background tasks of their own, which end before the resources are closed."""

    live: LiveSeatMaps
    projection_status: ProjectionStatusStream
    seal_verification: SealVerification


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Open the resources of an API process and build its services.

    Raises:
        UnreadableLog: the log holds an event that this program can't read.
        StoreUnavailable: the database does not answer.
    """
    await check_log(url_of_role(settings, APP_ROLE))
    async with open_resources(settings) as resources:
        inventories = LayoutInventories(PostgresLayouts(resources.records))
        places = build_places(resources.log, inventories)
        async with open_streams(settings, resources, places) as streams:
            yield build_services(settings, resources, streams, inventories, places)


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[Resources]:
    """Open connections, threads and the log; they are closed in reverse order."""
    async with (
        open_store(settings) as (store, batcher),
        open_records(settings) as records,
        open_read_pool(settings) as read_pool,
        open_gateways(settings) as gateways,
        open_passwords() as passwords,
        open_log(settings, store, batcher) as log,
    ):
        yield Resources(log=log, records=records, read_pool=read_pool, gateways=gateways, passwords=passwords)


@asynccontextmanager
async def open_streams(settings: Settings, resources: Resources, places: PlaceFinder) -> AsyncIterator[Streams]:
    """Open the services that have background tasks or a connection of their own."""
    log, read_pool = resources.log, resources.read_pool
    positions = ProjectionPositions(read_pool)
    async with (
        closing(build_live(settings, log, places, ReadModelQueries(read_pool))) as live,
        closing(ProjectionStatusStream(positions=positions, store=log.store)) as projection_status,
        closing(build_seal_verification(settings, log.store)) as seal_verification,
    ):
        yield Streams(live=live, projection_status=projection_status, seal_verification=seal_verification)


def build_services(
    settings: Settings, resources: Resources, streams: Streams, inventories: LayoutInventories, places: PlaceFinder
) -> Services:
    """Return the services; each object is built once and keeps its state as long as the process runs."""
    log, records = resources.log, resources.records
    layouts, layout_work = PostgresLayouts(records), LayoutProcesses()
    return Services(
        handler=log.handler,
        store=log.store,
        clock=log.clock,
        people=PostgresPeople(records),
        checkout_urls=PostgresCheckoutUrls(records),
        accounts=build_accounts(records, log.handler, resources.passwords, log.clock),
        layouts=layouts,
        inventories=inventories,
        positions=ProjectionPositions(resources.read_pool),
        read_models=ReadModelQueries(resources.read_pool),
        projection_operations=ProjectionOperations(url_of_role(settings, PROJECTOR_ROLE)),
        rebuild_requests=build_rebuild_requests(settings),
        processes=ProcessReports(records),
        projection_status=streams.projection_status,
        gateways=resources.gateways,
        tokens=build_tokens(settings),
        login_rate_limit=LoginRateLimit(),
        concurrency_limit=ConcurrencyLimit(),
        exports=ConcurrencyLimit(running_max=EXPORTS_MAX, waiting_max=EXPORTS_WAITING_MAX),
        large_bodies=build_large_body_queue(),
        layout_work=layout_work,
        metrics=Metrics(),
        api_settings=build_api_settings(settings),
        codec=build_codec(),
        layout_documents=LayoutDocumentCache(layouts, layout_work),
        codes=build_ticket_codes(settings),
        place_finder=places,
        printer=TicketPrinter(partial(installed_fonts, cjk=has_cjk())),
        seal_verification=streams.seal_verification,
        live=streams.live,
        past_seat_maps=SeatMapTimelines(log.store),
        clients=settings.clients,
        devices=Devices(settings.derived("device cookies")),
        parts=dict if settings.heartbeats is None else partial(liveness, settings.heartbeats),
        counters={**batcher_counters(log.batcher), **live_counters(streams.live)},
    )


def build_accounts(records: Pool, handler: CommandHandler, passwords: Passwords, clock: Clock) -> Accounts:
    """Return the registration and sign-in of accounts."""
    return Accounts(
        handler=handler,
        people=PostgresPeople(records),
        credentials=PostgresCredentials(records),
        sessions=PostgresSessions(records),
        passwords=passwords,
        clock=clock,
    )


def build_tokens(settings: Settings) -> AccessTokens:
    """Return the issuer and verifier of access tokens, which accepts retired secrets too."""
    signing, *retired = map(SigningKey.derive, settings.token_secrets)
    return AccessTokens(signing=signing, retired=retired)


def build_ticket_codes(settings: Settings) -> TicketCodes:
    """Return the signer and verifier of ticket codes, which accepts previous secrets too."""
    current, *previous = settings.ticket_secrets
    return TicketCodes.from_secrets(current, previous)


def build_places(log: Log, inventories: LayoutInventories) -> PlaceFinder:
    """Return the finder of free places for a booking request."""
    return PlaceFinder(
        handler=log.handler,
        store=log.store,
        codec=build_codec(),
        clock=log.clock,
        inventory_of_layout=inventories.of,
    )


def build_rebuild_requests(settings: Settings) -> RebuildRequests:
    """Return the queue of rebuild requests, which admits partial rebuilds of partitioned read models."""
    in_parts = {model.name for model in EVERY_MODEL if model.partition}
    return RebuildRequests(url_of_role(settings, PROJECTOR_ROLE), in_parts=in_parts)


def build_live(settings: Settings, log: Log, places: PlaceFinder, read_models: ReadModelQueries) -> LiveSeatMaps:
    """Return the live seat maps, which subscribe to the log at the read model's position."""
    return LiveSeatMaps(
        store=log.store,
        make_feed=partial(open_subscription, log.store, log.nats),
        reader=reader_for([SEAT_MAP]),
        models=read_models,
        inventory_of=places.inventory_of,
        clock=log.clock,
        limits=WatchLimits(per_client=settings.watchers_per_client),
    )


def build_seal_verification(settings: Settings, store: Store) -> SealVerification:
    """Return the verification of the log against the seal archive."""
    url = url_of_role(settings, APP_ROLE)
    return SealVerification(url=url, store=store, archive=SealArchive(settings.seal_archive))


def build_large_body_queue() -> FairQueue:
    """Return the queue that limits how many large request bodies are read at once."""
    return FairQueue(
        running_max=LARGE_AT_ONCE_MAX,
        waiting_max=LARGE_WAITING_MAX,
        waiting_seconds_max=LARGE_WAITING_SECONDS_MAX,
        client_max=LARGE_OF_CLIENT_MAX,
    )


def build_api_settings(settings: Settings) -> ApiSettings:
    """Return the settings that routes use."""
    return ApiSettings(public_url=settings.public_url, sandbox_url=settings.sandbox_url, four_eyes=settings.four_eyes)


@asynccontextmanager
async def open_passwords() -> AsyncIterator[Passwords]:
    """Open the threads that hash passwords."""
    with contextlib.closing(Passwords()) as passwords:
        yield passwords


@asynccontextmanager
async def open_log(settings: Settings, store: Store, batcher: Batcher) -> AsyncIterator[Log]:
    """Open the command handler, whose appends wake the relay."""
    clock = ServerClock(await store.now())
    async with open_nats(settings) as nats, notifying(nats, batcher) as appender:
        handler = build_handler(store=store, appender=appender, clock=clock)
        yield Log(store=store, batcher=batcher, nats=nats, handler=handler, clock=clock)


def batcher_counters(batcher: Batcher) -> Mapping[str, Callable[[], float]]:
    """Return the metrics of the batcher by name."""
    counters = batcher.counters
    return {
        "append_batches_total": lambda: counters.batches,
        "append_commands_total": lambda: counters.commands,
        "append_batches_resent_total": lambda: counters.resent,
        "append_commands_singled_total": lambda: counters.sent_individually,
        "append_commands_stale_total": lambda: counters.rejected_stale,
        "append_clock_behind_total": lambda: counters.clock_behind,
        "append_waiting": lambda: batcher.waiting,
    }


def live_counters(live: LiveSeatMaps) -> Mapping[str, Callable[[], float]]:
    """Return the metrics of the live seat maps by name."""
    return {
        "live_performances": lambda: live.performances,
        "live_watchers": lambda: live.watchers,
        "live_watchers_sent_away_total": lambda: live.subscribers.rejected,
        "live_bytes": lambda: live.size,
    }
