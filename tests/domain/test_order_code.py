"""How is an order code read that a person typed?"""

import pytest

from domain.values import order_code, order_code_in

CODE = order_code("an order")


class TestOrderCodeIn:
    @pytest.mark.parametrize(
        "typed",
        [CODE, CODE.lower(), f" {CODE[:5]} {CODE[5:]} ", f"#{CODE[:4]}-{CODE[4:]}"],
        ids=["as written", "small", "in groups", "with a sign"],
    )
    def test_given_a_spelling_of_it_then_it_is_the_code(self, typed: str) -> None:
        assert order_code_in(typed) == CODE

    def test_given_letters_that_look_like_digits_then_they_are_read_as_those(self) -> None:
        assert order_code_in("OIL0123456") == "0110123456"

    @pytest.mark.parametrize("typed", ["", CODE[:-1], CODE + "0", "U123456789", "%_23456789"])
    def test_given_anything_else_then_it_is_none(self, typed: str) -> None:
        assert order_code_in(typed) is None
