"""The tour: which performance it tells of, in a shop where people have been busy."""

import pytest

from runtime.tour.people import Json
from runtime.tour.story import is_on_sale


@pytest.mark.parametrize(
    ("sales", "amounts", "told"),
    [
        ("open", [4500, 2000], True),
        ("open", [4500, 0], False),
        ("paused", [4500], False),
        ("not_open_yet", [4500], False),
    ],
)
def test_given_a_performance_then_it_is_told_of_if_it_sells_for_money(
    sales: str, amounts: list[int], *, told: bool
) -> None:
    prices = [{"price": {"amount": amount, "currency": "EUR"}} for amount in amounts]
    performance: Json = {"sales": sales, "prices": prices}
    assert is_on_sale(performance) is told
