"""Orders that wait for money, their payments, and what a capture leads to, for scenarios."""

from dataclasses import asdict

from uuid_utils.compat import uuid7

from domain.decisions.paying import OpenPayment, open_checkout
from domain.decisions.scheduling import ChangePerformance
from domain.decisions.settling import settle
from domain.order import OrderConfirmed
from domain.payment import PaymentOutcome, PaymentSettled
from domain.refund import RefundRequested
from domain.values import Limits, RefundReason
from tests.support.scenario import Result, Scenario
from tests.support.shop import HAMLET, PRICE, SEATS, on_sale, with_capture, with_hold, with_order


def pending_order() -> tuple[Scenario, str]:
    """Return ann's order of one seat, and its id."""
    return with_order(with_hold(on_sale(), "hold", "ann", SEATS[0]), "hold", "ann")


def with_payment(scenario: Scenario, order: str) -> tuple[Scenario, str]:
    """Request a payment of an order; return its id, too."""
    payment = str(uuid7())
    command = OpenPayment(payment=payment, order=order, account="ann", provider="sandbox")
    return scenario.given_done(command), payment


def with_checkout(scenario: Scenario, order: str) -> tuple[Scenario, str]:
    """Request a payment and open its checkout; return its id, too."""
    scenario, payment = with_payment(scenario, order)
    return scenario.given_done(open_checkout, payment=payment, checkout="co"), payment


def another_payment(order: str) -> OpenPayment:
    """Return the command that requests one more payment of an order."""
    return OpenPayment(payment="again", order=order, account="ann", provider="sandbox")


def with_limits(scenario: Scenario, limits: Limits) -> Scenario:
    """Change the limits."""
    return scenario.given_done(ChangePerformance(performance=HAMLET, limits=asdict(limits)))


def is_confirmed(result: Result) -> bool:
    """Return whether a decided capture confirmed its order."""
    events = result.events()
    settled = [event for event in events if isinstance(event, PaymentSettled)]
    assert len(settled) == 1
    assert (settled[0].outcome is PaymentOutcome.CONFIRMED) == any(
        isinstance(event, OrderConfirmed) for event in events
    )
    return settled[0].outcome is PaymentOutcome.CONFIRMED


def refund_reason(result: Result) -> RefundReason:
    """Return why the money goes back."""
    (refund,) = [event for event in result.events() if isinstance(event, RefundRequested)]
    return refund.reason


def when_paid(scenario: Scenario, order: str, seats: int) -> Result:
    """Capture the total of an order of so many seats, and decide the capture."""
    scenario, payment = with_capture(scenario, order, "ann", amount=PRICE * seats)
    return scenario.when(settle, payment=payment)
