"""Disputes of captured money: opened, won or lost, reported by webhooks and the ledger in any order and repeatedly.

A payment may have several disputes, each with the provider's id. The reports about a dispute are ordered by the
provider's time; a report older than the recorded state records nothing.
"""

from collections.abc import Sequence

from domain.decision import Changes, DecisionContext, merge_changes
from domain.decisions.disputes.dispute_exceptions import (
    DisputeReport,
    loss_events,
    losses_resolved_events,
    mismatch_events,
    other_dispute_events,
    recovered_money_events,
)
from domain.decisions.disputes.disputed_money import own_currency
from domain.decisions.paying import require_payment
from domain.dispute import Dispute, DisputeLost, DisputeOpened, DisputeStatus, DisputeWon, overall_status
from domain.order import ORDER, PlacedOrder
from domain.payment import PAYMENT, RequestedPayment
from domain.provider_facts import require_storable
from domain.ticket import TICKET, IssuedTicket, TicketDisputed, TicketDisputeWon


def open_dispute(context: DecisionContext, fact: DisputeReport) -> Changes:
    """Record that a dispute began: its money is not refunded, and its tickets are marked.

    A dispute that was lost stays lost until it is won.

    Raises:
        NotFound: no such payment.
        Invalid: the amount or its time cannot be recorded.
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
    """Record that the bank decided for the shop; money that had been lost is recovered.

    If another amount is recovered than was lost, the dispute is unchanged, and an exception is opened for support.

    Raises:
        NotFound: no such payment.
        Invalid: the amount or its time cannot be recorded.
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
    """Record that the bank decided for the buyer; the money is lost, and an exception is opened for support.

    A dispute is lost once: a later report with another amount opens an exception and leaves the dispute unchanged.

    Raises:
        NotFound: no such payment.
        Invalid: the amount or its time cannot be recorded.
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
    """Return the payment of a dispute.

    Raises:
        NotFound: no such payment.
        Invalid: the amount or its time cannot be recorded.
    """
    require_storable(fact.amount, fact.currency, fact.at)
    return require_payment(context, fact.payment)


def is_older(dispute: Dispute, fact: DisputeReport) -> bool:
    """Return whether a report is not newer than the recorded state of its dispute."""
    return fact.at < dispute.since if dispute.status is DisputeStatus.OPEN else fact.at <= dispute.since


def is_same_sum(dispute: Dispute, fact: DisputeReport) -> bool:
    """Return whether a report has the amount and currency of its dispute."""
    return (dispute.amount, dispute.currency) == (fact.amount, fact.currency)


def overall_status_with(payment: RequestedPayment, fact: DisputeReport, status: DisputeStatus) -> DisputeStatus:
    """Return the status of all disputes of a payment, once the reported one has `status`."""
    step = Dispute(status=status, amount=fact.amount, currency=fact.currency, since=fact.at)
    return overall_status({**payment.disputes, fact.dispute: step}) or status


def opened_event(payment: RequestedPayment, fact: DisputeReport) -> DisputeOpened:
    """Return the event that opens a dispute."""
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
    """Return the opening of a dispute whose outcome is reported first; none if it was recorded."""
    return () if fact.dispute in payment.disputes else (opened_event(payment, fact),)


def recovered_amount(payment: RequestedPayment, dispute: Dispute | None) -> int:
    """Return the amount that a dispute had lost, in minor units of the payment's currency; 0 in another currency."""
    match dispute:
        case Dispute(status=DisputeStatus.LOST, currency=currency, amount=amount) if currency == own_currency(payment):
            return amount
        case _:
            return 0


def ticket_dispute_events(
    context: DecisionContext, payment_id: str, payment: RequestedPayment, *, disputed: bool
) -> Changes:
    """Return the events that mark the valid tickets of the payment as disputed, or remove the mark."""
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
