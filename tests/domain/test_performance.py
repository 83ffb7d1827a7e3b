"""When is a performance on sale, and which of its rules may change?"""

from datetime import timedelta

import pytest

from domain.decisions.scheduling import (
    CHANGES_AFTER_START_MAX,
    PRICES_PER_PERFORMANCE_MAX,
    ChangePerformance,
    EntryRulesChange,
    cancel,
)
from domain.errors import Invalid, NotFound, NotOnSale, PerformanceIsCancelled, PerformanceStarted
from domain.event import EVENT, EventArchived, EventClosedForDeletion, EventCreated, EventDetails
from domain.performance import (
    PERFORMANCE,
    EntryRulesChanged,
    LimitsChanged,
    PricesChanged,
    SalesClosed,
    SalesPaused,
    SalesResumed,
    SalesState,
)
from domain.performance import PerformanceCancelled as Cancelled
from domain.values import AMOUNT_MAX, EntryRules, Limits, PerformanceCancelReason, Price
from tests.support.scenario import NOW, Scenario
from tests.support.shop import GLOBE, HAMLET, INVENTORY, SEATS, SHOW, STARTS_AT, hold_command, on_sale

DEMANDING = EntryRules(registered_devices=True)
CHANGE = EntryRulesChange(registered_devices=True)
RULES = ChangePerformance(performance=HAMLET, entry_rules=CHANGE)
HOLD = hold_command("h1", "ann", SEATS[0])
performance = on_sale().on(PERFORMANCE.stream(HAMLET))


def sales(state: SalesState) -> ChangePerformance:
    """Return the command that opens, pauses or closes sales."""
    return ChangePerformance(performance=HAMLET, sales=state)


def prices(*amounts: Price) -> ChangePerformance:
    """Return the command that changes the prices."""
    return ChangePerformance(performance=HAMLET, prices=amounts)


class TestOnSale:
    def test_given_a_published_event_and_open_sales_then_it_sells(self) -> None:
        performance.scenario.when(HOLD).then_accepted()

    def test_given_a_draft_event_then_nothing_sells(self) -> None:
        created = EventCreated(organizer=GLOBE, venue="venue", details=EventDetails(title="Hamlet"))
        (scheduled,) = on_sale().history[PERFORMANCE.stream(HAMLET)]
        draft = Scenario(inventory=INVENTORY).given(EVENT.stream(SHOW), created)
        draft.given(PERFORMANCE.stream(HAMLET), scheduled).when(HOLD).then_refused(NotOnSale)

    def test_given_an_event_that_is_being_deleted_then_nothing_sells(self) -> None:
        on_sale().given(EVENT.stream(SHOW), EventClosedForDeletion()).when(HOLD).then_refused(NotOnSale)

    def test_given_a_deleted_event_then_it_is_not_found(self) -> None:
        gone = on_sale().given(EVENT.stream(SHOW), EventClosedForDeletion(), EventArchived())
        gone.when(HOLD).then_refused(NotFound)

    def test_given_sales_that_open_later_then_it_sells_from_that_instant_on(self) -> None:
        opens = NOW + timedelta(hours=1)
        waiting = on_sale(on_sale_at=opens)
        waiting.at(opens - timedelta(microseconds=1)).when(HOLD).then_refused(NotOnSale, on_sale_at=opens)
        waiting.at(opens).when(HOLD).then_accepted()

    def test_given_the_start_then_nothing_sells_from_that_instant_on(self) -> None:
        on_sale().at(STARTS_AT - timedelta(microseconds=1)).when(HOLD).then_accepted()
        on_sale().at(STARTS_AT).when(HOLD).then_refused(NotOnSale)

    @pytest.mark.parametrize("stopped", [SalesPaused(), SalesClosed()], ids=["paused", "closed"])
    def test_given_sales_that_staff_stopped_then_nothing_sells_until_staff_resumes_them(
        self, stopped: SalesPaused | SalesClosed
    ) -> None:
        performance.given(stopped).when(HOLD).then_refused(NotOnSale)
        performance.given(stopped, SalesResumed()).scenario.when(HOLD).then_accepted()

    def test_given_a_cancelled_performance_then_nothing_sells(self) -> None:
        cancelled = Cancelled(reason=PerformanceCancelReason.ILLNESS)
        performance.given(cancelled).when(HOLD).then_refused(PerformanceIsCancelled)

    def test_given_no_such_performance_then_it_is_not_found(self) -> None:
        Scenario(inventory=INVENTORY).when(HOLD).then_refused(NotFound)


class TestChangeSales:
    def test_given_open_sales_then_they_are_paused_resumed_and_closed(self) -> None:
        performance.when(sales(SalesState.PAUSED)).then(SalesPaused())
        performance.given(SalesPaused()).when(sales(SalesState.OPEN)).then(SalesResumed())
        performance.when(sales(SalesState.CLOSED)).then(SalesClosed())

    def test_given_the_same_state_then_nothing(self) -> None:
        performance.when(sales(SalesState.OPEN)).then_nothing()
        performance.given(SalesPaused()).when(sales(SalesState.PAUSED)).then_nothing()


class TestChangePrices:
    def test_given_other_prices_then_they_change_and_the_same_again_record_nothing(self) -> None:
        dearer = Price(category="A", amount=9_000)
        performance.when(prices(dearer)).then(PricesChanged(prices=(dearer,)))
        performance.given(PricesChanged(prices=(dearer,))).when(prices(dearer)).then_nothing()

    @pytest.mark.parametrize(
        "wrong",
        [
            (),
            (Price(category="A", amount=-1),),
            (Price(category="A", amount=AMOUNT_MAX + 1),),
            (Price(category="A", amount=1), Price(category="A", amount=2)),
            tuple(Price(category=str(number), amount=1) for number in range(PRICES_PER_PERFORMANCE_MAX + 1)),
        ],
        ids=["none", "below zero", "over the cap", "one twice", "too many"],
    )
    def test_given_wrong_prices_then_they_are_refused(self, wrong: tuple[Price, ...]) -> None:
        performance.when(prices(*wrong)).then_refused(Invalid)


class TestChangeEntryRules:
    def test_given_other_rules_then_they_change(self) -> None:
        on_sale().when(RULES).then(EntryRulesChanged(rules=DEMANDING))

    def test_given_one_rule_then_the_others_stay(self) -> None:
        strict = EntryRules(disputed_tickets_admitted=False)
        on_sale(entry_rules=strict).when(RULES).then(
            EntryRulesChanged(rules=EntryRules(registered_devices=True, disputed_tickets_admitted=False))
        )

    def test_given_the_same_rules_then_nothing(self) -> None:
        on_sale(entry_rules=DEMANDING).when(RULES).then_nothing()

    def test_given_it_has_begun_long_ago_then_the_rules_still_change_and_nothing_else_does(self) -> None:
        begun = on_sale().at(STARTS_AT + CHANGES_AFTER_START_MAX)
        begun.when(RULES).then(EntryRulesChanged(rules=DEMANDING))
        later = ChangePerformance(performance=HAMLET, entry_rules=CHANGE, starts_at=STARTS_AT + timedelta(days=30))
        begun.when(later).then_refused(PerformanceStarted)

    def test_given_it_is_cancelled_then_refused(self) -> None:
        cancelled = on_sale().given_done(cancel, performance=HAMLET, reason=PerformanceCancelReason.ILLNESS)
        cancelled.when(RULES).then_refused(PerformanceIsCancelled)


class TestChangeLimits:
    def test_given_one_limit_then_the_others_stay(self) -> None:
        strict = ChangePerformance(performance=HAMLET, limits={"seats_per_buyer": 3, "live_holds_per_buyer": None})
        one = on_sale().given_done(strict)
        looser = ChangePerformance(performance=HAMLET, limits={"seats_per_order": 4})
        limits = Limits(seats_per_order=4, seats_per_buyer=3, live_holds_per_buyer=None)
        one.when(looser).then(LimitsChanged(limits=limits))

    def test_given_the_same_limits_then_nothing(self) -> None:
        limits = ChangePerformance(performance=HAMLET, limits={"seats_per_order": 4})
        on_sale().given_done(limits).when(limits).then_nothing()
