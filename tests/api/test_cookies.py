"""The shop's cookie among others, and headers that are expensive to parse."""

import ast
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from api.auth.cookies import COOKIE_BYTES_MAX, NAME, cookie_in
from application.errors import HeaderTooLarge
from tests.api.shop import V1, Shop

CHECKOUT = Path(__file__).parents[2]
UNKNOWN = "00000000-0000-7000-8000-000000000000"
TOKEN = "a_-Z9" * 8 + "abc"


@pytest.mark.parametrize(
    "header",
    [
        f"{NAME}={TOKEN}",
        f"other=1; {NAME}={TOKEN}",
        f"other=1;{NAME}={TOKEN}; more=2",
        f'other="\\"; {NAME}={TOKEN}; more="',
    ],
)
def test_given_our_cookie_among_others_then_it_is_found(header: str) -> None:
    assert cookie_in([header]) == TOKEN


@pytest.mark.parametrize(
    "header",
    ["", NAME, f"{NAME}=", f'{NAME}="{TOKEN}"', f"{NAME}={TOKEN}x", f"x{NAME}={TOKEN}", f"{NAME}={TOKEN} ; a=b"],
)
def test_given_anything_else_then_there_is_none(header: str) -> None:
    assert cookie_in([header]) is None


def test_given_several_headers_then_all_are_searched_and_count_together() -> None:
    assert cookie_in(["other=1", f"{NAME}={TOKEN}"]) == TOKEN
    with pytest.raises(HeaderTooLarge):
        cookie_in(["x" * COOKIE_BYTES_MAX, f"{NAME}={TOKEN}"])


@pytest.mark.parametrize(
    ("method", "path"), [("POST", f"{V1}/auth/logout"), ("GET", "/livez"), ("GET", f"{V1}/venues/{UNKNOWN}")]
)
async def test_given_a_quoted_cookie_then_no_route_unquotes_it(shop: Shop, method: str, path: str) -> None:
    header = {"Cookie": f'{NAME}="' + r"\a" * 2_000 + '"'}
    with patch("http.cookies._unquote", side_effect=AssertionError) as unquote:
        answer = await shop.client.request(method, path, headers=header)
    assert answer.status_code < 500
    unquote.assert_not_called()


async def test_given_cookies_beyond_the_limit_then_the_answer_says_which_header(shop: Shop) -> None:
    answer = await shop.client.post(f"{V1}/auth/refresh", headers={"Cookie": f'{NAME}="' + r"\a" * 3_000 + '"'})
    assert (answer.status_code, answer.json()["code"]) == (431, "header_too_large")
    assert "Cookie" in answer.json()["detail"]


def cookies_read(path: Path) -> Iterator[int]:
    """Yield the lines that read the framework's parsed cookies."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr == "cookies":
            yield node.lineno


def test_no_program_reads_parsed_cookies() -> None:
    sources = [path for folder in ("api", "adapters", "runtime", "ui") for path in (CHECKOUT / folder).rglob("*.py")]
    assert sources
    assert {str(path): lines for path in sources if (lines := list(cookies_read(path)))} == {}
