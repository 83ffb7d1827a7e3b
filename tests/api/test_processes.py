"""Processes over HTTP: status, and retry of failed ones."""

import psycopg
import pytest

from domain.values import Role
from tests.api.http_scenario import Headers, HttpScenario, Json, done, refused

NAME = "settle_payments"
FAIL = """
INSERT INTO records.process (rule, failed_at, error, failed_position, tries, retry_at)
VALUES ('settle_payments', now(), 'KeyError in note (settle_payments.py:31)', 3, 2, now() + interval '1 hour')
"""


@pytest.fixture
async def admin(office: HttpScenario) -> Headers:
    """Headers of an admin."""
    return await office.somebody(Role.ADMIN)


@pytest.fixture
async def failed(shop_database: str) -> None:
    """A process that has failed."""
    async with await psycopg.AsyncConnection.connect(shop_database) as owner:
        await owner.execute(FAIL)


async def shown(office: HttpScenario, admin: Headers) -> Json:
    """Return the status of the process."""
    item: Json
    (item,) = done(await office.get("/processes", admin))["items"]
    return item


@pytest.mark.usefixtures("failed")
class TestProcesses:
    async def test_given_one_that_failed_then_it_is_shown_with_its_error(
        self, office: HttpScenario, admin: Headers
    ) -> None:
        found = await shown(office, admin)
        assert found["state"] == "failed"
        assert found["error"] == "KeyError in note (settle_payments.py:31)"
        assert found["failed_position"] == 3
        assert found["tries"] == 2

    async def test_given_a_retry_then_it_is_recorded_and_its_pause_is_over(
        self, office: HttpScenario, admin: Headers
    ) -> None:
        answer = done(await office.post(f"/processes/{NAME}/retry", admin))
        assert answer["name"] == NAME
        assert (await shown(office, admin))["retry_at"] is None
        again = done(await office.post(f"/processes/{NAME}/retry", admin))
        assert again["position"] == answer["position"] + 1

    async def test_given_no_process_of_that_name_then_404(self, office: HttpScenario, admin: Headers) -> None:
        assert refused(await office.post("/processes/no_such_rule/retry", admin)) == (404, "not_found")

    async def test_given_somebody_who_is_no_admin_then_403(self, office: HttpScenario) -> None:
        assert refused(await office.get("/processes", await office.somebody(Role.SUPPORT))) == (403, "forbidden")

    async def test_operators_see_it_without_signing_in(self, office: HttpScenario) -> None:
        http = office.shop.client
        assert (await http.get("/readyz")).json()["processes"] == {NAME: "failed"}
        assert 'seatledger_process_failed{process="settle_payments"} 1\n' in (await http.get("/metrics")).text


async def test_given_one_that_runs_then_a_retry_is_refused(
    office: HttpScenario, admin: Headers, shop_database: str
) -> None:
    async with await psycopg.AsyncConnection.connect(shop_database) as owner:
        await owner.execute("INSERT INTO records.process (rule) VALUES ('settle_payments')")
    assert refused(await office.post(f"/processes/{NAME}/retry", admin)) == (409, "not_failed")
