"""Something to sell, made over HTTP as an organizer makes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from runtime.tour.story import rows
from tests.system.shop import Shop

UNLIMITED: Mapping[str, None] = {"seats_per_order": None, "seats_per_buyer": None, "live_holds_per_buyer": None}
PRICE = 4500


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueFixture:
    """An organizer's venue with one published layout; `token` acts for the organizer."""

    shop: Shop
    token: str
    organizer: str
    venue: str
    layout: str
    seat_count: int

    def event(self, *, published: bool = True, title: str = "Hamlet") -> str:
        """Draft an event, and publish it."""
        event: str = self.shop.do("/events", self.token, {"venue_id": self.venue, "title": title})["event_id"]
        if published:
            self.shop.do(f"/events/{event}/publish", self.token)
        return event

    def performance(self, event: str, *, categories: Sequence[str] = ("A",), **changes: Any) -> str:
        """Put a performance on sale, without limits unless told otherwise."""
        wish = {
            "starts_at": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
            "layout_id": self.layout,
            "prices": [
                {"category": category, "price": {"amount": PRICE, "currency": "EUR"}} for category in categories
            ],
            "limits": UNLIMITED,
            **changes,
        }
        found: str = self.shop.do(f"/events/{event}/performances", self.token, wish)["performance_id"]
        return found

    def on_sale(self, **changes: Any) -> str:
        """Return a new performance of a new published event."""
        return self.performance(self.event(), **changes)

    def seats(self, performance: str) -> list[str]:
        """Return every seat key of a performance."""
        layout = self.shop.get(f"/performances/{performance}/layout")
        return [key for row in rows(layout) for key in row]


def grid(rows_: int, seats_per_row: int) -> dict[str, Any]:
    """Return the document of one rectangular block of seats in category A."""
    return {"sections": [{"name": "Stalls", "category": "A", "rows": rows_, "seats_per_row": seats_per_row}]}


def organizer_of(shop: Shop, token: str) -> str:
    """Return the organizer that an account is a member of."""
    (found,) = shop.get("/organizers", token)["items"]
    organizer: str = found["organizer_id"]
    return organizer


def build(shop: Shop, token: str, organizer: str, *, document: object, format_: str = "grid") -> VenueFixture:
    """Open a venue and publish a drawing of it."""
    where = {"name": "The Globe", "address": "Bankside 21", "city": "London", "country": "GB"}
    opened = shop.do("/venues", token, {"organizer_id": organizer, **where, "time_zone": "Europe/London"})
    wish = {"name": "As built", "format": format_, "document": document}
    layout = shop.do(f"/venues/{opened['venue_id']}/layouts", token, wish)
    return VenueFixture(
        shop=shop,
        token=token,
        organizer=organizer,
        venue=opened["venue_id"],
        layout=layout["layout_id"],
        seat_count=layout["seat_count"],
    )
