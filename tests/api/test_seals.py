"""Seals over HTTP: list, verification of a part of the log, and the proof of a ticket for its owner."""

from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from application import seal_verification as parts
from domain.values import Role
from eventstore.sealing.keys import SealingKey, is_genuine
from eventstore.sealing.proof import proof_from_json, verify_proof
from eventstore.sealing.seal import seal_from_json
from tests.api.http_scenario import Headers, HttpScenario, OpenedScenario, done, price, refused
from tests.api.shop import Shop, open_shop, settings_for
from tests.eventstore.backends import app_url_of
from tests.eventstore.sealing.sealing import SECRET, TAKE_THE_LOCKS_OFF, SealedLog, sealed_log

KEY = SealingKey(SECRET)
KEYS = {KEY.id: KEY.public}
PART = 20


@pytest.fixture
def log(shop_database: str, tmp_path: Path) -> SealedLog:
    """The shop's log and its seal archive."""
    return sealed_log(shop_database, app_url_of(shop_database), tmp_path)


@pytest.fixture
async def shop(shop_database: str, log: SealedLog) -> AsyncIterator[Shop]:
    """One API process with the seal archive."""
    async with open_shop(settings_for(shop_database, seals=log.archive.folder)) as opened:
        yield opened


@pytest.fixture
async def auditor(office: HttpScenario) -> Headers:
    """Headers of an auditor."""
    return await office.somebody(Role.AUDITOR)


class TestListSeals:
    async def test_given_none_then_nothing_is_listed(self, office: HttpScenario, auditor: Headers) -> None:
        found = done(await office.get("/audit/seals", auditor))
        assert found == {"items": [], "next": None, "keys": [], "sealer": None}

    async def test_given_seals_then_they_come_newest_first_with_what_checks_them(
        self, office: HttpScenario, auditor: Headers, log: SealedLog
    ) -> None:
        log.seal()
        await office.somebody()
        log.seal()
        first = done(await office.get("/audit/seals", auditor, limit=1))
        second = done(await office.get("/audit/seals", auditor, limit=1, cursor=first["next"]))
        seals = [seal_from_json(found["items"][0]) for found in (first, second)]
        assert [seal.number for seal in seals] == [2, 1]
        assert seals[0].previous == seals[1].hash
        assert first["keys"] == [{"key_id": KEY.id, "public_key": KEY.public.hex()}]
        assert all(is_genuine(seal, KEYS) for seal in seals)
        assert (first["sealer"]["state"], first["sealer"]["trouble"]) == ("sealing", None)


class TestCompare:
    async def test_given_a_sealed_log_then_the_newest_part_is_in_order(
        self, office: HttpScenario, auditor: Headers, log: SealedLog
    ) -> None:
        log.seal()
        await office.somebody()
        found = done(await office.get("/audit/verify", auditor))
        assert (found["fault"], found["seals"], found["unsealed"], found["next"]) == (None, 1, 1, None)
        assert (found["first"], found["last"]) == (1, await office.head())

    async def test_given_a_long_log_then_next_leads_through_all_of_it(
        self, office: HttpScenario, auditor: Headers, log: SealedLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(parts, "COMPARED_MAX", PART)
        for _ in range(3):
            for _ in range(PART):
                await office.somebody()
            log.seal()
        begins, compared = 1, 0
        while begins is not None:
            found = done(await office.get("/audit/verify", auditor, **{"from": begins}))
            assert found["fault"] is None
            assert found["last"] - begins < 3 * PART
            begins, compared = found["next"], found["last"]
        assert compared == await office.head()

    async def test_given_a_changed_event_then_it_is_named(
        self, office: HttpScenario, auditor: Headers, log: SealedLog, shop_database: str
    ) -> None:
        log.seal()
        with psycopg.connect(shop_database, autocommit=True) as superuser:
            superuser.execute(TAKE_THE_LOCKS_OFF)
            superuser.execute("UPDATE eventstore.event SET data = '{}' WHERE position = 3")
        found = done(await office.get("/audit/verify", auditor))
        fault = found["fault"]
        assert (fault["kind"], fault["position"], fault["seal"], fault["in_the_log"]) == ("changed", 3, 1, True)
        assert (found["last"], found["next"]) == (2, None)


class TestProveTicket:
    @pytest.fixture
    async def office(self, shop: Shop, box_office: OpenedScenario) -> HttpScenario:
        """A free performance, so that an order has its tickets at once."""
        opened = box_office.at(shop)
        free = {"prices": [{"category": "stalls", "price": price(0)}, {"category": "floor", "price": price(0)}]}
        path = f"/api/v1/performances/{opened.performance_id}"
        done(await shop.client.patch(path, json=free, headers=opened.organizer))
        return opened

    async def test_given_a_sealed_ticket_then_its_owner_alone_gets_a_proof_that_holds(
        self, office: HttpScenario, log: SealedLog
    ) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))["order_id"]
        (line,) = done(await office.get(f"/orders/{order}", buyer))["lines"]
        path = f"/tickets/{line['ticket_id']}/proof"
        assert refused(await office.get(path, buyer)) == (409, "impossible")
        log.seal()
        proof = proof_from_json(done(await office.get(path, buyer)))
        verify_proof(proof, KEYS)
        assert (proof.content["name"], proof.content["stream"]) == ("TicketIssued", f"ticket-{line['ticket_id']}")
        assert refused(await office.get(path, await office.somebody())) == (404, "not_found")
