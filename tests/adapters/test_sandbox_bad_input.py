"""Invalid requests are refused with a reason, and the ledger is unchanged."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from starlette.routing import Route

from sandbox_provider.cards import CARDS
from sandbox_provider.http import customer_routes, merchant_routes
from tests.adapters.sandbox_process import SandboxProcess, new_reference

RETURN_URL = "http://127.0.0.1:8000/orders/one"


class TestBadInput:
    def body(self, **change: object) -> dict[str, object]:
        return {
            "reference": new_reference(),
            "amount": 9_000,
            "currency": "EUR",
            "expires_at": (datetime.now(UTC) + timedelta(minutes=5)).isoformat(),
            "return_url": RETURN_URL,
            **change,
        }

    def test_the_body_itself_is_fine(self, sandbox: SandboxProcess) -> None:
        assert sandbox.ask("POST", "/checkouts", json=self.body()).status_code == 201

    @pytest.mark.parametrize(
        "change",
        [
            {"amount": 0},
            {"amount": -1},
            {"amount": "9000"},
            {"amount": 1.5},
            {"amount": True},
            {"amount": 100_000_000},
            {"currency": "eur"},
            {"expires_at": "2099-01-01T00:00:00"},
            {"expires_at": "soon"},
            {"reference": ""},
            {"reference": "a b"},
            {"reference": "nul\0"},
            {"reference": "\ud800"},
            {"reference": "x" * 101},
            {"return_url": "javascript:alert(1)"},
            {"return_url": "//elsewhere"},
            {"description": "two\nlines"},
            {"unheard_of": 1},
            {"\ud800": 1},
        ],
    )
    def test_given_a_field_out_of_shape_then_422_and_no_trace(
        self, sandbox: SandboxProcess, change: dict[str, object]
    ) -> None:
        body = self.body(**change)
        answer = sandbox.ask("POST", "/checkouts", content=json.dumps(body))
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_request")
        if "reference" not in change:
            assert sandbox.ask("GET", "/checkouts", params={"reference": body["reference"]}).json() == {"items": []}

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"amount": NaN}', b'{"amount": 1e999}'])
    def test_given_no_json_then_422(self, sandbox: SandboxProcess, body: bytes) -> None:
        for path in ("/checkouts", "/refunds", "/checkouts/co_none/pay"):
            assert sandbox.ask("POST", path, content=body).status_code == 422

    def test_given_too_much_then_413(self, sandbox: SandboxProcess) -> None:
        assert sandbox.ask("POST", "/checkouts", content=b" " * 20_000).status_code == 413

    @pytest.mark.parametrize("query", ["after=-1", "after=x", f"after={2**63}", "limit=0", "limit=101", "page=2"])
    def test_given_a_bad_page_then_422(self, sandbox: SandboxProcess, query: str) -> None:
        assert sandbox.ask("GET", f"/books?{query}").status_code == 422

    def test_given_an_unknown_checkout_then_404(self, sandbox: SandboxProcess) -> None:
        for method, path in (
            ("GET", "/checkouts/co_none"),
            ("GET", "/checkouts/co_none/pay"),
            ("POST", "/checkouts/co_none/expire"),
            ("POST", "/checkouts/co_none/capture-now"),
        ):
            assert sandbox.ask(method, path).status_code == 404
        assert sandbox.ask("POST", "/checkouts/co_none/pay", json={"card": CARDS[0].number}).status_code == 404
        assert sandbox.ask("POST", "/checkouts/co_none/pay", data={"card": CARDS[0].number}).status_code == 404

    def test_given_no_key_then_only_the_customers_pages_answer(self, sandbox: SandboxProcess) -> None:
        public = {(route.path, method) for route in customer_routes.ROUTES for method in methods(route)}
        for route in [*merchant_routes.ROUTES, *customer_routes.ROUTES]:
            path = re.sub(r"\{\w+\}", "none", route.path).removeprefix("/sandbox")
            for method in methods(route):
                for key in (b"", b"Bearer", b"Bearer wrong", b"Bearer \xc3\xa9"):
                    answer = sandbox.ask(method, path, headers={"Authorization": key})
                    assert (answer.status_code == 401) is ((route.path, method) not in public), route.path


def methods(route: Route) -> set[str]:
    return (route.methods or set()) - {"HEAD"}
