"""The exceptions that reports about disputes open and close."""

from dataclasses import dataclass
from datetime import datetime

from domain.decision import Changes, DecisionContext, merge_changes
from domain.decisions.disputes.disputed_money import amount_ended_unpaid, amount_overdrawn, own_currency
from domain.dispute import Dispute, DisputeStatus
from domain.money_exception import (
    EXCEPTIONS_OWNER,
    ExceptionKind,
    ExceptionOpened,
    exception_opened_events,
    exception_resolved_events,
)
from domain.order import ORDER, PlacedOrder
from domain.payment import PaymentOutcome, RequestedPayment
from domain.values import derived_id

RULE = "win_dispute"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeReport:
    """The provider's report about a dispute, at the provider's time `at`; `source`: where the report came from."""

    payment: str
    dispute: str
    amount: int
    currency: str
    at: datetime
    source: str


def losses_resolved_events(context: DecisionContext, fact: DisputeReport, dispute: Dispute | None) -> Changes:
    """Return the events that close the open exceptions about a loss that was recovered."""
    if dispute is None or dispute.status is not DisputeStatus.LOST:
        return {}
    of_loss = (ExceptionKind.DISPUTE_LOST, ExceptionKind.REFUNDED_AND_DISPUTED)
    return merge_changes(
        *(exception_resolved_events(context, exception_id(fact, kind, dispute.since), RULE) for kind in of_loss)
    )


def mismatch_events(context: DecisionContext, payment: RequestedPayment, fact: DisputeReport) -> Changes:
    """Return the events that open an exception if disputes exceed the captured amount or are in another currency."""
    others = (
        known.amount
        for dispute, known in payment.disputes.items()
        if dispute != fact.dispute and known.status is not DisputeStatus.WON and known.currency == fact.currency
    )
    if fact.currency == own_currency(payment) and fact.amount + sum(others) <= (payment.captured or payment.amount):
        return {}
    return other_dispute_events(context, payment, fact)


def other_dispute_events(context: DecisionContext, payment: RequestedPayment, fact: DisputeReport) -> Changes:
    """Return the events that open an exception about a report that contradicts the payment."""
    kind = ExceptionKind.OTHER_DISPUTE
    return dispute_exception_events(context, payment, fact, kind, amount=fact.amount, currency=fact.currency)


def loss_events(context: DecisionContext, payment: RequestedPayment, fact: DisputeReport) -> Changes:
    """Return the events that open the exceptions of a lost dispute: the loss, and money refunded in addition."""
    loss = dispute_exception_events(
        context, payment, fact, ExceptionKind.DISPUTE_LOST, amount=fact.amount, currency=fact.currency
    )
    order = context.read(ORDER, payment.order)
    if not isinstance(order, PlacedOrder) or fact.currency != own_currency(payment):
        return loss
    before = amount_overdrawn(payment, order, fact.payment, payment.lost)
    excess = amount_overdrawn(payment, order, fact.payment, payment.lost + fact.amount) - before
    if excess <= 0:
        return loss
    kind = ExceptionKind.REFUNDED_AND_DISPUTED
    return merge_changes(
        loss, dispute_exception_events(context, payment, fact, kind, amount=excess, currency=fact.currency)
    )


def recovered_money_events(
    context: DecisionContext, payment: RequestedPayment, fact: DisputeReport, recovered: int
) -> Changes:
    """Return the events that open an exception for recovered money that pays for nothing; none if there is none.

    That is all of it if the capture was an exception, else the price of the lines cancelled while it was lost.
    """
    undecided = recovered
    if payment.outcome is not PaymentOutcome.EXCEPTION:
        order = context.read(ORDER, payment.order)
        owed = amount_ended_unpaid(order, fact.payment) if isinstance(order, PlacedOrder) else 0
        undecided = min(recovered, owed)
    if undecided <= 0:
        return {}
    kind = ExceptionKind.UNDECIDED_CAPTURE
    currency = own_currency(payment)
    return dispute_exception_events(
        context, payment, fact, kind, amount=undecided, currency=currency, refundable=undecided
    )


def dispute_exception_events(
    context: DecisionContext,
    payment: RequestedPayment,
    fact: DisputeReport,
    kind: ExceptionKind,
    *,
    amount: int,
    currency: str,
    refundable: int = 0,
) -> Changes:
    """Return the events that open an exception about a dispute, once per kind, dispute and provider's time."""
    opened = ExceptionOpened(
        kind=kind,
        owner=EXCEPTIONS_OWNER,
        provider=payment.provider,
        amount=amount,
        currency=currency,
        refundable=refundable,
        order=payment.order,
        payment=fact.payment,
        account=payment.account,
        organizer=payment.organizer,
        performance=payment.performance,
    )
    return exception_opened_events(context, exception_id(fact, kind, fact.at), opened)


def exception_id(fact: DisputeReport, kind: ExceptionKind, at: datetime) -> str:
    """Return the id of the exception that a report about a dispute opens; it depends on the provider's time."""
    return derived_id(fact.payment, kind, fact.dispute, at.isoformat())
