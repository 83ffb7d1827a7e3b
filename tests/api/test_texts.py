"""Names, titles and addresses, as typed by people and attackers."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from api.schemas.fields.texts import Name, ShortText, Text, Title
from api.schemas.orders import Terms
from api.schemas.people import Email
from api.schemas.refunds import ReasonText
from tests.api.shop import V1, Shop

ONE_LINE = [Name, Terms, Title, ShortText]
REFUSED = [
    "a\r\nBcc: b@example.com",
    "a\nb",
    "a\u0085b",
    "line\u2028separator",
    "user\u202egnp.exe",
    "\u2066isolated",
    "bell\x07",
    "nul\0l",
    "",
    " \t ",
    "\u200b",
    "\u200d\u200c",
    "\ufeff \u2060",
    "\u3164",
    "\u2800 \uffa0",
    "\u115f\ufe0f",
]
ACCEPTED = ["Zoë Šk\u00f6ld", "محمد", "\u0915\u094d\u200d\u0937", "👩\u200d👧", "交响音乐会", "!!!"]


class TestOneLine:
    @pytest.mark.parametrize("kind", ONE_LINE)
    @pytest.mark.parametrize("text", REFUSED, ids=ascii)
    def test_given_what_nobody_can_read_then_it_is_refused(self, kind: Any, text: str) -> None:
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(text)

    @pytest.mark.parametrize("kind", ONE_LINE)
    @pytest.mark.parametrize("text", ACCEPTED, ids=ascii)
    def test_given_any_script_then_it_is_kept(self, kind: Any, text: str) -> None:
        assert TypeAdapter(kind).validate_python(text) == text

    def test_given_zero_width_blanks_then_names_that_read_alike_are_alike(self) -> None:
        assert TypeAdapter(Name).validate_python(" An\u200bna\ufeff ") == "Anna"


class TestText:
    def test_given_several_lines_then_they_are_kept(self) -> None:
        assert TypeAdapter(Text).validate_python("One\n\tTwo\r\n") == "One\n\tTwo"

    @pytest.mark.parametrize("kind", [ReasonText, Text])
    @pytest.mark.parametrize("text", ["a\u202eb", "\x1b[31mred", "\u200b\u200b"], ids=ascii)
    def test_given_what_nobody_can_read_then_it_is_refused(self, kind: Any, text: str) -> None:
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(text)


class TestEmail:
    @pytest.mark.parametrize(
        "typed", [" ann@example.com", "ann@example.com ", "\tAnn@Example.com\n", "ann@example.com\u200b"]
    )
    def test_given_blanks_around_an_address_then_it_is_the_same_address(self, typed: str) -> None:
        assert TypeAdapter(Email).validate_python(typed) == "ann@example.com"

    async def test_given_an_account_then_a_blank_after_the_address_signs_in(self, shop: Shop) -> None:
        known = {"email": "blank@example.com", "password": "long-enough-1"}
        registered = await shop.client.post(f"{V1}/auth/register", json={**known, "name": "Blank"})
        assert registered.status_code == 201
        entered = await shop.client.post(f"{V1}/auth/login", json={**known, "email": "blank@example.com "})
        assert entered.status_code == 200
