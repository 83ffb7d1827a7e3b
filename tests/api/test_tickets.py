"""Tickets and the gate over HTTP: who may read a ticket, and that it admits once."""

import asyncio
import hashlib
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from uuid_utils.compat import uuid7

from application.ticket_codes import TicketCode, TicketCodes
from domain.values import Role
from tests.api.http_scenario import Headers, HttpScenario, Json, OpenedScenario, done, folding, price, refused
from tests.api.shop import Shop

UNKNOWN = "01935a1c-0000-7000-8000-00000000dead"


@pytest.fixture
async def office(shop: Shop, box_office: OpenedScenario) -> HttpScenario:
    """A performance on sale that costs nothing, so that an order has its tickets at once."""
    opened = box_office.at(shop)
    path = f"/api/v1/performances/{opened.performance_id}"
    free = {"prices": [{"category": "stalls", "price": price(0)}, {"category": "floor", "price": price(0)}]}
    done(await shop.client.patch(path, json=free, headers=opened.organizer))
    return opened


async def ticket_of(office: HttpScenario, buyer: Headers, seat: str) -> Json:
    """Order a seat, and return its ticket."""
    order = done(await office.order(buyer, seat))["order_id"]
    (line,) = done(await office.get(f"/orders/{order}", buyer))["lines"]
    ticket: Json = done(await office.get(f"/tickets/{line['ticket_id']}", buyer))
    return ticket


async def scan(office: HttpScenario, code: str, *, nonce: str = "", sender: Headers | None = None, **more: Any) -> Json:
    """Scan a code at the gate, at any time."""
    body = {"code": code, "gate": "North", "nonce": nonce or str(uuid7()), "override_window": True, **more}
    scanned: Json = done(await office.post("/scans", sender or office.gate, body))
    return scanned


async def scan_folded(office: HttpScenario, database_url: str, code: str, *, nonce: str = "") -> Json:
    """Scan a code without a ticket, once the read model knows the gate's organizer."""
    async with folding(office.shop, database_url):
        await office.get("/organizers", office.gate, min_position=await office.head())
        return await scan(office, code, nonce=nonce)


class TestShowTicket:
    async def test_given_the_owner_then_the_ticket_says_what_they_need(self, office: HttpScenario) -> None:
        ticket = await ticket_of(office, await office.somebody(), office.seats[0])
        assert (ticket["state"], ticket["event_title"], ticket["venue_name"]) == (
            "valid",
            "The Tempest",
            "Harbour Theatre",
        )
        assert ticket["place"]["label"] == "Stalls · Row A · Seat 1"
        assert office.shop.engine.codes.read(ticket["code"]).ticket == ticket["ticket_id"]

    @pytest.mark.parametrize("form", ["", "/qr.svg", "/ticket.pdf"])
    async def test_given_anybody_else_then_404(self, office: HttpScenario, form: str) -> None:
        ticket = await ticket_of(office, await office.somebody(), office.seats[0])
        for stranger in (await office.somebody(), await office.somebody(Role.ADMIN), office.organizer):
            assert refused(await office.get(f"/tickets/{ticket['ticket_id']}{form}", stranger)) == (404, "not_found")

    async def test_given_the_owner_then_there_is_a_qr_and_a_page_to_print(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        ticket = await ticket_of(office, buyer, office.seats[0])
        qr = await office.get(f"/tickets/{ticket['ticket_id']}/qr.svg", buyer)
        assert qr.headers["content-type"].startswith("image/svg+xml")
        assert ET.fromstring(qr.content).tag.endswith("svg")
        page = await office.get(f"/tickets/{ticket['ticket_id']}/ticket.pdf", buyer)
        assert page.headers["content-type"] == "application/pdf"
        assert page.content.startswith(b"%PDF-")
        assert page.content.count(b"/Type/Page/") == 1
        again = await office.get(f"/tickets/{ticket['ticket_id']}/ticket.pdf", buyer)
        assert again.content == page.content

    async def test_given_a_title_no_font_can_show_then_there_is_a_page_still(self, office: HttpScenario) -> None:
        path = f"/api/v1/events/{office.event_id}"
        body = {"title": "\U00013000 #panic() *Tempest*"}
        done(await office.shop.client.patch(path, json=body, headers=office.organizer))
        buyer = await office.somebody()
        ticket = await ticket_of(office, buyer, office.seats[0])
        page = await office.get(f"/tickets/{ticket['ticket_id']}/ticket.pdf", buyer)
        assert page.content.startswith(b"%PDF-")

    async def test_given_tickets_then_they_are_listed_newest_first(
        self, shop: Shop, shop_database: str, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        tickets = [await ticket_of(office, buyer, seat) for seat in office.seats[:2]]
        await scan(office, tickets[0]["code"])
        async with folding(shop, shop_database):
            listed = done(await office.get("/tickets", buyer, min_position=await office.head()))["items"]
        assert [(item["ticket_id"], item["state"]) for item in listed] == [
            (tickets[1]["ticket_id"], "valid"),
            (tickets[0]["ticket_id"], "used"),
        ]


class TestScan:
    async def test_given_a_valid_ticket_then_it_admits_once(self, office: HttpScenario) -> None:
        ticket = await ticket_of(office, await office.somebody(), office.seats[0])
        first = await scan(office, ticket["code"])
        assert (first["outcome"], first["reason"]) == ("admitted", None)
        assert first["ticket"]["place"]["label"] == "Stalls · Row A · Seat 1"
        second = await scan(office, ticket["code"])
        assert (second["outcome"], second["reason"]) == ("refused", "already_used")

    async def test_given_the_same_nonce_then_the_same_answer(self, office: HttpScenario) -> None:
        ticket = await ticket_of(office, await office.somebody(), office.seats[0])
        first = await scan(office, ticket["code"], nonce="n-1")
        head = await office.head()
        assert await scan(office, ticket["code"], nonce="n-1") == first
        assert await office.head() == head

    async def test_given_two_gates_at_once_then_one_admits(self, office: HttpScenario) -> None:
        ticket = await ticket_of(office, await office.somebody(), office.seats[0])
        scans = await asyncio.gather(*(scan(office, ticket["code"]) for _ in range(10)))
        assert sorted(one["outcome"] for one in scans) == ["admitted"] + ["refused"] * 9

    async def test_given_garbage_then_the_refusal_is_on_record_by_its_hash(
        self, office: HttpScenario, shop_database: str
    ) -> None:
        refusal = await scan_folded(office, shop_database, "garbage", nonce="n-2")
        assert (refusal["outcome"], refusal["reason"], refusal["ticket"]) == ("refused", "unreadable", None)
        (recorded,) = await office.shop.engine.store.read_range(after=refusal["position"] - 1, limit=1)
        assert recorded.stream.endswith("-n-2")
        assert hashlib.sha256(b"garbage").hexdigest() in recorded.data

    async def test_given_a_forged_code_then_refused(self, office: HttpScenario, shop_database: str) -> None:
        ticket = await ticket_of(office, await office.somebody(), office.seats[0])
        code = TicketCode(ticket=ticket["ticket_id"], performance=office.performance_id)
        forged = TicketCodes.from_secrets("another secret").write(code)
        assert (await scan_folded(office, shop_database, forged))["reason"] == "forged"

    async def test_given_a_ticket_never_issued_then_refused(self, office: HttpScenario, shop_database: str) -> None:
        code = office.shop.engine.codes.write(TicketCode(ticket=UNKNOWN, performance=office.performance_id))
        assert (await scan_folded(office, shop_database, code))["reason"] == "unknown_ticket"

    async def test_given_another_organizers_ticket_then_refused_and_not_shown(
        self, office: HttpScenario, shop_database: str
    ) -> None:
        _, members = await office.shop.organizer(other=Role.ENTRY_MANAGER)
        foreign = office.shop.bearer(members["other"])
        ticket = await ticket_of(office, await office.somebody(), office.seats[0])
        async with folding(office.shop, shop_database):
            await office.get("/organizers", foreign, min_position=await office.head())
            refusal = await scan(office, ticket["code"], sender=foreign)
        assert (refusal["reason"], refusal["ticket"]) == ("other_organizer", None)

    async def test_given_a_gate_for_another_performance_then_refused(self, office: HttpScenario) -> None:
        ticket = await ticket_of(office, await office.somebody(), office.seats[0])
        other = await office.performance()
        assert (await scan(office, ticket["code"], performance_id=other))["reason"] == "other_performance"

    async def test_given_a_cancelled_performance_then_refused(self, office: HttpScenario) -> None:
        ticket = await ticket_of(office, await office.somebody(), office.seats[0])
        done(
            await office.post(f"/performances/{office.performance_id}/cancel", office.organizer, {"reason": "weather"})
        )
        assert (await scan(office, ticket["code"]))["reason"] == "performance_cancelled"

    async def test_given_a_void_ticket_then_refused_and_it_has_no_code_any_more(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        ticket = await ticket_of(office, buyer, office.seats[0])
        refund = done(await office.post(f"/orders/{ticket['order_id']}/refunds", buyer))
        done(await office.post(f"/refunds/{refund['refund_id']}/approve", await office.somebody(Role.SUPPORT)))
        assert (await scan(office, ticket["code"]))["reason"] == "void"
        shown = done(await office.get(f"/tickets/{ticket['ticket_id']}", buyer))
        assert (shown["state"], shown["code"]) == ("void", None)
        assert refused(await office.get(f"/tickets/{ticket['ticket_id']}/qr.svg", buyer)) == (409, "impossible")

    async def test_given_the_role_was_taken_then_the_next_reading_is_forbidden(
        self, office: HttpScenario, shop_database: str
    ) -> None:
        ticket = await ticket_of(office, await office.somebody(), office.seats[0])
        await scan(office, ticket["code"])
        account = office.shop.engine.tokens.read(office.gate["Authorization"].removeprefix("Bearer ")).account
        path = f"/api/v1/organizers/{office.organizer_id}/members/{account}"
        done(await office.shop.client.put(path, json={"roles": []}, headers=office.organizer))
        head = await office.head()
        async with folding(office.shop, shop_database):
            await office.get("/organizers", office.gate, min_position=head)
            body = {"code": ticket["code"], "gate": "North", "nonce": "late"}
            assert refused(await office.post("/scans", office.gate, body)) == (403, "forbidden")
        assert await office.head() == head

    @pytest.mark.parametrize(
        "field", [{"nonce": "a b"}, {"nonce": ""}, {"gate": ""}, {"code": "x" * 1_000}, {"extra": 1}], ids=str
    )
    async def test_given_a_senseless_reading_then_422_and_no_trace(self, office: HttpScenario, field: Json) -> None:
        body = {"code": "garbage", "gate": "North", "nonce": "n", **field}
        head = await office.head()
        assert refused(await office.post("/scans", office.gate, body)) == (422, "malformed")
        assert await office.head() == head
