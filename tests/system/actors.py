"""Who comes to the shop: one person of every kind, and the things they may or may not touch."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx
from uuid_utils.compat import uuid7

from domain.values import Role
from tests.system.shop import Shop, until
from tests.system.venue import VenueFixture, build, grid, organizer_of

GOOD_CARD = {"card": "4242424242424242"}
OTHER_CURRENCY_CARD = {"card": "4242000000000901"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Somebody with an access token, or without.

    Args:
        roles: held everywhere, or within the organizer whose things are asked for.
        foreign: held within another organizer.
        owner: whether the orders, holds, payments and tickets asked for are theirs.
    """

    name: str
    token: str | None
    roles: frozenset[Role] = frozenset()
    foreign: frozenset[Role] = frozenset()
    owner: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What paths can name; `hidden` if only its organizer may see its event."""

    house: VenueFixture
    owner: str
    ids: Mapping[str, str]
    code: str
    hidden: bool = False

    def with_draft(self) -> "Resources":
        """Return the same with an event that is not published."""
        event = self.house.event(published=False)
        performance, cancelled = self.house.performance(event), cancelled_performance(self.house, event)
        ids = {**self.ids, "event_id": event, "performance_id": performance, "cancelled": cancelled}
        return replace(self, ids=ids, hidden=True)

    def fresh(self) -> "Resources":
        """Return the same with things that nobody has ended yet."""
        if self.hidden:
            return self.with_draft()
        hold = hold_seat(self.house, self.house.on_sale(), self.owner)
        event = self.house.event()
        ids = {**self.ids, "event_id": event, "performance_id": self.house.performance(event), "hold_id": hold}
        return replace(self, ids=ids)


def all_actors(shop: Shop, owner: str) -> list[Participant]:
    """Return one actor of every kind."""
    customer, seller, gate = shop.buyers(3)
    admin = shop.token("admin")
    other = shop.do("/organizers", admin, {"name": "Somebody else"})["organizer_id"]
    for token, role in ((seller, Role.ORGANIZER), (gate, Role.ENTRY_MANAGER)):
        account = shop.get("/me", token)["account_id"]
        shop.do(f"/organizers/{other}/members/{account}", admin, {"roles": [role]}, method="PUT")
    guest = shop.ask("POST", "/auth/guest").json()["access_token"]
    return [
        Participant(name="nobody", token=None),
        Participant(name="guest", token=guest),
        Participant(name="customer", token=customer),
        Participant(name="owner", token=owner, owner=True),
        Participant(name="organizer", token=shop.token("organizer"), roles=frozenset({Role.ORGANIZER})),
        Participant(name="foreign organizer", token=seller, foreign=frozenset({Role.ORGANIZER})),
        Participant(name="entry manager", token=shop.token("gate"), roles=frozenset({Role.ENTRY_MANAGER})),
        Participant(name="foreign entry manager", token=gate, foreign=frozenset({Role.ENTRY_MANAGER})),
        Participant(name="support", token=shop.token("support"), roles=frozenset({Role.SUPPORT})),
        Participant(name="admin", token=admin, roles=frozenset({Role.ADMIN})),
        Participant(name="auditor", token=shop.token("auditor"), roles=frozenset({Role.AUDITOR})),
    ]


def make_things(shop: Shop, owner: str) -> Resources:
    """Let a buyer go all the way: a hold, a paid order of two seats, their tickets, a refund that waits."""
    token = shop.token("organizer")
    house = build(shop, token, organizer_of(shop, token), document=grid(10, 20))
    event = house.event()
    performance = house.performance(event)
    order, payment = paid_order(house, performance, owner)
    ticket, other = (each for each in shop.get("/tickets", owner)["items"] if each["order_id"] == order)
    refund = shop.do(f"/orders/{order}/refunds", owner, {"lines": ["1"]})["refund_id"]
    ids = {
        "organizer_id": house.organizer,
        "venue_id": house.venue,
        "layout_id": house.layout,
        "event_id": event,
        "performance_id": performance,
        "cancelled": cancelled_performance(house, event),
        "hold_id": hold_seat(house, performance, owner, nth=5),
        "order_id": order,
        "payment_id": payment,
        "ticket_id": ticket["ticket_id"],
        "refund_id": refund,
        "device_id": device_at(house, performance),
        "scan_id": scan_of(house, shop.get(f"/tickets/{other['ticket_id']}", owner)["code"]),
        "exception_id": open_exception(house, performance, owner, nth=10),
        "account_id": shop.ask("POST", "/auth/guest").json()["account_id"],
        "provider": "sandbox",
        "stream": f"order-{order}",
        "name": "tickets",
        "process": "settle_payments",
        "order": order,
        "performance": performance,
        "seat": house.seats(performance)[0],
    }
    code = shop.get(f"/tickets/{ticket['ticket_id']}", owner)["code"]
    return Resources(house=house, owner=owner, ids=ids, code=code)


def cancelled_performance(house: VenueFixture, event: str) -> str:
    """Schedule a performance and cancel it."""
    performance = house.performance(event)
    house.shop.do(f"/performances/{performance}/cancel", house.shop.token("organizer"), {"reason": "illness"})
    return performance


def device_at(house: VenueFixture, performance: str) -> str:
    """Register a scanner for a performance."""
    body = {"organizer_id": house.organizer, "label": "North", "performance_ids": [performance]}
    device: str = house.shop.do("/devices", house.shop.token("organizer"), body)["device_id"]
    return device


def scan_of(house: VenueFixture, code: str) -> str:
    """Let a ticket's holder enter long before the start; return the scan."""
    body = {"code": code, "gate": "north", "nonce": str(uuid7()), "override_window": True}
    scan: str = house.shop.do("/scans", house.shop.token("gate"), body)["scan_id"]
    return scan


def paid_order(house: VenueFixture, performance: str, buyer: str, *, first: int = 0) -> tuple[str, str]:
    """Order two seats from the `first` on, pay, and wait for the tickets; return the order and its payment."""
    shop, seats = house.shop, house.seats(performance)[first : first + 2]
    items = [{"seat": seat} for seat in seats]
    order: str = shop.do("/orders", buyer, {"performance_id": performance, "items": items})["order_id"]
    payment = pay(shop, order, buyer, GOOD_CARD)

    def arrived() -> bool:
        return [each["order_id"] for each in shop.get("/tickets", buyer)["items"]].count(order) == len(items)

    until(arrived, "the tickets")
    return order, payment


def pay(shop: Shop, order: str, buyer: str, card: Mapping[str, str]) -> str:
    """Pay an order with a card, and return the payment."""
    opened = shop.do(f"/orders/{order}/payments", buyer, {"provider": "sandbox"})
    assert httpx.post(f"{opened['checkout_url']}/pay", json=card, trust_env=False).status_code == 200
    return str(opened["payment_id"])


def open_exception(house: VenueFixture, performance: str, buyer: str, *, nth: int) -> str:
    """Pay an order in another currency, wait for the exception, and return it."""
    shop, items = house.shop, [{"seat": house.seats(performance)[nth]}]
    order = shop.do("/orders", buyer, {"performance_id": performance, "items": items})["order_id"]
    payment = pay(shop, order, buyer, OTHER_CURRENCY_CARD)
    found: list[str] = []

    def arrived() -> bool:
        listed = shop.get("/exceptions", shop.token("support"))["items"]
        found.extend(each["exception_id"] for each in listed if each["payment_id"] == payment)
        return bool(found)

    until(arrived, "the exception")
    return found[0]


def hold_seat(house: VenueFixture, performance: str, buyer: str, *, nth: int = 0) -> str:
    """Hold one seat and return the hold."""
    wish: dict[str, Any] = {"items": [{"seat": house.seats(performance)[nth]}]}
    hold: str = house.shop.do(f"/performances/{performance}/holds", buyer, wish)["hold_id"]
    return hold
