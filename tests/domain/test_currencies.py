"""Which currencies are there, and how many decimals has an amount?"""

import pytest

from domain.currencies import DECIMALS, amount_text
from domain.decisions.scheduling import schedule
from domain.errors import Invalid
from tests.support.shop import on_sale, performance_scheduled


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (4500, "EUR", "45.00 EUR"),
        (5, "NOK", "0.05 NOK"),
        (-1, "USD", "-0.01 USD"),
        (4500, "JPY", "4500 JPY"),
        (4500, "KWD", "4.500 KWD"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(amount: int, currency: str, text: str) -> None:
    assert amount_text(amount, currency) == text


def test_a_metal_a_test_code_or_a_withdrawn_currency_is_none() -> None:
    assert not {"XXX", "XTS", "XAU", "XDR", "ZZZ", "DEM", "eur", ""} & DECIMALS.keys()
    assert {len(code) for code in DECIMALS} == {3}


class TestSchedule:
    @pytest.mark.parametrize("currency", ["XXX", "ZZZ", ""])
    def test_given_no_currency_then_it_is_refused(self, currency: str) -> None:
        scheduled = performance_scheduled(currency=currency)
        on_sale().when(schedule, "other", scheduled).then_refused(Invalid, currency=currency)
