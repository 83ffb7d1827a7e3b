"""When may a performance be deleted?"""

from domain.decisions.performance_deletion import (
    close_performance_for_deletion,
    finish_performance_deletion,
    give_up_performance_deletion,
)
from domain.errors import NotFound, NotOnSale
from domain.performance import PerformanceArchived, PerformanceClosedForDeletion, PerformanceReopened
from tests.support.shop import HAMLET, SEATS, hold_command, on_sale

CLOSED = on_sale().given_done(close_performance_for_deletion, HAMLET)


class TestDeletePerformance:
    def test_given_it_is_closed_then_nothing_sells_and_closing_again_records_nothing(self) -> None:
        on_sale().when(close_performance_for_deletion, HAMLET).then(PerformanceClosedForDeletion())
        CLOSED.when(hold_command("h1", "ann", SEATS[0])).then_refused(NotOnSale)
        CLOSED.when(close_performance_for_deletion, HAMLET).then_nothing()

    def test_given_nothing_was_booked_then_it_is_gone(self) -> None:
        finished = CLOSED.when(finish_performance_deletion, HAMLET, closing=1, in_use=False)
        finished.then(PerformanceArchived())
        gone = CLOSED.given_done(finish_performance_deletion, HAMLET, closing=1, in_use=False)
        gone.when(hold_command("h1", "ann", SEATS[0])).then_refused(NotFound)

    def test_given_a_booking_then_it_sells_on(self) -> None:
        finished = CLOSED.when(finish_performance_deletion, HAMLET, closing=1, in_use=True)
        finished.then(PerformanceReopened())
        open_again = CLOSED.given_done(finish_performance_deletion, HAMLET, closing=1, in_use=True)
        assert open_again.when(hold_command("h1", "ann", SEATS[0])).events()

    def test_given_it_was_given_up_meanwhile_then_what_was_learned_counts_for_nothing(self) -> None:
        CLOSED.when(give_up_performance_deletion, HAMLET).then(PerformanceReopened())
        again = CLOSED.given_done(give_up_performance_deletion, HAMLET)
        again.when(give_up_performance_deletion, HAMLET).then_nothing()
        again.when(finish_performance_deletion, HAMLET, closing=1, in_use=False).then_nothing()
        twice = again.given_done(close_performance_for_deletion, HAMLET)
        twice.when(finish_performance_deletion, HAMLET, closing=1, in_use=False).then_nothing()

    def test_given_no_such_performance_then_there_is_nothing_to_give_up_and_nothing_to_close(self) -> None:
        on_sale().when(give_up_performance_deletion, "none").then_nothing()
        on_sale().when(close_performance_for_deletion, "none").then_refused(NotFound)
