"""Registration, login, guests and sessions over HTTP."""

import asyncio
import statistics
import time
from functools import partial

import httpx
import pytest
from passlib.hash import bcrypt
from uuid_utils.compat import uuid7

from api.auth.cookies import DEVICE_NAME as DEVICE
from api.auth.cookies import NAME
from api.auth.login_rate_limit import DELAY_SECONDS_MAX, DELAYED_OF_CLIENT_MAX, FREE_FAILURES
from domain.account import change_roles
from domain.ports.personal_data import Person
from domain.values import Role
from tests.api.shop import V1, Shop

ANN = "ann@example.com"
PASSWORD = "correct horse battery"


@pytest.fixture
def without_delay(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replace sleeping; return the delays."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(shop.engine.login_rate_limit, "_sleep", sleep)
    return slept


async def logged_in(shop: Shop, password: str = PASSWORD) -> httpx.Response:
    """Attempt to log in as Ann."""
    return await shop.client.post(f"{V1}/auth/login", json={"email": ANN, "password": password})


async def refresh_with(shop: Shop, token: str) -> int:
    """Send one refresh token, and return the status."""
    shop.client.cookies.clear()
    answer = await shop.client.post(f"{V1}/auth/refresh", headers={"Cookie": f"{NAME}={token}"})
    return answer.status_code


class TestRegister:
    async def test_given_a_new_address_then_the_account_is_open_and_in(self, shop: Shop) -> None:
        answer = await shop.registered(ANN)
        assert answer.status_code == 201
        token = answer.json()["access_token"]
        me = await shop.client.get(f"{V1}/me", headers={"Authorization": f"Bearer {token}"})
        assert me.json() == {
            "account_id": answer.json()["account_id"],
            "guest": False,
            "email": ANN,
            "name": "Ann Example",
            "roles": ["customer"],
        }

    async def test_given_the_address_in_other_capitals_then_it_is_taken(self, shop: Shop) -> None:
        await shop.registered(ANN)
        answer = await shop.registered("Ann@EXAMPLE.com")
        assert (answer.status_code, answer.json()["code"]) == (409, "already_there")

    async def test_given_ten_at_once_then_one_gets_the_address_and_the_log_one_account(self, shop: Shop) -> None:
        before = await shop.engine.store.head()
        answers = await asyncio.gather(*(shop.registered(ANN) for _ in range(10)))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
        assert await shop.engine.store.head() == before + 1

    async def test_given_tries_at_a_taken_address_then_none_of_them_stops_its_owner(
        self, shop: Shop, without_delay: list[float]
    ) -> None:
        await shop.registered(ANN)
        answers = [await shop.registered(ANN) for _ in range(7)]
        assert [answer.status_code for answer in answers] == [409] * 7
        assert (await logged_in(shop)).status_code == 200

    async def test_given_a_guest_then_it_keeps_its_account(self, shop: Shop) -> None:
        guest = (await shop.client.post(f"{V1}/auth/guest")).json()
        headers = {"Authorization": f"Bearer {guest['access_token']}"}
        body = {"email": ANN, "password": PASSWORD, "name": "Ann"}
        answer = await shop.client.post(f"{V1}/auth/register", json=body, headers=headers)
        assert answer.json()["account_id"] == guest["account_id"]
        login = await shop.client.post(f"{V1}/auth/login", json={"email": ANN, "password": PASSWORD})
        assert login.json()["account_id"] == guest["account_id"]

    async def test_given_a_member_who_is_in_then_it_is_another_account(self, shop: Shop) -> None:
        first = (await shop.registered(ANN)).json()
        headers = {"Authorization": f"Bearer {first['access_token']}"}
        body = {"email": "bob@example.com", "password": PASSWORD, "name": "Bob"}
        second = await shop.client.post(f"{V1}/auth/register", json=body, headers=headers)
        assert second.json()["account_id"] != first["account_id"]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("email", "nobody"),
            ("email", "a@b@c.example"),
            ("email", f"{'a' * 250}@example.com"),
            ("password", "short"),
            ("password", "x" * 129),
            ("name", " "),
            ("name", "x" * 201),
            ("role", "admin"),
        ],
    )
    async def test_given_a_field_that_does_not_do_then_it_is_named_and_not_echoed(
        self, shop: Shop, field: str, value: str
    ) -> None:
        body = {"email": ANN, "password": PASSWORD, "name": "Ann", field: value}
        answer = await shop.client.post(f"{V1}/auth/register", json=body)
        assert answer.status_code == 422
        assert [fault["path"] for fault in answer.json()["faults"]] == [f"body.{field}"]
        assert value.strip() == "" or value not in answer.text


class TestLogIn:
    async def test_given_the_right_password_then_it_is_the_same_account(self, shop: Shop) -> None:
        account = (await shop.registered(ANN)).json()["account_id"]
        answer = await shop.client.post(f"{V1}/auth/login", json={"email": "ANN@example.com", "password": PASSWORD})
        assert answer.status_code == 200
        assert answer.json()["account_id"] == account
        assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("bearer", 600)

    async def test_given_a_wrong_password_and_an_unknown_address_then_nothing_tells_them_apart(
        self, shop: Shop
    ) -> None:
        await shop.registered(ANN)
        seconds: dict[str, list[float]] = {ANN: [], "bob@example.com": []}
        answers = {}
        for _ in range(8):
            for email, times in seconds.items():
                began = time.perf_counter()
                answers[email] = await shop.client.post(
                    f"{V1}/auth/login", json={"email": email, "password": "wrong password"}
                )
                times.append(time.perf_counter() - began)
        known, unknown = answers.values()
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
        assert set(known.headers) == set(unknown.headers)
        medians = [statistics.median(times) for times in seconds.values()]
        assert max(medians) < 2 * min(medians)

    async def test_given_ten_failures_then_the_right_password_still_comes_in(
        self, shop: Shop, without_delay: list[float]
    ) -> None:
        await shop.registered(ANN)
        shop.client.cookies.clear()
        answers = [await logged_in(shop, "wrong password") for _ in range(10)]
        assert [answer.status_code for answer in answers] == [401] * 10
        assert 0 < max(without_delay) <= DELAY_SECONDS_MAX
        assert (await logged_in(shop)).status_code == 200

    async def test_given_failures_at_nobody_s_address_then_others_come_in_from_the_same_client(
        self, shop: Shop, without_delay: list[float]
    ) -> None:
        await shop.registered(ANN)
        wrong = {"email": "nobody@example.com", "password": "wrong password"}
        answers = await asyncio.gather(*(shop.client.post(f"{V1}/auth/login", json=wrong) for _ in range(40)))
        assert {answer.status_code for answer in answers} <= {401, 429, 503}
        assert (await logged_in(shop)).status_code == 200
        assert (await shop.registered("bob@example.com")).status_code == 201

    async def test_given_more_guesses_at_once_than_may_wait_then_they_learn_when_to_retry(
        self, shop: Shop, without_delay: list[float]
    ) -> None:
        await shop.registered(ANN)
        shop.client.cookies.clear()
        answers = await asyncio.gather(*(logged_in(shop, "wrong password") for _ in range(40)))
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(refused) >= 40 - FREE_FAILURES - DELAYED_OF_CLIENT_MAX
        assert {answer.json()["code"] for answer in refused} == {"too_many_attempts"}
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)

    async def test_given_a_login_then_the_device_is_known_for_that_account_alone(self, shop: Shop) -> None:
        answer = await shop.registered(ANN)
        devices, known = shop.engine.devices, answer.cookies[DEVICE]
        assert devices.read(known, ANN)
        assert not devices.read(known, "bob@example.com")
        assert not devices.read(known[:-4] + "AAAA", ANN)
        assert not devices.read(None, ANN)
        assert DEVICE not in (await logged_in(shop)).cookies
        assert (await shop.client.post(f"{V1}/auth/logout")).status_code == 204
        assert shop.client.cookies.get(DEVICE, domain="shop.test") == known

    async def test_given_an_imported_bcrypt_hash_then_it_fits_once_and_is_argon2id_afterwards(self, shop: Shop) -> None:
        account = (await shop.registered(ANN)).json()["account_id"]
        credentials = shop.engine.accounts._credentials
        known = await credentials.find(ANN)
        assert known is not None
        await credentials.replace(known, bcrypt.using(rounds=4).hash("imported password"))
        body = {"email": ANN, "password": "imported password"}
        assert (await shop.client.post(f"{V1}/auth/login", json=body)).json()["account_id"] == account
        upgraded = await credentials.find(ANN)
        assert upgraded is not None
        assert upgraded.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert (await shop.client.post(f"{V1}/auth/login", json=body)).status_code == 200

    async def test_given_a_registration_that_was_cut_off_then_the_login_completes_it(self, shop: Shop) -> None:
        await shop.registered(ANN)
        credentials, people = shop.engine.accounts._credentials, shop.engine.people
        known = await credentials.find(ANN)
        assert known is not None
        halfway = str(uuid7())
        await people.register(Person(account=halfway, email="bob@example.com", name="Bob"), known.password_hash)
        answer = await shop.client.post(f"{V1}/auth/login", json={"email": "bob@example.com", "password": PASSWORD})
        assert answer.json()["account_id"] == halfway
        assert len(await shop.engine.store.read_stream(f"account-{halfway}")) == 1


class TestRefresh:
    async def test_given_a_session_then_each_token_is_good_once(self, shop: Shop) -> None:
        entry = await shop.registered(ANN)
        first = entry.cookies[NAME]
        answer = await shop.client.post(f"{V1}/auth/refresh")
        assert answer.status_code == 200
        assert answer.json()["account_id"] == entry.json()["account_id"]
        assert answer.cookies[NAME] != first

    async def test_given_a_used_token_then_the_whole_session_ends(self, shop: Shop) -> None:
        first = (await shop.registered(ANN)).cookies[NAME]
        second = (await shop.client.post(f"{V1}/auth/refresh")).cookies[NAME]
        assert await refresh_with(shop, first) == 401
        assert await refresh_with(shop, second) == 401

    async def test_given_a_used_token_then_other_sessions_go_on(self, shop: Shop) -> None:
        first = (await shop.registered(ANN)).cookies[NAME]
        shop.client.cookies.clear()
        login = await shop.client.post(f"{V1}/auth/login", json={"email": ANN, "password": PASSWORD})
        assert await refresh_with(shop, first) == 200
        assert await refresh_with(shop, first) == 401
        assert await refresh_with(shop, login.cookies[NAME]) == 200

    async def test_given_twins_at_once_then_one_gets_through_and_the_session_ends(self, shop: Shop) -> None:
        token = (await shop.registered(ANN)).cookies[NAME]
        answers = await asyncio.gather(*(shop.client.post(f"{V1}/auth/refresh") for _ in range(2)))
        assert sorted(answer.status_code for answer in answers) == [200, 401]
        (successor,) = [answer.cookies[NAME] for answer in answers if answer.status_code == 200]
        assert successor != token
        assert await refresh_with(shop, successor) == 401

    @pytest.mark.parametrize("token", ["", "garbage", "x" * 3_000, f'"{"A" * 43}"', "A" * 44])
    async def test_given_no_token_of_ours_then_nobody_is_recognised(self, shop: Shop, token: str) -> None:
        assert await refresh_with(shop, token) == 401

    async def test_given_a_page_of_another_site_then_it_is_refused_and_the_token_stays_good(self, shop: Shop) -> None:
        token = (await shop.registered(ANN)).cookies[NAME]
        foreign = {"Origin": "https://evil.example", "Cookie": f"{NAME}={token}"}
        shop.client.cookies.clear()
        answer = await shop.client.post(f"{V1}/auth/refresh", headers=foreign)
        assert answer.status_code == 403
        assert await refresh_with(shop, token) == 200

    async def test_given_its_cookie_then_scripts_and_other_sites_never_see_it(self, shop: Shop) -> None:
        cookies = (await shop.registered(ANN)).headers.get_list("set-cookie")
        assert [cookie.partition("=")[0] for cookie in cookies] == [NAME, DEVICE]
        for cookie in cookies:
            assert {"HttpOnly", "Path=/api/v1/auth", "SameSite=strict"} <= set(cookie.split("; "))

    async def test_given_21_sessions_then_the_oldest_has_made_room(self, shop: Shop) -> None:
        first = (await shop.registered(ANN)).cookies[NAME]
        account = (await shop.client.post(f"{V1}/auth/refresh")).json()["account_id"]
        second = shop.client.cookies[NAME]
        for _ in range(20):
            await shop.engine.accounts.open_session(account)
        assert first != second
        assert await refresh_with(shop, second) == 401


class TestLogOut:
    async def test_given_a_session_then_it_ends_and_the_cookie_goes(self, shop: Shop) -> None:
        token = (await shop.registered(ANN)).cookies[NAME]
        answer = await shop.client.post(f"{V1}/auth/logout")
        assert answer.status_code == 204
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert await refresh_with(shop, token) == 401

    async def test_given_no_session_then_nothing_happens(self, shop: Shop) -> None:
        assert (await shop.client.post(f"{V1}/auth/logout")).status_code == 204


class TestRoles:
    async def test_given_a_role_then_it_counts_on_the_next_request_in_every_process(
        self, shop: Shop, second_shop: Shop
    ) -> None:
        account = await shop.account()
        headers = shop.bearer(account)
        assert (await second_shop.client.get(f"{V1}/accounts", headers=headers)).status_code == 403
        await shop.account(Role.ADMIN)
        await shop.command(partial(change_roles, account=account, roles=frozenset({Role.ADMIN})))
        assert (await second_shop.client.get(f"{V1}/accounts", headers=headers)).status_code == 200
        await shop.command(partial(change_roles, account=account, roles=frozenset()))
        assert (await second_shop.client.get(f"{V1}/accounts", headers=headers)).status_code == 403
