"""Errors: one table, one format, and invalid bodies record nothing."""

import inspect
import json
from collections.abc import AsyncIterator, Iterator
from types import ModuleType

import psycopg
import pytest

from api.http.problems import PROBLEM_BY_ERROR, ProblemCode, mapping_of, problem_of
from application import errors as api_errors
from domain import errors as refusals
from domain.errors import Rejected, SeatsTaken
from domain.layout.validation import LayoutFaults
from domain.values import Role
from eventstore import errors as storing
from tests.api.shop import V1, Shop

LONE_SURROGATE = b'{"name": "\\ud800"}'


@pytest.fixture
def shop_database(module_database: str) -> str:
    """One database for all tests of this module."""
    return module_database


def classes(module: ModuleType, root: type[Exception]) -> Iterator[type[Exception]]:
    """Return the errors that a module defines."""
    for _, found in inspect.getmembers(module, inspect.isclass):
        if issubclass(found, root) and found is not root:
            yield found


class TestTable:
    @pytest.mark.parametrize("refusal", [*classes(refusals, Rejected), LayoutFaults])
    def test_given_a_refusal_then_its_code_is_on_the_closed_list(self, refusal: type[Rejected]) -> None:
        assert refusal.code in set(ProblemCode)

    @pytest.mark.parametrize("error", list(classes(api_errors, api_errors.ApiError)))
    def test_given_an_error_of_the_api_then_it_has_a_row(self, error: type[Exception]) -> None:
        assert error in PROBLEM_BY_ERROR

    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (storing.StoreUnavailable(), 503),
            (storing.Overloaded(), 503),
            (storing.OutcomeUnknown(), 503),
            (storing.VersionConflict(), 503),
            (storing.ClockBehind(), 503),
            (storing.CommandIdReused(), 422),
            (storing.UnknownEvent(), 500),
            (psycopg.errors.UndefinedFunction(), 503),
            (psycopg.errors.ReadOnlySqlTransaction(), 503),
            (psycopg.errors.UniqueViolation(), 500),
            (KeyError(), 500),
        ],
    )
    def test_given_an_error_of_the_store_then_its_status_is(self, error: Exception, status: int) -> None:
        assert mapping_of(error).status == status
        assert ("Retry-After" in problem_of(error).headers) is (status == 503)

    def test_given_details_then_they_are_members(self) -> None:
        said = json.loads(bytes(problem_of(SeatsTaken(["a1", "a2"])).body))
        assert (said["status"], said["code"], said["seats"]) == (409, "seats_taken", ["a1", "a2"])
        assert said["type"] == "urn:seatledger:problem:seats_taken"


class TestBodies:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"garbage",
            b"[]",
            b"null",
            b'"text"',
            b'{"name": NaN}',
            b'{"name": 1e400}',
            b'{"name": Infinity}',
            LONE_SURROGATE,
            b'{"name": "\\u0000"}',
            b'{"name": "a\x00b"}',
            b'{"name": "\xff\xfe"}',
            b'{"\\ud800": 1}',
            b'{"name": "ok", "other": 1}',
            b'{"name": 5}',
            b"[" * 50_000,
            b'{"name": ' * 5_000,
        ],
        ids=lambda body: repr(body[:25]),
    )
    async def test_given_a_body_that_makes_no_sense_then_422_and_no_trace(self, shop: Shop, body: bytes) -> None:
        headers = shop.bearer(await shop.account(Role.ADMIN)) | {"Content-Type": "application/json"}
        head = await shop.engine.store.head()
        answer = await shop.client.post(f"{V1}/organizers", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert await shop.engine.store.head() == head

    async def test_given_another_content_type_then_422(self, shop: Shop) -> None:
        headers = shop.bearer(await shop.account(Role.ADMIN)) | {"Content-Type": "text/plain"}
        answer = await shop.client.post(f"{V1}/organizers", content=b'{"name": "x"}', headers=headers)
        assert answer.status_code == 422

    @pytest.mark.parametrize("announced", [True, False])
    async def test_given_a_body_beyond_the_limit_then_413(self, shop: Shop, announced: bool) -> None:
        async def dripping() -> AsyncIterator[bytes]:
            for _ in range(65):
                yield b" " * 1024

        headers = shop.bearer(await shop.account(Role.ADMIN)) | {"Content-Type": "application/json"}
        content = b" " * (65 * 1024) if announced else dripping()
        answer = await shop.client.post(f"{V1}/organizers", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")

    @pytest.mark.parametrize("query", ["q=%00", "q=a%00b", "%00=1"])
    async def test_given_a_nul_in_the_address_then_422(self, shop: Shop, query: str) -> None:
        headers = shop.bearer(await shop.account(Role.ADMIN))
        assert (await shop.client.get(f"{V1}/accounts?{query}", headers=headers)).status_code == 422

    @pytest.mark.parametrize("text", ["%ED%A0%80", "%FF", "%25", "'; DROP TABLE records.person; --"])
    async def test_given_odd_text_in_the_address_then_it_is_only_text(self, shop: Shop, text: str) -> None:
        headers = shop.bearer(await shop.account(Role.ADMIN))
        answer = await shop.client.get(f"{V1}/accounts?q={text}", headers=headers)
        assert (answer.status_code, answer.json()["items"]) == (200, [])


class TestAddresses:
    @pytest.mark.parametrize("path", ["/nowhere", f"{V1}/nowhere", f"{V1}/me/", "/openapi.json/x"])
    async def test_given_no_such_path_then_a_problem(self, shop: Shop, path: str) -> None:
        answer = await shop.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("DELETE", f"{V1}/organizers", "GET, POST"),
            ("PATCH", f"{V1}/me", "GET"),
            ("POST", "/readyz", "GET"),
            ("OPTIONS", f"{V1}/organizers", "GET, POST"),
        ],
    )
    async def test_given_a_method_the_path_has_not_then_allow_names_all_it_has(
        self, shop: Shop, method: str, path: str, allowed: str
    ) -> None:
        answer = await shop.client.request(method, path)
        assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
        assert answer.json()["code"] == "method_not_allowed"
