"""Bad input gets a clear error, in one table, and leaves no trace in the log."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from adapters.sandbox_webhooks import SIGNATURE_HEADER
from api.auth.access import LAYOUT_BYTES_MAX
from domain.ports.payment_gateway import WEBHOOK_WINDOW
from tests.system.actors import Resources, make_things, paid_order
from tests.system.shop import Shop, until
from tests.system.venue import build, grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the bad requests are about."""

    things: Resources
    stranger: str
    other: str
    early: str
    closed: str
    seats: list[str]
    void_code: str

    @property
    def performance(self) -> str:
        """The performance in which seat 0 and 1 are sold, seat 2 is blocked and seat 5 is held."""
        return self.things.ids["performance_id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """One request, and how it is refused; `names` must stand in the answer."""

    path: str
    body: object = None
    raw: bytes | None = None
    as_: str = "owner"
    status: int = 422
    code: str
    names: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


Make = Callable[[Scene], Bad]


def holding(performance: str, *seats: str, **refused: Any) -> Bad:
    """Hold some seats."""
    items = [{"seat": seat} for seat in seats]
    return Bad(path=f"/performances/{performance}/holds", body={"items": items}, **refused)


def titled(raw_title: bytes) -> Bad:
    """Draft an event under a title that cannot be stored."""
    raw = b'{"venue_id": "019a5b00-0000-7000-8000-000000000001", "title": "' + raw_title + b'"}'
    return Bad(path="/events", raw=raw, as_="organizer", code="malformed")


def layout(scene: Scene, document: object, **refused: Any) -> Bad:
    """Publish a layout."""
    body = {"name": "Bad", "format": "grid", "document": document}
    return Bad(path=f"/venues/{scene.things.ids['venue_id']}/layouts", body=body, as_="organizer", **refused)


def webhook(scene: Scene, *, secret: str, age: timedelta, status: int, code: str) -> Bad:
    """Announce a capture that never was."""
    about = {"reference": scene.things.ids["payment_id"], "checkout_id": "c1", "amount": 1, "currency": "EUR"}
    when = datetime.now(UTC).isoformat()
    raw = json.dumps({"event_id": str(uuid7()), "type": "checkout.captured", "created_at": when, **about}).encode()
    seconds = int(time.time() - age.total_seconds())
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + raw, hashlib.sha256).hexdigest()
    headers = {SIGNATURE_HEADER: f"t={seconds},v1={signed}"}
    return Bad(path="/webhooks/sandbox", raw=raw, headers=headers, status=status, code=code)


TWINS = {"sections": [{"name": "Twin", "category": "A", "rows": 1, "seats_per_row": 2}] * 2}
OLD = WEBHOOK_WINDOW + timedelta(seconds=60)

TABLE: Mapping[str, Make] = {
    "a seat that does not exist": lambda s: holding(s.performance, "zz9", code="unknown_seats", names="zz9"),
    "a sold seat": lambda s: holding(s.performance, s.seats[0], status=409, code="seats_taken", names=s.seats[0]),
    "a blocked seat": lambda s: holding(s.performance, s.seats[2], status=409, code="seats_taken", names=s.seats[2]),
    "a held seat": lambda s: holding(
        s.performance, s.seats[5], status=409, code="seats_taken", names=s.seats[5], as_="stranger"
    ),
    "a seat named twice": lambda s: holding(
        s.performance, s.seats[7], s.seats[7], code="seats_named_twice", names=s.seats[7]
    ),
    "a seat of another performance": lambda s: holding(s.performance, s.other, code="unknown_seats", names=s.other),
    "no seat": lambda s: holding(s.performance, code="too_many_seats"),
    "a thousand seats": lambda s: holding(s.performance, *s.seats * 5, code="too_many_seats"),
    "fifty-one seats": lambda s: holding(s.performance, *s.seats[10:61], code="too_many_seats"),
    "a performance not yet on sale": lambda s: holding(s.early, s.seats[0], status=409, code="not_on_sale"),
    "a performance no longer on sale": lambda s: holding(s.closed, s.seats[0], status=409, code="not_on_sale"),
    "an order on somebody else's hold": lambda s: Bad(
        path="/orders", body={"hold_id": s.things.ids["hold_id"]}, as_="stranger", status=404, code="not_found"
    ),
    "a payment of a paid order": lambda s: Bad(
        path=f"/orders/{s.things.ids['order_id']}/payments",
        body={"provider": "sandbox"},
        status=409,
        code="already_paid",
    ),
    "a forged webhook": lambda s: webhook(
        s, secret="not the secret", age=timedelta(0), status=401, code="webhook_forged"
    ),
    "a late webhook": lambda s: webhook(s, secret=secret_of(s), age=OLD, status=403, code="webhook_stale"),
    "a layout over 32 MiB": lambda s: layout(s, "x" * LAYOUT_BYTES_MAX, status=413, code="body_too_large"),
    "a layout with two seats of one label": lambda s: layout(s, TWINS, code="layout_faults", names="Twin"),
    "a title with NUL": lambda _: titled(rb"a\u0000b"),
    "a title with a raw NUL": lambda _: titled(b"a\0b"),
    "a title with a lone surrogate": lambda _: titled(rb"a\ud800b"),
    "a body that isn't JSON": lambda s: Bad(path="/orders", raw=b"{seats: 1", code="malformed"),
    "a number that isn't JSON": lambda s: Bad(path="/orders", raw=b'{"items": NaN}', code="malformed"),
    "a field nobody knows": lambda s: Bad(path="/orders", body={"hold": "x"}, code="malformed", names="hold"),
}


@pytest.fixture(scope="module")
def scene(shop: Shop) -> Scene:
    """A performance with every kind of seat, and others that do not sell."""
    owner, stranger = shop.buyers(2)
    things = make_things(shop, owner)
    house, performance = things.house, things.ids["performance_id"]
    seats = house.seats(performance)
    house.shop.do(f"/performances/{performance}/seats/block", house.token, {"seats": [seats[2]], "reason": "technical"})
    early = house.on_sale(on_sale_at=(datetime.now(UTC) + timedelta(days=1)).isoformat())
    closed = house.on_sale()
    shop.do(f"/performances/{closed}", house.token, {"sales": "closed"}, method="PATCH")
    larger = build(shop, house.token, house.organizer, document=grid(20, 20))
    return Scene(
        things=things,
        stranger=stranger,
        other=min(set(larger.seats(larger.on_sale())) - set(seats)),
        early=early,
        closed=closed,
        seats=seats,
        void_code=void_code(things, house.on_sale()),
    )


def void_code(things: Resources, performance: str) -> str:
    """Return the code of a ticket whose money went back."""
    shop = things.house.shop
    order, _ = paid_order(things.house, performance, things.owner)
    found = next(each for each in shop.get("/tickets", things.owner)["items"] if each["order_id"] == order)
    code: str = shop.get(f"/tickets/{found['ticket_id']}", things.owner)["code"]
    refund = shop.do(f"/orders/{order}/refunds", things.owner, {})["refund_id"]
    shop.do(f"/refunds/{refund}/approve", shop.token("support"))

    def money_is_back() -> bool:
        refunds = shop.get(f"/orders/{order}", things.owner)["refunds"]
        return [each["status"] for each in refunds] == ["completed"]

    until(money_is_back, "the end of the refund")
    return code


def secret_of(scene: Scene) -> str:
    """Return the secret that the gateway signs its webhooks with."""
    secret = scene.things.house.shop.settings.sandbox_webhook_secret
    assert secret is not None
    return secret.get_secret_value()


class TestBadInput:
    @pytest.mark.parametrize("case", TABLE)
    def test_it_is_refused_in_its_own_words_and_leaves_no_trace(self, case: str, shop: Shop, scene: Scene) -> None:
        bad = TABLE[case](scene)
        token = {"owner": scene.things.owner, "stranger": scene.stranger}.get(bad.as_) or shop.token(bad.as_)
        before = shop.ready()["head"]
        content = json.dumps(bad.body).encode() if bad.raw is None else bad.raw
        headers = {"Content-Type": "application/json", **bad.headers}
        answer = shop.ask("POST", bad.path, token, content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (bad.status, bad.code), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert bad.names in answer.text
        assert shop.ready()["head"] == before


class TestBadScans:
    """A refused scan is a fact itself; nobody enters."""

    @pytest.mark.parametrize(
        ("reading", "reason"),
        [
            (lambda _: "garbage", "unreadable"),
            (lambda s: s.things.code[:-6] + "AAAAAA", "forged"),
            (lambda s: s.void_code, "void"),
        ],
        ids=["garbage", "a forgery", "a void ticket"],
    )
    def test_the_gate_stays_shut(self, shop: Shop, scene: Scene, reading: Callable[[Scene], str], reason: str) -> None:
        self.refused(shop, {"code": reading(scene)}, reason, "gate")

    def test_at_another_performance_the_gate_stays_shut(self, shop: Shop, scene: Scene) -> None:
        self.refused(shop, {"code": scene.things.code, "performance_id": scene.closed}, "other_performance", "gate")

    def test_at_another_organizers_gate_it_stays_shut(self, shop: Shop, scene: Scene) -> None:
        admin, (gate,) = shop.token("admin"), shop.buyers(1)
        other = shop.do("/organizers", admin, {"name": "Next door"})["organizer_id"]
        account = shop.get("/me", gate)["account_id"]
        shop.do(f"/organizers/{other}/members/{account}", admin, {"roles": ["entry_manager"]}, method="PUT")
        shop.caught_up()
        self.refused(shop, {"code": scene.things.code}, "other_organizer", gate)

    def refused(self, shop: Shop, reading: dict[str, str], reason: str, who: str) -> None:
        """Scan, and scan again with the same nonce."""
        token = shop.token(who) if who == "gate" else who
        wish = {**reading, "gate": "north", "nonce": str(uuid7())}
        answer = shop.do("/scans", token, wish)
        assert (answer["outcome"], answer["reason"]) == ("refused", reason)
        assert shop.do("/scans", token, wish) == answer
        (decoded_event,) = shop.get("/audit/log", shop.token("auditor"), after=answer["position"] - 1, limit=1)["items"]
        assert (decoded_event["name"], decoded_event["data"]["reason"]) == ("ScanRefused", reason)


class TestReplayedWebhook:
    def test_the_same_announcement_twice_has_one_effect(self, shop: Shop, scene: Scene) -> None:
        bad = webhook(scene, secret=secret_of(scene), age=timedelta(0), status=200, code="")
        headers = {"Content-Type": "application/json", **bad.headers}
        first = shop.ask("POST", bad.path, content=bad.raw, headers=headers)
        head = shop.ready()["head"]
        second = shop.ask("POST", bad.path, content=bad.raw, headers=headers)
        assert (first.status_code, second.status_code) == (bad.status, bad.status)
        assert shop.ready()["head"] == head
        assert first.text == second.text
