"""What organizers decide about a performance."""

from datetime import timedelta

from domain.errors import PerformanceCancelled, PerformanceStarted
from domain.performance import EntryRulesChanged
from domain.scheduling import ChangePerformance, call_off, change
from domain.values import CancelReason, EntryRules
from tests.domain.theatre import HAMLET, STARTS_AT, on_sale

DEMANDING = EntryRules(registered_devices=True)
RULES = ChangePerformance(performance=HAMLET, entry_rules=DEMANDING)


class TestChangeEntryRules:
    def test_given_other_rules_then_they_change(self) -> None:
        on_sale().when(change, RULES).then(EntryRulesChanged(rules=DEMANDING))

    def test_given_the_same_rules_then_nothing(self) -> None:
        on_sale(entry_rules=DEMANDING).when(change, RULES).then_nothing()

    def test_given_it_has_begun_then_the_rules_still_change_and_nothing_else_does(self) -> None:
        begun = on_sale().at(STARTS_AT)
        begun.when(change, RULES).then(EntryRulesChanged(rules=DEMANDING))
        later = ChangePerformance(performance=HAMLET, entry_rules=DEMANDING, starts_at=STARTS_AT + timedelta(days=1))
        begun.when(change, later).then_refused(PerformanceStarted)

    def test_given_it_is_cancelled_then_refused(self) -> None:
        cancelled = on_sale().given_done(call_off, performance=HAMLET, reason=CancelReason.ILLNESS)
        cancelled.when(change, RULES).then_refused(PerformanceCancelled)
