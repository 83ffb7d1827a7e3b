"""Disputes of captured money: opened, won or lost, as the provider's webhooks and books say, in any order and twice.

A payment may have several, each with the provider's id. The facts of one are ordered by the provider's time: one that
is older than what is known changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.decision import Changes, DecisionContext, merge_changes
from domain.decisions.disputed_money import amount_ended_unpaid, amount_overdrawn, own_currency
from domain.decisions.paying import require_payment
from domain.money_exception import (
    EXCEPTIONS_OWNER,
    ExceptionKind,
    ExceptionOpened,
    exception_opened_events,
    exception_resolved_events,
)
from domain.order import ORDER, PlacedOrder
from domain.payment import (
    PAYMENT,
    Dispute,
    DisputeLost,
    DisputeOpened,
    DisputeStatus,
    DisputeWon,
    PaymentOutcome,
    RequestedPayment,
    overall_status,
)
from domain.provider_facts import require_storable
from domain.ticket import TICKET, IssuedTicket, TicketDisputed, TicketDisputeWon
from domain.values import derived_id

RULE = "win_dispute"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeReport:
    """What the provider says about one dispute of a payment, at the provider's time `at`; `source`: how we know."""

    payment: str
    dispute: str
    amount: int
    currency: str
    at: datetime
    source: str


def open_dispute(context: DecisionContext, fact: DisputeReport) -> Changes:
    """Record that a dispute began: its money is not refunded any more, and its tickets are marked.

    One that was lost stays so until it is won.

    Raises:
        NotFound; Invalid: the sum or its time cannot be recorded.
    """
    payment = require_disputable(context, fact)
    known = payment.disputes.get(fact.dispute)
    if known is not None and (known.status is DisputeStatus.LOST or is_older(known, fact)):
        return {}
    if known is not None and known.status is DisputeStatus.OPEN:
        return {} if is_same_sum(known, fact) else other_dispute_events(context, payment, fact)
    return merge_changes(
        {PAYMENT.stream(fact.payment): [opened_event(payment, fact)]},
        ticket_dispute_events(context, fact.payment, payment, disputed=True),
        mismatch_events(context, payment, fact),
    )


def win_dispute(context: DecisionContext, fact: DisputeReport) -> Changes:
    """Record that the bank decided for the shop; money that had been lost is back.

    Where another sum comes back than was lost, nothing does by itself: support owns the difference.

    Raises:
        NotFound; Invalid: the sum or its time cannot be recorded.
    """
    payment = require_disputable(context, fact)
    known = payment.disputes.get(fact.dispute)
    if known is not None and (known.status is DisputeStatus.WON or is_older(known, fact)):
        return {}
    if known is not None and known.status is DisputeStatus.LOST and not is_same_sum(known, fact):
        return other_dispute_events(context, payment, fact)
    recovered = recovered_amount(payment, known)
    overall = overall_status_with(payment, fact, DisputeStatus.WON)
    won = DisputeWon(
        dispute=fact.dispute,
        order=payment.order,
        organizer=payment.organizer,
        performance=payment.performance,
        recovered=recovered,
        currency=own_currency(payment),
        decided_at=fact.at,
        source=fact.source,
        overall=overall,
    )
    return merge_changes(
        {PAYMENT.stream(fact.payment): [*implied_opening_events(payment, fact), won]},
        ticket_dispute_events(context, fact.payment, payment, disputed=overall is not DisputeStatus.WON),
        recovered_money_events(context, payment, fact, recovered),
        losses_resolved_events(context, fact, known),
    )


def lose_dispute(context: DecisionContext, fact: DisputeReport) -> Changes:
    """Record that the bank decided for the buyer: the money is gone, and support owns the loss.

    A dispute is lost once: where a newer fact says another sum, nothing does by itself, and support owns it.

    Raises:
        NotFound; Invalid: the sum or its time cannot be recorded.
    """
    payment = require_disputable(context, fact)
    known = payment.disputes.get(fact.dispute)
    if known is not None and is_older(known, fact):
        return {}
    if known is not None and known.status is DisputeStatus.LOST:
        return {} if is_same_sum(known, fact) else other_dispute_events(context, payment, fact)
    lost = DisputeLost(
        dispute=fact.dispute,
        order=payment.order,
        organizer=payment.organizer,
        performance=payment.performance,
        amount=fact.amount,
        currency=fact.currency,
        decided_at=fact.at,
        source=fact.source,
        overall=overall_status_with(payment, fact, DisputeStatus.LOST),
    )
    return merge_changes(
        {PAYMENT.stream(fact.payment): [*implied_opening_events(payment, fact), lost]},
        ticket_dispute_events(context, fact.payment, payment, disputed=True),
        loss_events(context, payment, fact),
    )


def require_disputable(context: DecisionContext, fact: DisputeReport) -> RequestedPayment:
    """Read the payment of a dispute.

    Raises:
        NotFound: no such payment.
        Invalid: the sum or its time cannot be recorded.
    """
    require_storable(fact.amount, fact.currency, fact.at)
    return require_payment(context, fact.payment)


def is_older(dispute: Dispute, fact: DisputeReport) -> bool:
    """Return whether a fact is not newer than what is known of its dispute."""
    return fact.at < dispute.since if dispute.status is DisputeStatus.OPEN else fact.at <= dispute.since


def is_same_sum(dispute: Dispute, fact: DisputeReport) -> bool:
    """Return whether a fact is about as much money as its dispute was."""
    return (dispute.amount, dispute.currency) == (fact.amount, fact.currency)


def losses_resolved_events(context: DecisionContext, fact: DisputeReport, dispute: Dispute | None) -> Changes:
    """Close what support still has open about a loss that was won back."""
    if dispute is None or dispute.status is not DisputeStatus.LOST:
        return {}
    of_loss = (ExceptionKind.DISPUTE_LOST, ExceptionKind.REFUNDED_AND_DISPUTED)
    return merge_changes(
        *(exception_resolved_events(context, exception_id(fact, kind, dispute.since), RULE) for kind in of_loss)
    )


def overall_status_with(payment: RequestedPayment, fact: DisputeReport, status: DisputeStatus) -> DisputeStatus:
    """Return what the payment's disputes come to once the one of a fact stands so."""
    step = Dispute(status=status, amount=fact.amount, currency=fact.currency, since=fact.at)
    return overall_status({**payment.disputes, fact.dispute: step}) or status


def opened_event(payment: RequestedPayment, fact: DisputeReport) -> DisputeOpened:
    """Return the event of a dispute's beginning."""
    return DisputeOpened(
        dispute=fact.dispute,
        order=payment.order,
        organizer=payment.organizer,
        performance=payment.performance,
        amount=fact.amount,
        currency=fact.currency,
        opened_at=fact.at,
        source=fact.source,
        overall=DisputeStatus.OPEN,
    )


def implied_opening_events(payment: RequestedPayment, fact: DisputeReport) -> Sequence[DisputeOpened]:
    """Return the opening of a dispute whose end is known first."""
    return () if fact.dispute in payment.disputes else (opened_event(payment, fact),)


def recovered_amount(payment: RequestedPayment, dispute: Dispute | None) -> int:
    """Return what a dispute had lost, in the payment's own currency."""
    match dispute:
        case Dispute(status=DisputeStatus.LOST, currency=currency, amount=amount) if currency == own_currency(payment):
            return amount
        case _:
            return 0


def ticket_dispute_events(
    context: DecisionContext, payment_id: str, payment: RequestedPayment, *, disputed: bool
) -> Changes:
    """Mark the valid tickets that the payment paid for, or take the mark away."""
    order = context.read(ORDER, payment.order)
    if not isinstance(order, PlacedOrder) or order.paid_by != payment_id:
        return {}
    names = [ticket for line, ticket in order.tickets.items() if line not in order.cancelled_lines]
    tickets = context.read_many(TICKET, [(name,) for name in names])
    event = TicketDisputed(payment=payment_id) if disputed else TicketDisputeWon(payment=payment_id)
    return {
        TICKET.stream(name): [event]
        for name, ticket in zip(names, tickets, strict=True)
        if isinstance(ticket, IssuedTicket) and not ticket.void and ticket.disputed != disputed
    }


def mismatch_events(context: DecisionContext, payment: RequestedPayment, fact: DisputeReport) -> Changes:
    """Open an exception where disputes are about more than was captured, or one is about another currency."""
    others = (
        known.amount
        for dispute, known in payment.disputes.items()
        if dispute != fact.dispute and known.status is not DisputeStatus.WON and known.currency == fact.currency
    )
    if fact.currency == own_currency(payment) and fact.amount + sum(others) <= (payment.captured or payment.amount):
        return {}
    return other_dispute_events(context, payment, fact)


def other_dispute_events(context: DecisionContext, payment: RequestedPayment, fact: DisputeReport) -> Changes:
    """Open an exception about a step of a dispute that does not fit what is known of the payment."""
    kind = ExceptionKind.OTHER_DISPUTE
    return dispute_exception_events(context, payment, fact, kind, amount=fact.amount, currency=fact.currency)


def loss_events(context: DecisionContext, payment: RequestedPayment, fact: DisputeReport) -> Changes:
    """Open the exceptions of a lost dispute: the loss, and what was refunded besides."""
    loss = dispute_exception_events(
        context, payment, fact, ExceptionKind.DISPUTE_LOST, amount=fact.amount, currency=fact.currency
    )
    order = context.read(ORDER, payment.order)
    if not isinstance(order, PlacedOrder) or fact.currency != own_currency(payment):
        return loss
    before = amount_overdrawn(payment, order, fact.payment, payment.lost)
    beyond = amount_overdrawn(payment, order, fact.payment, payment.lost + fact.amount) - before
    if beyond <= 0:
        return loss
    kind = ExceptionKind.REFUNDED_AND_DISPUTED
    return merge_changes(
        loss, dispute_exception_events(context, payment, fact, kind, amount=beyond, currency=fact.currency)
    )


def recovered_money_events(
    context: DecisionContext, payment: RequestedPayment, fact: DisputeReport, recovered: int
) -> Changes:
    """Open an exception for money that came back and had led to nothing, or whose lines ended, while it was lost."""
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
    """Open an exception about a disputed payment, once for each kind, dispute and time."""
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
    """Return the id of the exception that a step of a dispute opens, by the provider's time of the step."""
    return derived_id(fact.payment, kind, fact.dispute, at.isoformat())
