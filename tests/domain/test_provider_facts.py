"""Which sums, currencies and times of a provider can be recorded?"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from domain.decisions.disputes.dispute_exceptions import DisputeReport
from domain.decisions.disputes.disputing import lose_dispute, open_dispute, win_dispute
from domain.decisions.paying import capture
from domain.errors import Invalid
from domain.money_exception import ExceptionKind
from domain.ports.payment_gateway import LedgerEntryKind
from domain.provider_facts import AMOUNT_STORED_MAX
from tests.support.paid_order import an_order, exception_kinds, ledger_entry

FAR = timedelta(hours=14)
ODD: list[dict[str, Any]] = [
    {"amount": 0},
    {"amount": -1},
    {"amount": AMOUNT_STORED_MAX + 1},
    {"amount": 2**63},
    {"currency": "eur"},
    {"currency": "EU\0"},
    {"at": datetime(1, 1, 1, tzinfo=timezone(FAR))},
    {"at": datetime(9999, 12, 31, 23, tzinfo=timezone(-FAR))},
]
GOOD: dict[str, Any] = {"amount": AMOUNT_STORED_MAX, "currency": "EUR", "at": datetime(2026, 3, 1, tzinfo=UTC)}


@pytest.mark.parametrize("odd", ODD, ids=repr)
class TestWhatCannotBeRecorded:
    def test_of_a_capture_it_is_refused(self, odd: dict[str, Any]) -> None:
        given = an_order().payment_requested()
        fact = {**GOOD, **odd}
        at = fact.pop("at")
        result = given.scenario.when(capture, payment=given.payment, captured_at=at, source="books", **fact)
        result.then_refused(Invalid)

    def test_of_a_dispute_it_is_refused(self, odd: dict[str, Any]) -> None:
        given = an_order().paid()
        fact = DisputeReport(payment=given.payment, dispute="dp_1", source="webhook", **{**GOOD, **odd})
        for decide in (open_dispute, win_dispute, lose_dispute):
            given.scenario.when(decide, fact).then_refused(Invalid)

    def test_in_the_books_it_is_an_exception(self, odd: dict[str, Any]) -> None:
        named = {"recorded_at" if name == "at" else name: value for name, value in {**GOOD, **odd}.items()}
        given = an_order().paid()
        result = given.when_reconciled(ledger_entry(LedgerEntryKind.CAPTURE, given.payment, **named))
        assert exception_kinds(result) == [ExceptionKind.UNREADABLE_ENTRY]


def test_given_the_largest_sum_then_it_is_recorded() -> None:
    given = an_order().payment_requested()
    fact = {**GOOD, "captured_at": GOOD["at"]}
    del fact["at"]
    (recorded,) = given.scenario.when(capture, payment=given.payment, source="books", **fact).events()
    assert recorded.amount == AMOUNT_STORED_MAX
