"""Which decisions about money take two accounts?"""

from domain.decisions.refunds.four_eyes import FourEyesLimits
from domain.decisions.resolving_exceptions import ResolveException, exception_refund_id
from domain.errors import OwnDecision
from domain.money_exception import ExceptionClosed, ExceptionResolutionProposed
from tests.support.money_exceptions import (
    ACCEPT,
    BELOW,
    REFUND_IT,
    RETRY,
    WHY,
    WRITE_OFF,
    is_failure,
    stray_capture,
    when_resolved,
    with_failed_transfers,
    with_resolution,
    wrong_currency_capture,
)
from tests.support.paid_order import only_exception_id


class TestFourEyesLimits:
    def test_a_limit_is_of_its_currency(self) -> None:
        limits = FourEyesLimits(amount_max=100, by_currency={"JPY": 15_000})
        assert limits.second_needed(101, "EUR")
        assert not limits.second_needed(15_000, "JPY")
        assert not FourEyesLimits().second_needed(10**9, "EUR")


class TestRequireUninvolved:
    def test_given_the_owner_of_the_order_then_the_owner_does_not_decide(self) -> None:
        when_resolved(wrong_currency_capture(), ACCEPT, by="ann").then_refused(OwnDecision)

    def test_given_the_account_that_asked_for_the_refund_then_it_does_not_decide(self) -> None:
        case = with_resolution(stray_capture(), REFUND_IT, by="sue")
        case = with_failed_transfers(case, exception_refund_id(only_exception_id(stray_capture())))
        (name,) = [stream for stream in case.scenario.history if is_failure(case, stream)]
        exception = name.removeprefix("exception-")
        for resolution in (RETRY, ACCEPT, WRITE_OFF):
            by_sue = ResolveException(exception=exception, resolution=resolution, reason=WHY, by="sue")
            case.scenario.when(by_sue).then_refused(OwnDecision)


class TestResolveException:
    """Refunds have the same rule: `test_refund_approval.py`."""

    def test_given_an_amount_above_the_limit_then_the_first_only_proposes(self) -> None:
        proposed = ExceptionResolutionProposed(resolution=ACCEPT, reason=WHY, by="sue")
        when_resolved(stray_capture(), ACCEPT, limits=BELOW).then(proposed)

    def test_given_the_same_account_again_then_nothing(self) -> None:
        when_resolved(with_resolution(stray_capture(), ACCEPT, limits=BELOW), ACCEPT, limits=BELOW).then_nothing()

    def test_given_a_second_account_that_agrees_then_it_is_closed(self) -> None:
        case = with_resolution(stray_capture(), ACCEPT, limits=BELOW)
        closed = ExceptionClosed(resolution=ACCEPT, by="tom", reason=WHY, proposed_by="sue")
        when_resolved(case, ACCEPT, by="tom", limits=BELOW).then(closed)

    def test_given_a_second_account_that_wants_another_end_then_that_is_proposed(self) -> None:
        case = with_resolution(stray_capture(), ACCEPT, limits=BELOW)
        proposed = ExceptionResolutionProposed(resolution=WRITE_OFF, reason=WHY, by="tom")
        when_resolved(case, WRITE_OFF, by="tom", limits=BELOW).then(proposed)
        when_resolved(
            with_resolution(case, WRITE_OFF, by="tom", limits=BELOW), WRITE_OFF, by="tom", limits=BELOW
        ).then_nothing()

    def test_given_only_a_proposal_then_no_money_moves(self) -> None:
        result = when_resolved(stray_capture(), REFUND_IT, limits=BELOW)
        assert not any(stream.startswith("refund-") for stream in result.changes)
