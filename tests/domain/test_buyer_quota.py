"""How many seats may one buyer take, and what counts against the limits?"""

from dataclasses import replace
from datetime import timedelta

from domain.buyer_quota import BUYER_QUOTA, BuyerQuotaKept, QuotaShare
from domain.decisions.holding import extend_hold, release_hold
from domain.decisions.refunds.refunding import RequestRefund, approve_refund
from domain.errors import LimitReached, SeatsTaken
from domain.values import Limits
from tests.support.scenario import NOW, Scenario
from tests.support.shop import EXTENSION, HAMLET, HOLD_LASTS, SEATS, hold_command, on_sale, with_hold, with_paid_order

A1, A2, A3 = SEATS[:3]
NONE = Limits(seats_per_order=None, seats_per_buyer=None, live_holds_per_buyer=None)
QUOTA = BUYER_QUOTA.stream("ann", HAMLET)


def shares(scenario: Scenario) -> dict[str, QuotaShare]:
    """Return what counts for ann, by hold."""
    return dict(scenario.on(QUOTA).state().shares)


class TestLimits:
    def test_given_the_buyers_own_seats_and_no_quota_left_then_the_refusal_says_where_they_are(self) -> None:
        given = with_hold(on_sale(limits=Limits(seats_per_buyer=2)), "h1", "ann", A1, A2)
        again = hold_command("h2", "ann", A1, A2)
        given.when(again).then_refused(SeatsTaken, seats=[A1, A2])
        given.when(hold_command("h2", "ann", A3)).then_refused(LimitReached)

    def test_given_more_seats_than_one_order_may_have_then_it_is_refused(self) -> None:
        limited = on_sale(limits=replace(NONE, seats_per_order=2))
        limited.when(hold_command("h1", "ann", A1, A2)).then_accepted()
        three = limited.when(hold_command("h1", "ann", A1, A2, A3))
        three.then_refused(LimitReached, limit="seats_per_order", allowed=2)

    def test_given_seats_in_other_holds_then_they_count_up_to_the_limit_per_buyer(self) -> None:
        given = with_hold(on_sale(limits=replace(NONE, seats_per_buyer=2)), "h1", "ann", A1)
        given.when(hold_command("h2", "ann", A2)).then_accepted()
        given.when(hold_command("h2", "ann", A2, A3)).then_refused(LimitReached, limit="seats_per_buyer", allowed=2)

    def test_given_too_many_live_holds_then_another_is_refused(self) -> None:
        given = with_hold(on_sale(limits=replace(NONE, live_holds_per_buyer=1)), "h1", "ann", A1)
        given.when(hold_command("h2", "ann", A2)).then_refused(LimitReached, limit="live_holds_per_buyer", allowed=1)

    def test_given_another_buyer_then_every_buyer_has_a_quota_of_their_own(self) -> None:
        given = with_hold(on_sale(limits=replace(NONE, seats_per_buyer=1)), "h1", "ann", A1)
        given.when(hold_command("h2", "bob", A2)).then_accepted()

    def test_given_places_of_a_standing_area_then_they_count_as_seats(self) -> None:
        limited = on_sale(limits=replace(NONE, seats_per_buyer=2))
        limited.when(hold_command("h1", "ann", A1, standing=2)).then_refused(LimitReached, limit="seats_per_buyer")

    def test_given_a_paid_order_then_it_counts_for_good_but_is_no_live_hold(self) -> None:
        limits = Limits(seats_per_order=None, seats_per_buyer=2, live_holds_per_buyer=1)
        given, _ = with_paid_order(on_sale(limits=limits), "h1", "ann", A1)
        later = given.later(timedelta(days=1))
        later.when(hold_command("h2", "ann", A2)).then_accepted()
        later.when(hold_command("h2", "ann", A2, A3)).then_refused(LimitReached, limit="seats_per_buyer")

    def test_given_no_limit_then_a_buyer_takes_every_seat(self) -> None:
        on_sale(limits=NONE).when(hold_command("h1", "ann", *SEATS, standing=8)).then_accepted()


class TestShares:
    """The stream of one buyer and performance, event by event."""

    def test_given_a_hold_then_its_seats_count_until_its_deadline(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1, A2)
        assert shares(given) == {"h1": QuotaShare(seats=2, expires_at=NOW + HOLD_LASTS)}

    def test_given_it_is_extended_then_its_seats_count_until_the_new_deadline(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1).given_done(extend_hold, hold="h1", holder="ann", by=EXTENSION)
        assert shares(given) == {"h1": QuotaShare(seats=1, expires_at=NOW + HOLD_LASTS + EXTENSION)}

    def test_given_it_is_paid_then_its_seats_count_without_a_deadline(self) -> None:
        given, order = with_paid_order(on_sale(), "h1", "ann", A1)
        assert given.history[QUOTA][-1] == BuyerQuotaKept(hold="h1", order=order, seats=1)
        assert shares(given) == {"h1": QuotaShare(seats=1, expires_at=None)}

    def test_given_one_of_two_lines_is_refunded_then_the_other_counts_on(self) -> None:
        given, order = with_paid_order(on_sale(), "h1", "ann", A1, A2)
        given = given.given_done(RequestRefund(refund="r1", order=order, account="ann", lines=("1",)))
        given = given.given_done(approve_refund, refund="r1", by="support")
        assert shares(given) == {"h1": QuotaShare(seats=1, expires_at=None)}

    def test_given_it_is_released_then_nothing_counts(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1).given_done(release_hold, hold="h1", holder="ann")
        assert shares(given) == {}
