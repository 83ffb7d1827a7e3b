"""Everything a route may use, built once by `runtime/wiring.py` and found through the request."""

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
from domain.decisions.four_eyes import ONE_IS_ENOUGH, FourEyesLimits
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
    """The places of published layouts, ready to be sold."""

    async def of(self, layout: str) -> Inventory:
        """Return a layout's inventory; it never changes, so it is built once and kept.

        Raises:
            NotFound: no document is kept under this id.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """What the settings say about the API.

    Args:
        public_url: how the outside calls us; `https` makes cookies `Secure`.
        sandbox_url: the sandbox gateway's own address, if there is one.
        request_seconds_max: how long the work of a request may take; then its outcome is called unknown.
        warnings: what operators should change, shown at `/readyz`.
        four_eyes: above which amounts a decision about money takes two accounts.
    """

    public_url: str
    sandbox_url: str | None = None
    request_seconds_max: float = REQUEST_SECONDS_MAX
    warnings: tuple[str, ...] = ()
    four_eyes: FourEyesLimits = ONE_IS_ENOUGH


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a route may use.

    Args:
        handler: carries commands out, and looks into the books.
        store: the log, for reading.
        entrance: lets people in, and keeps their sessions.
        clock: the log's time, estimated.
        read_models: what the screens read.
        switches: what admins do to read models that give trouble.
        asking: what admins ask to be done with the versions of read models.
        processes: how the rules stand, and how one that failed tries again.
        board: tells admins how read models stand, while they look.
        gateways: payment providers by the name they have in `/webhooks/{provider}`.
        codec: reads the log's events.
        drawings: the public documents of layouts.
        codes: writes and reads ticket codes.
        exports: lets in so many who take the log away at once.
        large_bodies: lets in so many who send a large body at once, an organizer one at a time.
        layout_work: reads and draws layouts in a process of their own.
        places: finds the places that a wish may mean.
        printer: sets tickets on paper.
        sealed_log: the log's seals.
        live: seat maps, and those who watch them.
        past_seat_maps: seat maps as they were.
        deadlines: bounds what requests may take.
        clients: names the client of a request.
        devices: knows the devices that have logged in.
        parts: which parts of this machine's shop give signs of life, by name.
        counters: what other parts want to show at `/metrics`, by name.
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
    switches: ProjectionOperations
    asking: RebuildRequests
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
    """Return the engine behind a request."""
    services: Services = request.scope["app"].engine
    return services
