"""A database clock behind the log: an alarm of its own on every route."""

from datetime import timedelta

import psycopg
import pytest
import structlog
from uuid_utils.compat import uuid7

from eventstore.postgres.clock_acceptance import accept_clock
from tests.api.http_scenario import HttpScenario, done, refused
from tests.eventstore.backends import PLANT_EVENT


async def record_ahead(owner_url: str, ahead: timedelta) -> None:
    """Record the last event ahead of the clock."""
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as owner:
        await owner.execute(PLANT_EVENT, {"command_id": uuid7(), "ahead": ahead})


@pytest.mark.usefixtures("box_office")
class TestAClockThatRanAhead:
    async def test_given_no_acceptance_then_requests_readiness_metrics_and_the_log_say_so(
        self, office: HttpScenario, shop_database: str
    ) -> None:
        buyer, client = await office.somebody(), office.shop.client
        assert (await client.get("/readyz")).status_code == 200
        await record_ahead(shop_database, timedelta(hours=1))
        with structlog.testing.capture_logs() as logs:
            answers = [await office.hold(buyer, office.seats[0]) for _ in range(2)]
        assert [refused(answer) for answer in answers] == [(503, "clock_behind")] * 2
        assert "seatledger clock" in answers[0].json()["detail"]
        assert refused(await client.get("/readyz")) == (503, "clock_behind")
        assert "seatledger_append_clock_behind_total 2" in (await client.get("/metrics")).text
        assert [(line["log_level"], line["remedy"]) for line in logs] == [("error", "seatledger clock")]

    async def test_given_an_operator_accepts_it_then_seats_are_sold_again(
        self, office: HttpScenario, shop_database: str
    ) -> None:
        buyer = await office.somebody()
        await record_ahead(shop_database, timedelta(hours=1))
        assert (await office.hold(buyer, office.seats[0])).status_code == 503
        await accept_clock(shop_database, reason="the time server was wrong", by="tester")
        held = done(await office.hold(buyer, office.seats[0]))
        done(await office.order(await office.somebody(), office.seats[1]))
        assert (await office.shop.client.get("/readyz")).status_code == 200
        assert held["position"] == await office.head() - 5
