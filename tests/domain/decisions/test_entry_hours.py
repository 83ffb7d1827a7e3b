"""When does a ticket admit?"""

from datetime import datetime, timedelta

import pytest

from domain.decisions.entry import ENTRY_CLOSES_AFTER_START, ENTRY_OPENS_BEFORE_DOORS, ENTRY_OPENS_BEFORE_START
from domain.decisions.scheduling import ChangePerformance
from domain.ticket import RefusalReason
from tests.support.gate import INSTANT, Gate, refusal
from tests.support.scenario import NOW
from tests.support.shop import HAMLET, STARTS_AT


class TestScanTicket:
    @pytest.mark.parametrize(
        ("at", "reason"),
        [
            (STARTS_AT - ENTRY_OPENS_BEFORE_START - INSTANT, RefusalReason.TOO_EARLY),
            (STARTS_AT - ENTRY_OPENS_BEFORE_START, None),
            (STARTS_AT + ENTRY_CLOSES_AFTER_START - INSTANT, None),
            (STARTS_AT + ENTRY_CLOSES_AFTER_START, RefusalReason.TOO_LATE),
        ],
    )
    def test_given_its_bounds_then_the_first_instant_is_in_and_the_last_is_out(
        self, gate: Gate, at: datetime, reason: RefusalReason | None
    ) -> None:
        assert refusal(gate.open.at(at), gate.scan()) is reason

    def test_given_doors_then_the_window_opens_before_them(self) -> None:
        doors = STARTS_AT - timedelta(hours=5)
        gate, opens = Gate(doors_at=doors), doors - ENTRY_OPENS_BEFORE_DOORS
        assert refusal(gate.open.at(opens - INSTANT), gate.scan()) is RefusalReason.TOO_EARLY
        assert refusal(gate.open.at(opens), gate.scan()) is None

    def test_given_an_override_then_it_admits_and_says_what_it_overrode(self, gate: Gate) -> None:
        (entry, _) = gate.open.at(NOW).when(gate.scan(override_window=True)).events()
        assert entry.overrode is RefusalReason.TOO_EARLY

    def test_given_an_override_that_was_not_needed_then_nothing_is_said_of_it(self, gate: Gate) -> None:
        (entry, _) = gate.open.when(gate.scan(override_window=True)).events()
        assert entry.overrode is None

    def test_given_the_performance_moved_then_the_window_moved(self, gate: Gate) -> None:
        later = ChangePerformance(performance=HAMLET, starts_at=STARTS_AT + timedelta(days=1))
        assert refusal(gate.open.given_done(later), gate.scan()) is RefusalReason.TOO_EARLY
