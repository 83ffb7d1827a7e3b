"""When may a performance be announced, and until when may it move?"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.decisions.scheduling import (
    CHANGES_AFTER_START_MAX,
    DOORS_BEFORE_START_MAX,
    ChangePerformance,
    cancel,
    schedule,
)
from domain.errors import AlreadyExists, Invalid, NotFound, PerformanceIsCancelled, PerformanceStarted
from domain.performance import PerformanceCancelled as Cancelled
from domain.performance import PerformanceRescheduled
from domain.values import PerformanceCancelReason
from tests.support.scenario import NOW
from tests.support.shop import HAMLET, STARTS_AT, on_sale, performance_scheduled

ANNOUNCED = performance_scheduled(starts_at=NOW + timedelta(seconds=1))


class TestSchedulePerformance:
    @pytest.mark.parametrize("starts_at", [NOW, NOW - timedelta(days=365)], ids=["now", "last year"])
    def test_given_a_start_that_has_passed_then_refused(self, starts_at: datetime) -> None:
        announced = replace(ANNOUNCED, starts_at=starts_at, on_sale_at=starts_at - timedelta(days=30))
        on_sale().when(schedule, "second", announced).then_refused(Invalid)

    def test_given_a_start_that_lies_ahead_then_it_is_announced(self) -> None:
        on_sale().when(schedule, "second", ANNOUNCED).then(ANNOUNCED)

    def test_given_an_id_that_is_taken_then_it_is_refused(self) -> None:
        on_sale().when(schedule, HAMLET, ANNOUNCED).then_refused(AlreadyExists)

    def test_given_no_such_event_then_it_is_not_found(self) -> None:
        on_sale().when(schedule, "second", replace(ANNOUNCED, event="none")).then_refused(NotFound)


def move(**times: Any) -> ChangePerformance:
    return ChangePerformance(performance=HAMLET, **times)


class TestMovePerformance:
    """A performance moves until some hours after its start, and never into the past."""

    @pytest.mark.parametrize("starts_at", [NOW, NOW - timedelta(days=365)], ids=["now", "last year"])
    def test_given_a_new_start_that_has_passed_then_refused(self, starts_at: datetime) -> None:
        sold_for_long = on_sale(on_sale_at=NOW - timedelta(days=800))
        sold_for_long.when(move(starts_at=starts_at)).then_refused(Invalid)

    def test_given_the_start_has_passed_then_it_still_moves_forward_for_a_while(self) -> None:
        new = STARTS_AT + timedelta(days=30)
        moved = PerformanceRescheduled(starts_at=new, doors_at=None, on_sale_at=NOW - timedelta(days=1))
        until = STARTS_AT + CHANGES_AFTER_START_MAX
        on_sale().at(until - timedelta(seconds=1)).when(move(starts_at=new)).then(moved)
        on_sale().at(until).when(move(starts_at=new)).then_refused(PerformanceStarted, changeable_until=until)

    def test_given_a_moved_performance_then_the_hours_count_from_its_new_start(self) -> None:
        new = STARTS_AT + timedelta(days=30)
        moved = on_sale().at(STARTS_AT + timedelta(hours=1)).given_done(move(starts_at=new))
        moved.at(new + timedelta(hours=1)).when(cancel, performance=HAMLET, reason=PerformanceCancelReason.VENUE).then(
            Cancelled(reason=PerformanceCancelReason.VENUE)
        )

    @pytest.mark.parametrize(
        "times",
        [
            {"on_sale_at": STARTS_AT},
            {"doors_at": STARTS_AT + timedelta(minutes=1)},
            {"doors_at": STARTS_AT - DOORS_BEFORE_START_MAX - timedelta(microseconds=1)},
            {"doors_at": STARTS_AT - timedelta(days=365)},
            {"starts_at": STARTS_AT + timedelta(days=365), "doors_at": STARTS_AT},
            {"starts_at": NOW + timedelta(days=1), "on_sale_at": NOW + timedelta(days=2)},
        ],
        ids=[
            "sales at the start",
            "doors after the start",
            "doors days before the start",
            "doors of another year",
            "start moved and doors left behind",
            "start before sales",
        ],
    )
    def test_given_times_in_the_wrong_order_then_refused(self, times: dict[str, datetime]) -> None:
        on_sale().when(move(**times)).then_refused(Invalid)

    def test_given_the_start_has_passed_and_only_doors_move_then_no_start_lies_in_the_past(self) -> None:
        begun = on_sale().at(STARTS_AT + timedelta(minutes=5))
        doors = STARTS_AT - timedelta(hours=1)
        begun.when(move(doors_at=doors)).then(
            PerformanceRescheduled(starts_at=STARTS_AT, doors_at=doors, on_sale_at=NOW - timedelta(days=1))
        )

    @pytest.mark.parametrize("by", [timedelta(days=7), -timedelta(days=7)], ids=["later", "earlier"])
    def test_given_doors_then_they_move_with_the_start(self, by: timedelta) -> None:
        with_doors = on_sale(doors_at=STARTS_AT - timedelta(hours=1))
        with_doors.when(move(starts_at=STARTS_AT + by)).then(
            PerformanceRescheduled(
                starts_at=STARTS_AT + by,
                doors_at=STARTS_AT + by - timedelta(hours=1),
                on_sale_at=NOW - timedelta(days=1),
            )
        )

    def test_given_the_time_of_the_doors_is_taken_away_then_there_is_none(self) -> None:
        with_doors = on_sale(doors_at=STARTS_AT - timedelta(hours=1))
        with_doors.when(move(without_doors_at=True)).then(
            PerformanceRescheduled(starts_at=STARTS_AT, doors_at=None, on_sale_at=NOW - timedelta(days=1))
        )

    def test_given_a_cancelled_performance_then_refused(self) -> None:
        cancelled = on_sale().given_done(cancel, performance=HAMLET, reason=PerformanceCancelReason.WEATHER)
        cancelled.when(move(starts_at=STARTS_AT + timedelta(days=1))).then_refused(PerformanceIsCancelled)
