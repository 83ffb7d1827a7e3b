"""Ann's order of two seats, its payment and refunds, and the provider's books, for scenarios about money."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from uuid_utils.compat import uuid7

from domain.decisions.disputes.dispute_exceptions import DisputeReport
from domain.decisions.disputes.disputing import lose_dispute, open_dispute, win_dispute
from domain.decisions.paying import OpenPayment, require_payment
from domain.decisions.reconciling import DISPUTE_KINDS, entry_exception_id, reconcile_entry
from domain.decisions.refunds.refunding import RequestRefund, approve_refund
from domain.decisions.refunds.transfers import fail_refund, submit_refund
from domain.decisions.settling import settle
from domain.money_exception import EXCEPTION, ExceptionKind, ExceptionOpened
from domain.order import ORDER, PlacedOrder
from domain.payment import RequestedPayment
from domain.ports.payment_gateway import LedgerEntry, LedgerEntryKind
from domain.refund import REFUND_ATTEMPTS_MAX, transfer_reference
from tests.support.scenario import NOW, Result, Scenario
from tests.support.shop import PRICE, SEATS, on_sale, with_capture, with_hold, with_order

TOTAL = 2 * PRICE
CAPTURE, REFUND_ENTRY = LedgerEntryKind.CAPTURE, LedgerEntryKind.REFUND
STEPS = {"opened": open_dispute, "won": win_dispute, "lost": lose_dispute}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderScenario:
    """A scenario, and the order, payment and refund in it; every method returns another."""

    scenario: Scenario
    order: str
    payment: str = ""
    refund: str = ""

    def payment_requested(self) -> "OrderScenario":
        """Request a payment."""
        command = OpenPayment(payment=str(uuid7()), order=self.order, account="ann", provider="sandbox")
        return replace(self, scenario=self.scenario.given_done(command), payment=command.payment)

    def paid(self, amount: int = TOTAL, currency: str = "EUR") -> "OrderScenario":
        """Capture and decide the payment."""
        scenario, payment = with_capture(self.scenario, self.order, "ann", amount=amount, currency=currency)
        return replace(self, scenario=scenario.given_done(settle, payment=payment), payment=payment)

    def refund_requested(self, *lines: str) -> "OrderScenario":
        """Request a refund of lines, for ann."""
        command = RequestRefund(refund=str(uuid7()), order=self.order, account="ann", lines=lines or None)
        return replace(self, scenario=self.scenario.given_done(command), refund=command.refund)

    def refund_approved(self, *lines: str) -> "OrderScenario":
        """Request a refund of lines and approve it, by support."""
        asked = self.refund_requested(*lines)
        return replace(asked, scenario=asked.scenario.given_done(approve_refund, refund=asked.refund, by="sue"))

    def refund_submitted(self, *lines: str) -> "OrderScenario":
        """Approve a refund of lines and submit its transfer."""
        approved = self.refund_approved(*lines)
        return replace(approved, scenario=approved.scenario.given_done(submit_refund, refund=approved.refund))

    def refund_failed(self) -> "OrderScenario":
        """Approve a refund of all lines and fail its every transfer."""
        money = self.refund_approved()
        scenario = money.scenario
        for attempt in range(1, REFUND_ATTEMPTS_MAX + 1):
            scenario = scenario.given_done(submit_refund, refund=money.refund)
            reference = transfer_reference(money.refund, attempt)
            scenario = scenario.given_done(fail_refund, reference=reference, reason="account_closed")
        return replace(money, scenario=scenario)

    def when_disputed(self, step: str, at: int, **different: Any) -> Result:
        """Report a step of a dispute, `at` minutes after the beginning."""
        return self.scenario.when(STEPS[step], dispute_report(self.payment, at, **different))

    def disputed(self, step: str, at: int, **different: Any) -> "OrderScenario":
        """Return the case after a step of a dispute."""
        return replace(
            self, scenario=self.scenario.given_done(STEPS[step], dispute_report(self.payment, at, **different))
        )

    def when_reconciled(self, found: LedgerEntry) -> Result:
        """Reconcile an entry of the provider's ledger."""
        return self.scenario.when(reconcile_entry, found, provider="sandbox", provider_refund="re_1")

    def reconciled(self, found: LedgerEntry) -> "OrderScenario":
        """Return the case after an entry of the provider's ledger."""
        scenario = self.scenario.given_done(reconcile_entry, found, provider="sandbox", provider_refund="re_1")
        return replace(self, scenario=scenario)

    def payment_state(self) -> RequestedPayment:
        """Return the state of the payment."""
        return self.scenario.state(partial(require_payment, payment=self.payment))

    def order_state(self) -> PlacedOrder:
        """Return the state of the order."""
        state = self.scenario.state(lambda context: context.read(ORDER, self.order))
        assert isinstance(state, PlacedOrder)
        return state


def an_order(**different: Any) -> OrderScenario:
    """Return ann's order of two seats; `different` fields of the performance's announcement."""
    scenario, order = with_order(with_hold(on_sale(**different), "h1", "ann", *SEATS[:2]), "h1", "ann")
    return OrderScenario(scenario=scenario, order=order)


def when_refund_requested(case: OrderScenario, *lines: str) -> Result:
    """Request a refund of lines, for ann; none: of all."""
    command = RequestRefund(refund="r1", order=case.order, account="ann", lines=lines or None)
    return case.scenario.when(command)


def ledger_entry(kind: LedgerEntryKind, reference: str, number: int = 1, **different: Any) -> LedgerEntry:
    """Return an entry of the provider's ledger, recorded `number` minutes after the beginning."""
    fields: dict[str, Any] = {
        "entry": number,
        "kind": kind,
        "reference": reference,
        "checkout_id": "co_1",
        "amount": TOTAL,
        "currency": "EUR",
        "recorded_at": at_minute(number),
        "dispute_id": "dp_1" if kind in DISPUTE_KINDS else None,
    }
    return LedgerEntry(**{**fields, **different})


def dispute_report(payment: str, at: int, **different: Any) -> DisputeReport:
    """Return a step of a dispute of the whole payment."""
    fields: dict[str, Any] = {
        "dispute": "dp_1",
        "amount": TOTAL,
        "currency": "EUR",
        "at": at_minute(at),
        "source": "webhook",
    }
    return DisputeReport(payment=payment, **{**fields, **different})


def at_minute(number: int) -> datetime:
    """Return a time of the provider's."""
    return NOW + timedelta(minutes=number)


def opened_exceptions(result: Result) -> list[ExceptionOpened]:
    """Return the exceptions that a decision opened."""
    return [event for event in result.events() if isinstance(event, ExceptionOpened)]


def exception_kinds(result: Result) -> list[ExceptionKind]:
    """Return the kinds of the exceptions that a decision opened; each has an owner."""
    found = opened_exceptions(result)
    assert all(each.owner for each in found)
    return [each.kind for each in found]


def only_exception_id(money: OrderScenario) -> str:
    """Return the id of the only exception in a scenario."""
    (name,) = [stream for stream in money.scenario.history if stream.startswith(f"{EXCEPTION.prefix}-")]
    return name.removeprefix(f"{EXCEPTION.prefix}-")


def exception_id(found: LedgerEntry) -> str:
    """Return the id of the exception of an entry."""
    return entry_exception_id(found, "sandbox")
