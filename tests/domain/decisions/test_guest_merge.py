"""What becomes of a guest's holds, orders and quota when the guest logs in?"""

from typing import Any

import pytest

from domain.account import ACCOUNT, AccountOpened, GuestMerged, GuestReceived, register, require_unmerged
from domain.buyer_quota import (
    BUYER_QUOTA,
    BuyerQuota,
    BuyerQuotaExtended,
    BuyerQuotaMoved,
    BuyerQuotaReceived,
    BuyerQuotaReturned,
    BuyerQuotaTaken,
)
from domain.decision import DecisionContext
from domain.decisions.holding import expire_hold, extend_hold, release_hold, require_own_hold
from domain.decisions.merging import (
    GUESTS_PER_ACCOUNT_MAX,
    PERFORMANCES_PER_MERGE_MAX,
    SHARES_PER_MERGE_MAX,
    MergeGuest,
)
from domain.decisions.ordering import PlaceOrder, cancel_order, order_hold, require_visible_order
from domain.decisions.refunds.refunding import RequestRefund, approve_refund
from domain.decisions.settling import settle
from domain.errors import GuestHasLoggedIn, Invalid, LimitReached, NotFound, OwnDecision, SeatsTaken
from domain.ticket import TicketIssued
from domain.values import Limits, OrderCancelReason
from eventstore.store import EVENTS_PER_COMMAND_MAX
from tests.support.scenario import Scenario
from tests.support.shop import (
    EXTENSION,
    HAMLET,
    HOLD_LASTS,
    PRICE,
    SEATS,
    hold_command,
    on_sale,
    with_capture,
    with_hold,
    with_order,
    with_paid_order,
)

A1, A2, A3, B1 = SEATS[:4]
GUEST, ANN, BOB = "guest", "ann", "bob"
MERGE = MergeGuest(guest=GUEST, account=ANN, performances=(HAMLET,))
NOTHING_HELD = MergeGuest(guest=GUEST, account=ANN)
EXTENDING: dict[str, Any] = {"hold": "h1", "by": EXTENSION}


def with_accounts(**different: Any) -> Scenario:
    """Return a performance on sale, a guest and two accounts."""
    return (
        on_sale(**different)
        .given(ACCOUNT.stream(GUEST), AccountOpened(guest=True))
        .given(ACCOUNT.stream(ANN), AccountOpened(guest=False))
        .given(ACCOUNT.stream(BOB), AccountOpened(guest=False))
    )


def with_merge(scenario: Scenario) -> Scenario:
    """Let the guest log in to ann's account."""
    return scenario.given_done(MERGE)


def quota(scenario: Scenario, account: str) -> dict[str, int]:
    """Return what counts for an account, by hold."""

    def view(context: DecisionContext) -> BuyerQuota:
        return context.read(BUYER_QUOTA, account, HAMLET)

    return {hold: share.seats for hold, share in scenario.state(view).shares.items()}


class TestMergeGuest:
    def test_given_a_hold_then_accounts_and_quota_record_it(self) -> None:
        given = with_hold(with_accounts(), "h1", GUEST, A1, A2)
        given.when(MERGE).then(
            GuestMerged(into=ANN),
            GuestReceived(guest=GUEST),
            BuyerQuotaMoved(into=ANN),
            BuyerQuotaReceived(guest=GUEST, hold="h1", seats=2, expires_at=given.now + HOLD_LASTS),
        )

    def test_given_the_same_again_then_nothing(self) -> None:
        with_merge(with_hold(with_accounts(), "h1", GUEST, A1)).when(MERGE).then_nothing()

    def test_given_a_hold_that_was_held_at_the_same_moment_then_its_quota_moves_afterwards(self) -> None:
        given = with_hold(with_accounts().given_done(NOTHING_HELD), "h1", GUEST, A1)
        assert quota(with_merge(given), ANN) == {"h1": 1}
        assert quota(with_merge(given), GUEST) == {}

    def test_given_more_holds_than_one_command_takes_then_they_move_step_by_step(self) -> None:
        holds = {f"h{number}": 1 for number in range(2 * SHARES_PER_MERGE_MAX + 1)}
        until = on_sale().now + HOLD_LASTS
        taken = [BuyerQuotaTaken(hold=hold, seats=1, expires_at=until) for hold in holds]
        given = with_accounts().given(BUYER_QUOTA.stream(GUEST, HAMLET), *taken)
        while moved := given.when(MERGE).events():
            assert len(moved) <= EVENTS_PER_COMMAND_MAX
            given = given.given_done(MERGE)
        assert quota(given, ANN) == holds
        assert quota(given, GUEST) == {}

    def test_given_another_account_then_it_is_refused(self) -> None:
        given = with_merge(with_hold(with_accounts(), "h1", GUEST, A1))
        given.when(MergeGuest(guest=GUEST, account=BOB)).then_refused(GuestHasLoggedIn)

    def test_given_no_guest_or_no_account_then_it_is_refused(self) -> None:
        with_accounts().when(MergeGuest(guest=BOB, account=ANN)).then_refused(Invalid)
        with_accounts().when(MergeGuest(guest=GUEST, account=GUEST)).then_refused(Invalid)
        with_accounts().when(MergeGuest(guest="none", account=ANN)).then_refused(NotFound)
        with_accounts().when(MergeGuest(guest=GUEST, account="none")).then_refused(NotFound)

    def test_given_an_account_that_received_as_many_guests_as_it_may_then_it_is_refused(self) -> None:
        received = [GuestReceived(guest=f"guest {number}") for number in range(GUESTS_PER_ACCOUNT_MAX)]
        with_accounts().given(ACCOUNT.stream(ANN), *received).when(NOTHING_HELD).then_refused(Invalid)

    def test_given_more_performances_than_one_command_takes_then_it_is_refused(self) -> None:
        many = tuple(str(number) for number in range(PERFORMANCES_PER_MERGE_MAX + 1))
        with_accounts().when(MergeGuest(guest=GUEST, account=ANN, performances=many)).then_refused(Invalid)

    def test_given_a_guest_that_registered_then_it_is_refused(self) -> None:
        with_accounts().given_done(register, GUEST).when(MERGE).then_refused(Invalid)

    def test_given_a_guest_that_logged_in_then_it_cannot_register_or_act(self) -> None:
        given = with_accounts().given_done(NOTHING_HELD)
        given.when(register, GUEST).then_refused(GuestHasLoggedIn)
        with pytest.raises(GuestHasLoggedIn):
            given.state(require_unmerged, GUEST)
        with_accounts().state(require_unmerged, GUEST)


class TestLimits:
    def test_given_both_had_seats_then_both_count_and_none_is_lost(self) -> None:
        limits = Limits(seats_per_order=None, seats_per_buyer=3, live_holds_per_buyer=None)
        given = with_hold(with_hold(with_accounts(limits=limits), "h1", GUEST, A1, A2), "h2", ANN, A3)
        given.when(hold_command("h3", ANN, B1)).events()
        after = with_merge(given)
        assert quota(after, ANN) == {"h1": 2, "h2": 1}
        after.when(hold_command("h3", ANN, B1)).then_refused(LimitReached, limit="seats_per_buyer")

    def test_given_more_than_the_limit_together_then_what_was_held_can_be_paid(self) -> None:
        limits = Limits(seats_per_order=None, seats_per_buyer=2, live_holds_per_buyer=1)
        given = with_hold(with_hold(with_accounts(limits=limits), "h1", GUEST, A1, A2), "h2", ANN, A3)
        given, order = with_order(with_merge(given), "h1", ANN)
        given, payment = with_capture(given, order, ANN, amount=2 * PRICE)
        after = given.given_done(settle, payment=payment)
        assert quota(after, ANN) == {"h1": 2, "h2": 1}

    def test_given_the_hold_ends_then_the_accounts_quota_comes_back(self) -> None:
        given = with_merge(with_hold(with_accounts(), "h1", GUEST, A1))
        back = BuyerQuotaReturned(hold="h1", seats=1)
        given.when(release_hold, hold="h1", holder=ANN).then_on(BUYER_QUOTA.stream(ANN, HAMLET), back)
        given.later(HOLD_LASTS).when(expire_hold, hold="h1").then_on(BUYER_QUOTA.stream(ANN, HAMLET), back)


class TestQuotaThatHasNotMovedYet:
    """The guest held a hold at the moment of the login, and the account ordered it before its quota moved."""

    def given(self) -> tuple[Scenario, str]:
        return with_order(with_hold(with_accounts(), "h1", GUEST, A1, A2).given_done(NOTHING_HELD), "h1", ANN)

    def test_given_the_order_then_it_counts_for_the_account(self) -> None:
        given, _ = self.given()
        for scenario in (given, with_merge(given)):
            assert (quota(scenario, GUEST), quota(scenario, ANN)) == ({}, {"h1": 2})

    def test_given_the_order_ends_then_its_share_comes_back(self) -> None:
        given, order = self.given()
        reason = OrderCancelReason.BUYER
        assert quota(given.given_done(cancel_order, order=order, account=ANN, reason=reason), ANN) == {}
        assert quota(given.later(HOLD_LASTS).given_done(expire_hold, hold="h1"), ANN) == {}

    def test_given_it_is_extended_then_its_share_counts_as_long(self) -> None:
        given, _ = self.given()
        until = given.now + HOLD_LASTS + EXTENSION
        result = given.when(extend_hold, holder=ANN, **EXTENDING)
        result.then_on(BUYER_QUOTA.stream(ANN, HAMLET), BuyerQuotaExtended(hold="h1", expires_at=until))

    def test_given_it_is_paid_then_it_counts_for_good_and_is_returned_with_a_refund(self) -> None:
        given, order = self.given()
        given, payment = with_capture(given, order, ANN, amount=2 * PRICE)
        given = given.given_done(settle, payment=payment)
        assert (quota(given, GUEST), quota(given, ANN)) == ({}, {"h1": 2})
        given = given.given_done(RequestRefund(refund="r", order=order, account=ANN, lines=("1",)))
        assert quota(given.given_done(approve_refund, refund="r", by=BOB), ANN) == {"h1": 1}


class TestHoldOfAGuest:
    def test_given_the_guest_logged_in_then_the_hold_is_the_accounts(self) -> None:
        given = with_merge(with_hold(with_accounts(), "h1", GUEST, A1))
        assert given.state(require_own_hold, "h1", ANN).holder == GUEST
        given.when(extend_hold, holder=BOB, **EXTENDING).then_refused(NotFound)
        assert quota(given.given_done(extend_hold, holder=ANN, **EXTENDING), ANN) == {"h1": 1}

    def test_given_its_seats_are_asked_for_again_then_the_refusal_says_where_they_are(self) -> None:
        own = {"seat": A1, "hold": "h1", "order": None}
        given = with_merge(with_hold(with_accounts(), "h1", GUEST, A1))
        given.when(hold_command("h2", ANN, A1)).then_refused(SeatsTaken, own=[own])
        given.when(hold_command("h2", BOB, A1)).then_refused(SeatsTaken, own=None)
        given, order = with_paid_order(with_accounts(), "h1", GUEST, A1)
        sold = {"seat": A1, "hold": None, "order": order}
        given.when(hold_command("h2", ANN, A1)).then_refused(SeatsTaken, own=None)
        with_merge(given).when(hold_command("h2", ANN, A1)).then_refused(SeatsTaken, own=[sold])

    def test_given_another_account_then_it_is_not_found_before_and_after(self) -> None:
        given = with_hold(with_accounts(), "h1", GUEST, A1)
        for scenario in (given, with_merge(given)):
            command = PlaceOrder(order="o", account=BOB, contact=None)
            scenario.when(order_hold, command, hold="h1").then_refused(NotFound)
        given.when(release_hold, hold="h1", holder=ANN).then_refused(NotFound)


class TestOrderOfAGuest:
    def test_given_it_is_paid_after_the_login_then_the_tickets_are_the_accounts(self) -> None:
        given, order = with_order(with_hold(with_accounts(), "h1", GUEST, A1), "h1", GUEST)
        given, payment = with_capture(given, order, GUEST, amount=PRICE)
        result = with_merge(given).when(settle, payment=payment)
        (issued,) = [event for event in result.events() if isinstance(event, TicketIssued)]
        assert issued.account == ANN

    def test_given_it_waits_then_the_account_can_cancel_it(self) -> None:
        given, order = with_order(with_hold(with_accounts(), "h1", GUEST, A1), "h1", GUEST)
        reason = OrderCancelReason.BUYER
        given.when(cancel_order, order=order, account=ANN, reason=reason).then_refused(NotFound)
        assert with_merge(given).when(cancel_order, order=order, account=ANN, reason=reason).events()

    def test_given_it_is_paid_then_the_account_can_have_it_refunded_but_not_decide(self) -> None:
        given, order = with_paid_order(with_accounts(), "h1", GUEST, A1)
        given = with_merge(given)
        assert given.state(require_visible_order, order, ANN).account == GUEST
        asked = given.given_done(RequestRefund(refund="r1", order=order, account=ANN))
        asked.when(approve_refund, refund="r1", by=ANN).then_refused(OwnDecision)
        after = asked.given_done(approve_refund, refund="r1", by="support")
        assert quota(after, ANN) == {}
