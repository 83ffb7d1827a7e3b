"""The services of the routes, built once by `runtime/wiring.py` and found through the request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from fastapi import Request

from api.auth.clients import Clients
from api.auth.known_devices import Devices
from api.auth.login_rate_limit import LoginRateLimit
from api.http.deadlines import Deadlines
from api.http.fair_queue import FairQueue
from api.http.load_shedding import ConcurrencyLimit
from api.http.metrics import Metrics
from api.http.projection_status_stream import ProjectionStatusStream
from api.live import LiveSeatMaps
from api.ports import Positions, Processes
from application.access_tokens import AccessTokens
from application.accounts import Accounts
from application.layout_documents import LayoutDocumentCache
from application.place_finder import PlaceFinder
from application.seal_verification import SealVerification
from application.ticket_codes import TicketCodes
from application.ticket_pdf import TicketPrinter
from audit.seat_map_timeline import SeatMapTimelines
from domain.decisions.refunds.four_eyes import ONE_IS_ENOUGH, FourEyesLimits
from domain.layout.inventory import Inventory
from domain.ports.layout_documents import LayoutWorker
from domain.ports.payment_gateway import PaymentGateway
from domain.ports.personal_data import CheckoutUrls, LayoutDocuments, People
from eventstore.command_handler import Clock, CommandHandler
from eventstore.schema.codec import Codec
from eventstore.store import Store
from projections.engine.queries import ReadModelQueries
from projections.operations.operations import ProjectionOperations
from projections.rebuild.requests import RebuildRequests

REQUEST_SECONDS_MAX = 10.0


class Inventories(Protocol):
    """Inventories of published layouts."""

    async def of(self, layout: str) -> Inventory:
        """Return a layout's inventory; it never changes, so it is cached.

        Raises:
            NotFound: no such layout document.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """Settings of the API.

    Args:
        public_url: the public URL; `https` makes cookies `Secure`.
        sandbox_url: the URL of the sandbox payment provider, if it runs.
        request_seconds_max: time limit of a request's work; beyond it the outcome is unknown.
        warnings: recommendations for operators, shown at `/readyz`.
        four_eyes: amounts above which a decision about money requires two accounts.
    """

    public_url: str
    sandbox_url: str | None = None
    request_seconds_max: float = REQUEST_SECONDS_MAX
    warnings: tuple[str, ...] = ()
    four_eyes: FourEyesLimits = ONE_IS_ENOUGH


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services of the routes.

    Args:
        handler: executes commands and queries the decision state.
        store: the log, for reading.
        clock: the log's time, estimated.
        people, checkout_urls, layouts: personal data, checkout URLs and layout documents.
        accounts: registration, login and sessions.
        inventories: places of published layouts.
        positions: positions and states of the read models.
        read_models: queries on read models.
        projection_operations: operations on read models.
        rebuild_requests: rebuild requests.
        processes: status and retry of processes.
        projection_status: live status of the read models.
        gateways: payment providers by the name in `/webhooks/{provider}`.
        tokens: issues and verifies access tokens.
        login_rate_limit: limits attempts to log in.
        concurrency_limit: limits concurrent requests.
        exports: limits concurrent exports.
        large_bodies: limits concurrent large bodies, one per organizer.
        layout_work: reads layouts in a process of its own.
        metrics: counts requests.
        api_settings: settings of the API.
        codec: decodes events.
        layout_documents: public documents of layouts.
        codes: writes and reads ticket codes.
        place_finder: chooses places of standing areas.
        printer: renders tickets as PDF.
        seal_verification: seals of the log.
        live: live seat maps and their subscribers.
        past_seat_maps: seat maps as of earlier moments.
        clients: determines the client of a request.
        devices: signs and verifies device cookies.
        parts: state of the local processes, by name.
        counters: further gauges for `/metrics`, by name.
        deadlines: limits the duration of requests.
    """

    handler: CommandHandler
    store: Store
    clock: Clock
    people: People
    checkout_urls: CheckoutUrls
    accounts: Accounts
    layouts: LayoutDocuments
    inventories: Inventories
    positions: Positions
    read_models: ReadModelQueries
    projection_operations: ProjectionOperations
    rebuild_requests: RebuildRequests
    processes: Processes
    projection_status: ProjectionStatusStream
    gateways: Mapping[str, PaymentGateway]
    tokens: AccessTokens
    login_rate_limit: LoginRateLimit
    concurrency_limit: ConcurrencyLimit
    exports: ConcurrencyLimit
    large_bodies: FairQueue
    layout_work: LayoutWorker
    metrics: Metrics
    api_settings: ApiSettings
    codec: Codec
    layout_documents: LayoutDocumentCache
    codes: TicketCodes
    place_finder: PlaceFinder
    printer: TicketPrinter
    seal_verification: SealVerification
    live: LiveSeatMaps
    past_seat_maps: SeatMapTimelines
    clients: Clients
    devices: Devices
    parts: Callable[[], Mapping[str, str]] = dict
    counters: Mapping[str, Callable[[], float]] = field(default_factory=dict)
    deadlines: Deadlines = field(default_factory=Deadlines)


def services_of(request: Request) -> Services:
    """Return the services of a request's application."""
    services: Services = request.scope["app"].services
    return services
