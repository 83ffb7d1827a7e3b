"""The preconditions of bookings: organizer, venue, event, performance and buyers."""

from functools import partial

from bench.log_generator.template_recorder import (
    DOORS_AT,
    IDS,
    NUMBER,
    ON_SALE_AT,
    STARTS_AT,
    Actor,
    TemplateRecorder,
)
from bench.log_generator.venue import CURRENCY, PRICES
from domain import account, event, organizer, venue
from domain.decisions import scheduling
from domain.event import EventCreated, EventDetails
from domain.performance import PerformanceScheduled
from domain.values import Limits
from domain.venue import VenueDetails, VenueOpened

NO_LIMITS = Limits(seats_per_order=None, seats_per_buyer=None, live_holds_per_buyer=None)
STAFF = Actor(kind="account", id=IDS["staff"], role="admin")
BUYER = Actor(kind="account", id=IDS["account"], role="customer")


async def open_house(recorder: TemplateRecorder) -> None:
    """Create an organizer with a venue, its layout and an event."""
    house = recorder.house
    opened = VenueOpened(
        organizer=IDS["organizer"],
        details=VenueDetails(
            name=f"House {NUMBER}",
            address="Masarykovo náměstí 1",
            city="Náchod",
            country="CZ",
            time_zone="Europe/Prague",
        ),
    )
    publishing = partial(
        venue.publish_layout,
        venue=IDS["venue"],
        layout=IDS["layout"],
        name="Main hall",
        seats=len(house.keys),
        document_sha256=house.document_sha256,
    )
    details = EventDetails(title=f"Show {NUMBER}", category="Theatre")
    created = EventCreated(organizer=IDS["organizer"], venue=IDS["venue"], details=details)
    name = f"Organizer {NUMBER}"
    await recorder.record(
        partial(organizer.found_organizer, organizer=IDS["organizer"], name=name),
        STAFF,
        route="POST /api/v1/organizers",
    )
    await recorder.record(
        partial(venue.open_venue, venue=IDS["venue"], request=opened), STAFF, route="POST /api/v1/venues"
    )
    await recorder.record(publishing, STAFF, route="POST /api/v1/venues/{venue_id}/layouts")
    await recorder.record(
        partial(event.create, event=IDS["event"], request=created), STAFF, route="POST /api/v1/events"
    )
    await recorder.record(
        partial(event.publish, event=IDS["event"]), STAFF, route="POST /api/v1/events/{event_id}/publish"
    )


async def announce(recorder: TemplateRecorder) -> None:
    """Schedule a performance and put it on sale."""
    wish = PerformanceScheduled(
        event=IDS["event"],
        organizer=IDS["organizer"],
        venue=IDS["venue"],
        layout=IDS["layout"],
        seats=len(recorder.house.keys),
        currency=CURRENCY,
        starts_at=STARTS_AT,
        doors_at=DOORS_AT,
        on_sale_at=ON_SALE_AT,
        prices=PRICES,
        limits=NO_LIMITS,
    )
    decide = partial(scheduling.schedule, performance=IDS["performance"], request=wish)
    await recorder.record(decide, STAFF, route="POST /api/v1/events/{event_id}/performances")


async def register_buyer(recorder: TemplateRecorder) -> None:
    """Open a buyer's account."""
    decide = partial(account.open_account, account=IDS["account"], guest=False)
    await recorder.record(decide, BUYER, route="POST /api/v1/auth/register")
