"""The gate over HTTP: nonces, hours, typed numbers, reverted entries, registered devices."""

import asyncio
from typing import Any

import httpx
import pytest
from uuid_utils.compat import uuid7

from domain.values import Role
from tests.api.http_scenario import (
    Headers,
    HttpScenario,
    Json,
    OpenedScenario,
    done,
    folding,
    in_days,
    price,
    refused,
)
from tests.api.shop import V1, Shop

FULL_WIDTH = {ord(digit): ord(digit) - ord("0") + 0xFF10 for digit in "0123456789"}


@pytest.fixture
async def office(shop: Shop, box_office: OpenedScenario) -> HttpScenario:
    """A free performance in half an hour."""
    opened = box_office.at(shop)
    free = {"prices": [{"category": "stalls", "price": price(0)}, {"category": "floor", "price": price(0)}]}
    soon = {"starts_at": in_days(0.02), "doors_at": in_days(0.01)}
    path = f"{V1}/performances/{opened.performance_id}"
    done(await shop.client.patch(path, json={**free, **soon}, headers=opened.organizer))
    return opened


async def ticket_of(office: HttpScenario, seat: int = 0, buyer: Headers | None = None) -> Json:
    """Order a seat, and return its ticket."""
    buyer = buyer or await office.somebody()
    order = done(await office.order(buyer, office.seats[seat]))["order_id"]
    (line,) = done(await office.get(f"/orders/{order}", buyer))["lines"]
    ticket: Json = done(await office.get(f"/tickets/{line['ticket_id']}", buyer))
    return ticket


async def send(office: HttpScenario, sender: Headers | None = None, **reading: Any) -> httpx.Response:
    """Send a scan."""
    body = {"gate": "North", "nonce": str(uuid7()), **reading}
    return await office.post("/scans", sender or office.gate, body)


async def device_of(office: HttpScenario, **different: Any) -> Json:
    """Register a device."""
    body = {"organizer_id": office.organizer_id, "label": "North", "performance_ids": [office.performance_id]}
    device: Json = done(await office.post("/devices", office.organizer, {**body, **different}))
    return device


class TestNonce:
    async def test_given_another_code_or_gate_under_it_then_422_and_no_trace(
        self, office: HttpScenario, shop_database: str
    ) -> None:
        one, two = await ticket_of(office, 0), await ticket_of(office, 1)
        first = done(await send(office, code=one["code"], nonce="1"))
        head = await office.head()
        async with folding(office.shop, shop_database):
            for other in ({"code": "garbage"}, {"code": two["code"]}, {"code": one["code"], "gate": "South"}):
                assert refused(await send(office, **{"nonce": "1", **other})) == (422, "nonce_reused")
        assert await office.head() == head
        again = await send(office, code=one["code"], nonce="1")
        assert (done(again), again.headers["Idempotency-Replayed"]) == (first, "true")
        assert done(await send(office, code=two["code"]))["outcome"] == "admitted"

    async def test_given_twins_of_one_nonce_with_two_codes_then_one_is_judged(self, office: HttpScenario) -> None:
        tickets = [await ticket_of(office, seat) for seat in range(4)]
        answers = await asyncio.gather(*(send(office, code=ticket["code"], nonce="1") for ticket in tickets))
        assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422]
        (admitted,) = (answer.json() for answer in answers if answer.is_success)
        assert admitted["outcome"] == "admitted"

    async def test_given_two_accounts_then_each_has_its_own(self, office: HttpScenario) -> None:
        one, two = await ticket_of(office, 0), await ticket_of(office, 1)
        other = await office.shop.account()
        members = f"{V1}/organizers/{office.organizer_id}/members/{other}"
        done(await office.shop.client.put(members, json={"roles": ["entry_manager"]}, headers=office.organizer))
        second = office.shop.bearer(other)
        assert done(await send(office, code=one["code"], nonce="1"))["ticket"]["ticket_id"] == one["ticket_id"]
        assert done(await send(office, second, code=two["code"], nonce="1"))["ticket"]["ticket_id"] == two["ticket_id"]

    async def test_given_a_refused_scan_then_its_answer_stays_whatever_happens(self, office: HttpScenario) -> None:
        ticket = await ticket_of(office)
        entry = done(await send(office, code=ticket["code"]))
        refusal = done(await send(office, code=ticket["code"], nonce="2"))
        done(await office.post(f"/scans/{entry['scan_id']}/revert", office.gate, {"reason": "wrong_ticket"}))
        assert done(await send(office, code=ticket["code"], nonce="2")) == refusal

    @pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "k"}], ids=["nonce", "key"])
    async def test_given_its_entry_was_reverted_then_it_admits_nobody_again(
        self, office: HttpScenario, key: Headers
    ) -> None:
        body = {"code": (await ticket_of(office))["code"], "gate": "North", "nonce": "1"}
        entry = done(await office.post("/scans", office.gate, body, **key))
        done(await office.post(f"/scans/{entry['scan_id']}/revert", office.gate, {"reason": "wrong_ticket"}))
        head = await office.head()
        assert refused(await office.post("/scans", office.gate, body, **key)) == (422, "nonce_reused")
        assert await office.head() == head
        assert done(await send(office, code=body["code"]))["outcome"] == "admitted"

    @pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "k"}], ids=["nonce", "key"])
    async def test_given_the_sender_works_for_another_organizer_now_then_403(
        self, office: HttpScenario, shop_database: str, key: Headers
    ) -> None:
        sender = await office.shop.account()
        other, members = await office.shop.organizer(ann=Role.ORGANIZER)
        ours = f"{V1}/organizers/{office.organizer_id}/members/{sender}"
        theirs, ann = f"{V1}/organizers/{other}/members/{sender}", office.shop.bearer(members["ann"])
        done(await office.shop.client.put(ours, json={"roles": ["entry_manager"]}, headers=office.organizer))
        body = {"code": (await ticket_of(office))["code"], "gate": "North", "nonce": "1"}
        async with folding(office.shop, shop_database):
            assert done(await office.post("/scans", office.shop.bearer(sender), body, **key))["outcome"] == "admitted"
            done(await office.shop.client.put(theirs, json={"roles": ["entry_manager"]}, headers=ann))
            done(await office.shop.client.put(ours, json={"roles": []}, headers=office.organizer))
            again = await office.post("/scans", office.shop.bearer(sender), body, **key)
        assert refused(again) == (403, "forbidden")

    async def test_given_an_idempotency_key_for_another_scan_then_422(self, office: HttpScenario) -> None:
        ticket = await ticket_of(office)
        body = {"code": ticket["code"], "gate": "North", "nonce": "1"}
        key = {"Idempotency-Key": "k"}
        first = done(await office.post("/scans", office.gate, body, **key))
        assert done(await office.post("/scans", office.gate, body, **key)) == first
        other = await office.post("/scans", office.gate, {**body, "nonce": "2"}, **key)
        assert refused(other) == (422, "idempotency_key_reused")


class TestAnswer:
    async def test_given_a_used_ticket_then_it_says_when_and_where_it_was(self, office: HttpScenario) -> None:
        ticket = await ticket_of(office)
        entry = done(await send(office, code=ticket["code"], gate="North"))
        refusal = done(await send(office, code=ticket["code"], gate="South"))
        first = refusal["first_entry"]
        assert (refusal["reason"], first["gate"], first["scan_id"]) == ("already_used", "North", entry["scan_id"])
        (recorded,) = await office.shop.engine.store.read_range(after=entry["position"] - 1, limit=1)
        assert first["at"] == recorded.recorded_at.isoformat().replace("+00:00", "Z")

    async def test_given_it_is_too_early_then_an_override_admits_and_is_recorded(self, office: HttpScenario) -> None:
        path = f"{V1}/performances/{office.performance_id}"
        later = {"starts_at": in_days(30), "doors_at": in_days(29)}
        done(await office.shop.client.patch(path, json=later, headers=office.organizer))
        ticket = await ticket_of(office)
        assert done(await send(office, code=ticket["code"]))["reason"] == "too_early"
        entry = done(await send(office, code=ticket["code"], override_window=True))
        assert (entry["outcome"], entry["overrode"]) == ("admitted", "too_early")


class TestTypedNumber:
    async def test_given_no_confirmation_then_it_shows_and_records_nothing(self, office: HttpScenario) -> None:
        ticket = await ticket_of(office)
        typed = ticket["ticket_id"].upper().replace("-", " ")
        head = await office.head()
        shown = done(await send(office, ticket_number=typed, nonce="1"))
        assert (shown["outcome"], shown["mode"], shown["scan_id"]) == ("confirmation_required", "manual", None)
        assert shown["ticket"]["ticket_id"] == ticket["ticket_id"]
        assert await office.head() == head
        entry = done(await send(office, ticket_number=typed, nonce="1", confirm=True))
        assert (entry["outcome"], entry["mode"]) == ("admitted", "manual")
        used = done(await send(office, ticket_number=typed))
        assert (used["outcome"], used["reason"], used["first_entry"]["mode"]) == ("refused", "already_used", "manual")

    @pytest.mark.parametrize("dash", ["", "-", " - ", "\u2013", "\u00a0", "\u200b-"], ids=ascii)
    async def test_given_a_number_as_it_is_copied_then_it_is_read(self, office: HttpScenario, dash: str) -> None:
        number = (await ticket_of(office))["ticket_id"]
        for typed in (number, number.translate(FULL_WIDTH)):
            shown = done(await send(office, ticket_number=typed.replace("-", dash)))
            assert shown["ticket"]["ticket_id"] == number

    @pytest.mark.parametrize("spelling", ["+{0}", "{1}_{2}", "urn:uuid:{3}", "{{{3}}}", "0x{2}", "\u0663{0}"])
    async def test_given_a_spelling_of_no_number_then_422(self, office: HttpScenario, spelling: str) -> None:
        number = (await ticket_of(office))["ticket_id"]
        digits = number.replace("-", "")
        typed = spelling.format(digits[1:], digits[:10], digits[11:], number)
        assert refused(await send(office, ticket_number=typed)) == (422, "malformed")

    @pytest.mark.parametrize(
        "reading",
        [
            {},
            {"ticket_number": "12"},
            {"code": "x", "ticket_number": "0" * 32},
            {"code": "x", "confirm": True},
        ],
        ids=str,
    )
    async def test_given_a_senseless_reading_then_422(self, office: HttpScenario, reading: Json) -> None:
        assert refused(await send(office, **reading)) == (422, "malformed")

    async def test_given_an_unknown_number_then_refused_and_nothing_shown(
        self, office: HttpScenario, shop_database: str
    ) -> None:
        async with folding(office.shop, shop_database):
            unknown = done(await send(office, ticket_number=str(uuid7())))
        assert (unknown["reason"], unknown["ticket"]) == ("unknown_ticket", None)


class TestRevert:
    async def test_given_an_entry_then_the_ticket_admits_again(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        ticket = await ticket_of(office, 0, buyer)
        entry = done(await send(office, code=ticket["code"]))
        path = f"/scans/{entry['scan_id']}/revert"
        for sender in (office.gate, office.organizer):
            assert done(await office.post(path, sender, {"reason": "scanned_by_mistake"}))["reverted"]
        assert done(await office.get(f"/tickets/{ticket['ticket_id']}", buyer))["state"] == "valid"
        assert done(await send(office, code=ticket["code"]))["outcome"] == "admitted"

    async def test_given_a_stranger_then_404_and_a_customer_too(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        entry = done(await send(office, code=(await ticket_of(office, 0, buyer))["code"]))
        _, members = await office.shop.organizer(other=Role.ENTRY_MANAGER)
        for sender in (office.shop.bearer(members["other"]), buyer):
            answer = await office.post(f"/scans/{entry['scan_id']}/revert", sender, {"reason": "other"})
            assert refused(answer) == (404, "not_found")

    async def test_given_no_entry_then_409_or_404(self, office: HttpScenario) -> None:
        ticket = await ticket_of(office)
        done(await send(office, code=ticket["code"]))
        refusal = done(await send(office, code=ticket["code"]))
        reason = {"reason": "other"}
        assert refused(await office.post(f"/scans/{refusal['scan_id']}/revert", office.gate, reason))[0] == 409
        assert refused(await office.post("/scans/unknown-1/revert", office.gate, reason))[0] == 404
        assert refused(await office.post("/scans/unknown-1/revert", office.gate, {"reason": "mood"}))[0] in {404, 422}


class TestDevices:
    async def test_given_the_rule_then_only_a_registered_device_admits(self, office: HttpScenario) -> None:
        ticket, device = await ticket_of(office), await device_of(office)
        path = f"{V1}/performances/{office.performance_id}"
        rules = {"entry_rules": {"registered_devices": True}}
        done(await office.shop.client.patch(path, json=rules, headers=office.organizer))
        assert done(await send(office, code=ticket["code"]))["reason"] == "device_required"
        entry = done(await send(office, {**office.gate, "Device-Key": device["key"]}, code=ticket["code"]))
        assert (entry["outcome"], entry["scan_id"].startswith(device["device_id"])) == ("admitted", True)

    async def test_given_two_devices_with_one_nonce_and_key_then_each_is_judged(self, office: HttpScenario) -> None:
        ticket, one, two = await ticket_of(office), await device_of(office), await device_of(office)
        body = {"code": ticket["code"], "gate": "North", "nonce": "1"}
        first, second = [
            done(
                await office.post(
                    "/scans", {**office.gate, "Device-Key": device["key"]}, body, **{"Idempotency-Key": "k"}
                )
            )
            for device in (one, two)
        ]
        assert (first["outcome"], second["reason"]) == ("admitted", "already_used")
        assert second["first_entry"]["scan_id"] == first["scan_id"]

    async def test_given_it_is_revoked_then_403_from_then_on(self, office: HttpScenario) -> None:
        one, two, device = await ticket_of(office, 0), await ticket_of(office, 1), await device_of(office)
        sender = {**office.gate, "Device-Key": device["key"]}
        done(await send(office, sender, code=one["code"]))
        path = f"{V1}/devices/{device['device_id']}"
        for _ in range(2):
            assert done(await office.shop.client.delete(path, headers=office.organizer))["revoked"]
        head = await office.head()
        assert refused(await send(office, sender, code=two["code"])) == (403, "device_revoked")
        assert await office.head() == head

    @pytest.mark.parametrize("key", ["x", f"{'0' * 8}-0000-7000-8000-{'0' * 12}.{'a' * 43}"])
    async def test_given_a_key_of_no_device_then_401(self, office: HttpScenario, key: str) -> None:
        ticket = await ticket_of(office)
        answer = await send(office, {**office.gate, "Device-Key": key}, code=ticket["code"])
        assert refused(answer) == (401, "unauthenticated")

    async def test_given_two_keys_then_422_and_neither_is_taken(self, office: HttpScenario) -> None:
        ticket, one, two = await ticket_of(office), await device_of(office), await device_of(office)
        keys = [("Device-Key", device["key"]) for device in (one, two)]
        body, head = {"code": ticket["code"], "gate": "North", "nonce": "1"}, await office.head()
        headers = [*office.gate.items(), *keys]
        assert refused(await office.shop.client.post(f"{V1}/scans", json=body, headers=headers)) == (422, "malformed")
        assert await office.head() == head

    async def test_given_another_devices_secret_then_401(self, office: HttpScenario) -> None:
        ticket, one, two = await ticket_of(office), await device_of(office), await device_of(office)
        forged = f"{one['device_id']}.{two['key'].split('.')[1]}"
        answer = await send(office, {**office.gate, "Device-Key": forged}, code=ticket["code"])
        assert refused(answer) == (401, "unauthenticated")

    async def test_given_a_sender_who_is_no_entry_manager_of_its_organizer_then_403(self, office: HttpScenario) -> None:
        ticket, device = await ticket_of(office), await device_of(office)
        _, members = await office.shop.organizer(other=Role.ENTRY_MANAGER)
        sender = {**office.shop.bearer(members["other"]), "Device-Key": device["key"]}
        assert refused(await send(office, sender, code=ticket["code"])) == (403, "forbidden")

    async def test_given_a_replay_then_the_key_is_not_shown_again_nor_stored(self, office: HttpScenario) -> None:
        body = {"organizer_id": office.organizer_id, "label": "North", "performance_ids": [office.performance_id]}
        first, again = [
            done(await office.post("/devices", office.organizer, body, **{"Idempotency-Key": "k"})) for _ in range(2)
        ]
        assert again == {**first, "key": None}
        (recorded,) = await office.shop.engine.store.read_range(after=first["position"] - 1, limit=1)
        assert first["key"].split(".")[1] not in recorded.data

    async def test_given_as_many_as_an_organizer_may_have_then_one_more_is_refused_until_one_is_revoked(
        self, office: HttpScenario, shop_database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("domain.device.DEVICES_PER_ORGANIZER_MAX", 2)
        body = {"organizer_id": office.organizer_id, "label": "North", "performance_ids": [office.performance_id]}
        async with folding(office.shop, shop_database):
            key = {"Idempotency-Key": "k"}
            one = done(await office.post("/devices", office.organizer, body, **key))
            await device_of(office)
            done(await office.get("/devices", office.organizer, min_position=await office.head()))
            assert refused(await office.post("/devices", office.organizer, body)) == (409, "limit_reached")
            assert done(await office.post("/devices", office.organizer, body, **key)) == {**one, "key": None}
            path = f"{V1}/devices/{one['device_id']}"
            done(await office.shop.client.delete(path, headers=office.organizer))
            done(await office.get("/devices", office.organizer, min_position=await office.head()))
            await device_of(office)

    async def test_given_devices_then_their_organizer_lists_them_and_nobody_else(
        self, office: HttpScenario, shop_database: str
    ) -> None:
        hours = {"performance_ids": [], "works_from": in_days(0), "works_until": in_days(1)}
        one, two = await device_of(office), await device_of(office, **hours)
        path = f"{V1}/devices/{one['device_id']}"
        done(await office.shop.client.delete(path, headers=office.organizer))
        _, members = await office.shop.organizer(other=Role.ORGANIZER)
        other = office.shop.bearer(members["other"])
        async with folding(office.shop, shop_database):
            at = await office.head()
            listed = done(await office.get("/devices", office.organizer, min_position=at))
            assert [(item["device_id"], item["revoked"]) for item in listed["items"]] == [
                (two["device_id"], False),
                (one["device_id"], True),
            ]
            assert done(await office.get("/devices", other, min_position=at))["items"] == []
            named = await office.get("/devices", other, organizer_id=office.organizer_id)
            assert refused(named) == (403, "forbidden")
            assert len(done(await office.get("/devices", await office.somebody(Role.ADMIN)))["items"]) == 2
        assert refused(await office.shop.client.delete(path, headers=other)) == (404, "not_found")


class TestRole:
    async def test_given_the_role_a_moment_ago_then_the_gate_knows(
        self, office: HttpScenario, shop_database: str
    ) -> None:
        """The read model of members is behind the log; the answer waits for it."""
        ticket = await ticket_of(office)
        async with folding(office.shop, shop_database):
            _, members = await office.shop.organizer(other=Role.ENTRY_MANAGER)
            scanned = done(await send(office, office.shop.bearer(members["other"]), code=ticket["code"]))
        assert (scanned["reason"], scanned["ticket"]) == ("other_organizer", None)

    async def test_given_no_role_then_403_names_the_one_it_takes(
        self, office: HttpScenario, shop_database: str
    ) -> None:
        ticket = await ticket_of(office)
        async with folding(office.shop, shop_database):
            answer = await send(office, await office.somebody(), code=ticket["code"])
        assert refused(answer) == (403, "forbidden")
        assert "entry_manager" in answer.json()["detail"]
