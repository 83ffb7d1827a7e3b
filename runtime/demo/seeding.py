"""Creates the demo with commands; after an interruption the next run continues.

Every id and command id is derived from one root, so a repeated step is a replay and records nothing.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from application.accounts import Accounts
from domain import account, event, organizer, venue
from domain.decision import Changes, DecisionContext
from domain.decisions import scheduling
from domain.event import EventCreated, EventDetails
from domain.layout.formats.reading import read_layout
from domain.layout.model import Layout
from domain.layout.native_writer import write_native
from domain.layout.publishing import publish
from domain.performance import PerformanceScheduled
from domain.ports.personal_data import AddressTaken, LayoutDocuments
from domain.values import Limits, Role, derived_id
from domain.venue import VenueDetails, VenueOpened
from eventstore.command import CommandContext
from eventstore.command_handler import CommandHandler
from runtime.demo.catalogue_data import SHOWS, VENUES, DemoVenue, Show, price_list
from runtime.demo.ids import ROOT, performance_step, step_id

CURRENCY = "EUR"
DOORS_BEFORE = timedelta(hours=1)
ORGANIZER_NAME = "Harbour Stages"
GLOBAL_ROLES = {"admin": Role.ADMIN, "support": Role.SUPPORT, "auditor": Role.AUDITOR}
MEMBER_ROLES = {"organizer": Role.ORGANIZER, "gate": Role.ENTRY_MANAGER}
ACCOUNTS = (*GLOBAL_ROLES, *MEMBER_ROLES, "customer")
EMAILS = {role: f"{role}@demo.test" for role in ACCOUNTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedContext:
    """The services that seeding uses; `report` receives progress messages."""

    handler: CommandHandler
    accounts: Accounts
    documents: LayoutDocuments
    report: Callable[[str], None]


async def seed(seed_context: SeedContext, *, password: str, today: datetime) -> None:
    """Create accounts, venues and events; what exists already is not changed.

    Args:
        password: of every account.
        today: the day from which the dates of performances are counted.
    """
    seed_context.report("demo accounts")
    await create_accounts(seed_context, password)
    layouts = {demo_venue.key: await create_venue(seed_context, demo_venue) for demo_venue in VENUES}
    for show in SHOWS:
        seed_context.report(show.title)
        await create_show(seed_context, show, layouts[show.venue], today)


async def create_accounts(seed_context: SeedContext, password: str) -> None:
    """Create the organizer, and an account per role with the same password."""

    seller = derived_id(ROOT, "organizer")
    await execute_step(
        seed_context, "organizer", partial(organizer.found_organizer, organizer=seller, name=ORGANIZER_NAME)
    )
    for role in ACCOUNTS:
        own = account_id(role)
        await execute_step(seed_context, f"account {role}", partial(account.open_account, account=own, guest=False))
        try:
            name = f"Demo {role.capitalize()}"
            await seed_context.accounts.register(email=EMAILS[role], password=password, name=name, account=own)
        except AddressTaken:
            pass  # an interrupted run has registered it
        if role in GLOBAL_ROLES:
            roles = frozenset({GLOBAL_ROLES[role]})
            await execute_step(seed_context, f"role {role}", partial(account.change_roles, account=own, roles=roles))
        if role in MEMBER_ROLES:
            roles = frozenset({MEMBER_ROLES[role]})
            change = partial(organizer.change_member, organizer=seller, account=own, roles=roles)
            await execute_step(seed_context, f"member {role}", change)


async def create_venue(seed_context: SeedContext, demo_venue: DemoVenue) -> Layout:
    """Open a venue, publish its layout and return it."""
    seed_context.report(demo_venue.name)
    layout = publish(read_layout("seatledger", demo_venue.document()))
    document = write_native(layout)
    opened = VenueOpened(
        organizer=derived_id(ROOT, "organizer"),
        details=VenueDetails(
            name=demo_venue.name,
            address=demo_venue.address,
            city=demo_venue.city,
            country=demo_venue.country,
            time_zone=demo_venue.time_zone,
        ),
    )
    await execute_step(
        seed_context,
        f"venue {demo_venue.key}",
        partial(venue.open_venue, venue=venue_id(demo_venue.key), request=opened),
    )
    await seed_context.documents.save(layout_id(demo_venue.key), document)
    published = partial(
        venue.publish_layout,
        venue=venue_id(demo_venue.key),
        layout=layout_id(demo_venue.key),
        name=layout.name,
        seats=layout.capacity,
        document_sha256=hashlib.sha256(document).hexdigest(),
    )
    await execute_step(seed_context, f"layout {demo_venue.key}", published)
    return layout


async def create_show(seed_context: SeedContext, show: Show, layout: Layout, today: datetime) -> None:
    """Create and publish an event, and schedule its performances."""
    own = derived_id(ROOT, "event", show.key)
    created = EventCreated(
        organizer=derived_id(ROOT, "organizer"),
        venue=venue_id(show.venue),
        details=EventDetails(title=show.title, description=show.description, category=show.category),
    )
    await execute_step(seed_context, f"event {show.key}", partial(event.create, event=own, request=created))
    await execute_step(seed_context, f"publish {show.key}", partial(event.publish, event=own))
    for day in show.days:
        scheduled = to_scheduled(show, layout, today, day)
        schedule = partial(scheduling.schedule, performance=performance_id(show, day), request=scheduled)
        await execute_step(seed_context, performance_step(show, day), schedule)


def to_scheduled(show: Show, layout: Layout, today: datetime, day: int) -> PerformanceScheduled:
    """Return a performance `day` days from `today`, at the venue's local time."""
    demo_venue = next(candidate for candidate in VENUES if candidate.key == show.venue)
    date = today.astimezone(ZoneInfo(demo_venue.time_zone)).date() + timedelta(days=day)
    starts_at = datetime.combine(date, show.starts, ZoneInfo(demo_venue.time_zone)).astimezone(UTC)
    return PerformanceScheduled(
        event=derived_id(ROOT, "event", show.key),
        organizer=derived_id(ROOT, "organizer"),
        venue=venue_id(demo_venue.key),
        layout=layout_id(demo_venue.key),
        seats=layout.capacity,
        currency=CURRENCY,
        starts_at=starts_at,
        doors_at=starts_at - DOORS_BEFORE,
        on_sale_at=today + timedelta(days=show.on_sale_days),
        prices=price_list(tuple(category.key for category in layout.categories), show.top_price_cents),
        limits=Limits(),
    )


def account_id(role: str) -> str:
    """Return the id of a demo account."""
    return derived_id(ROOT, "account", role)


def venue_id(demo_venue: str) -> str:
    """Return the id of a demo venue."""
    return derived_id(ROOT, "venue", demo_venue)


def layout_id(demo_venue: str) -> str:
    """Return the id of a demo venue's layout."""
    return derived_id(ROOT, "layout", demo_venue)


def performance_id(show: Show, day: int) -> str:
    """Return the id of a performance."""
    return derived_id(ROOT, "performance", show.key, str(day))


async def execute_step(seed_context: SeedContext, step: str, decide: Callable[[DecisionContext], Changes]) -> None:
    """Execute the command of a step; a repeated step records nothing."""
    actor: Mapping[str, Any] = {"kind": "process", "id": "demo", "role": None}
    context = CommandContext(command_id=step_id(step), actor=actor, channel="demo")
    await seed_context.handler.handle(decide, context)
