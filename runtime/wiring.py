"""Builds each object once, by plain constructors; what is opened here is closed here."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
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
    closing_after,
    notifying,
    open_feed,
    open_gateways,
    open_nats,
    open_read_pool,
    open_records,
    open_store,
)
from runtime.local.supervision.heartbeats import liveness
from runtime.log_compatibility import check_log
from runtime.roles import url_of_role
from runtime.settings import Settings

EXPORTS_MAX = 2
EXPORTS_WAITING_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The log as an API process has it: read, decided on, written in batches, followed through NATS if there is one."""

    store: Store
    batcher: Batcher
    nats: Nats | None
    handler: CommandHandler
    clock: Clock


def build_accounts(records: Pool, handler: CommandHandler, passwords: Passwords, clock: Clock) -> Accounts:
    """Return what lets people in."""
    return Accounts(
        handler=handler,
        people=PostgresPeople(records),
        credentials=PostgresCredentials(records),
        sessions=PostgresSessions(records),
        passwords=passwords,
        clock=clock,
    )


def build_tokens(settings: Settings) -> AccessTokens:
    """Return the maker and reader of access tokens."""
    signing, *retired = map(SigningKey.derive, settings.token_secrets)
    return AccessTokens(signing=signing, retired=retired)


def build_ticket_codes(settings: Settings) -> TicketCodes:
    """Return the writer and reader of ticket codes."""
    current, *previous = settings.ticket_secrets
    return TicketCodes.from_secrets(current, previous)


def build_places(log: Log, inventories: LayoutInventories) -> PlaceFinder:
    """Return what finds the places that a wish may mean."""
    return PlaceFinder(
        handler=log.handler,
        store=log.store,
        codec=build_codec(),
        clock=log.clock,
        inventory_of_layout=inventories.of,
    )


def build_rebuild_requests(settings: Settings) -> RebuildRequests:
    """Return what admins ask for a read model's versions through."""
    in_parts = {model.name for model in EVERY_MODEL if model.partition}
    return RebuildRequests(url_of_role(settings, PROJECTOR_ROLE), in_parts=in_parts)


def build_live(settings: Settings, log: Log, places: PlaceFinder, read_models: ReadModelQueries) -> LiveSeatMaps:
    """Return the seat maps that are watched; they follow the log from where the read model stands."""
    return LiveSeatMaps(
        store=log.store,
        make_feed=partial(open_feed, log.store, log.nats),
        reader=reader_for([SEAT_MAP]),
        models=read_models,
        inventory_of=places.inventory_of,
        clock=log.clock,
        limits=WatchLimits(per_client=settings.watchers_per_client),
    )


def build_sealed_log(settings: Settings, store: Store) -> SealVerification:
    """Return the seals of the log, and where their second place is."""
    url = url_of_role(settings, APP_ROLE)
    return SealVerification(url=url, store=store, archive=SealArchive(settings.seal_archive))


@asynccontextmanager
async def open_passwords() -> AsyncIterator[Passwords]:
    """Open the threads that hash."""
    with closing(Passwords()) as passwords:
        yield passwords


@asynccontextmanager
async def open_log(settings: Settings, store: Store, batcher: Batcher) -> AsyncIterator[Log]:
    """Open what commands are decided with; the relay hears of what they append."""
    clock = ServerClock(await store.now())
    async with open_nats(settings) as nats, notifying(nats, batcher) as judge:
        handler = build_handler(store=store, judge=judge, clock=clock)
        yield Log(store=store, batcher=batcher, nats=nats, handler=handler, clock=clock)


@asynccontextmanager
async def open_engine(settings: Settings) -> AsyncIterator[Services]:
    """Build everything an API process uses.

    Raises:
        UnreadableLog: the log holds an event that this program can't read.
        StoreUnavailable: the database does not answer.
    """
    await check_log(url_of_role(settings, APP_ROLE))
    async with (
        open_store(settings) as (store, batcher),
        open_records(settings) as records,
        open_read_pool(settings) as reading,
        open_gateways(settings) as gateways,
        open_passwords() as passwords,
        open_log(settings, store, batcher) as log,
    ):
        layouts, read_models, positions = (
            PostgresLayouts(records),
            ReadModelQueries(reading),
            ProjectionPositions(reading),
        )
        inventories, layout_work = LayoutInventories(layouts), LayoutProcesses()
        places = build_places(log, inventories)
        async with (
            closing_after(build_live(settings, log, places, read_models)) as live,
            closing_after(ProjectionStatusStream(positions=positions, store=store)) as projection_status,
            closing_after(build_sealed_log(settings, store)) as sealed_log,
        ):
            yield Services(
                handler=log.handler,
                store=store,
                clock=log.clock,
                people=PostgresPeople(records),
                checkout_urls=PostgresCheckoutUrls(records),
                accounts=build_accounts(records, log.handler, passwords, log.clock),
                layouts=layouts,
                inventories=inventories,
                positions=positions,
                read_models=read_models,
                projection_operations=ProjectionOperations(url_of_role(settings, PROJECTOR_ROLE)),
                rebuild_requests=build_rebuild_requests(settings),
                processes=ProcessReports(records),
                projection_status=projection_status,
                gateways=gateways,
                tokens=build_tokens(settings),
                login_rate_limit=LoginRateLimit(),
                concurrency_limit=ConcurrencyLimit(),
                exports=ConcurrencyLimit(running_max=EXPORTS_MAX, waiting_max=EXPORTS_WAITING_MAX),
                large_bodies=FairQueue(
                    running_max=LARGE_AT_ONCE_MAX,
                    waiting_max=LARGE_WAITING_MAX,
                    waiting_seconds_max=LARGE_WAITING_SECONDS_MAX,
                    client_max=LARGE_OF_CLIENT_MAX,
                ),
                layout_work=layout_work,
                metrics=Metrics(),
                api_settings=ApiSettings(
                    public_url=settings.public_url, sandbox_url=settings.sandbox_url, four_eyes=settings.four_eyes
                ),
                codec=build_codec(),
                layout_documents=LayoutDocumentCache(layouts, layout_work),
                codes=build_ticket_codes(settings),
                place_finder=places,
                printer=TicketPrinter(partial(installed_fonts, cjk=has_cjk())),
                seal_verification=sealed_log,
                live=live,
                past_seat_maps=SeatMapTimelines(store),
                clients=settings.clients,
                devices=Devices(settings.derived("device cookies")),
                parts=dict if settings.heartbeats is None else partial(liveness, settings.heartbeats),
                counters={**batcher_counters(batcher), **live_counters(live)},
            )


def batcher_counters(batcher: Batcher) -> Mapping[str, Callable[[], float]]:
    """Return what operators want to know of a batcher."""
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
    """Return what operators want to know of the live seat maps."""
    return {
        "live_performances": lambda: live.performances,
        "live_watchers": lambda: live.watchers,
        "live_watchers_sent_away_total": lambda: live.subscribers.rejected,
        "live_bytes": lambda: live.size,
    }
