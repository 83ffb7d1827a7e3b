"""Disputes of captured money: opened, won or lost, as the provider's webhooks and books say, in any order and twice.

Facts are ordered by the provider's time: one that is older than what is known changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.books import Books, Changes, merged
from domain.errors import Invalid, PaymentDisputed
from domain.money_exception import EXCEPTIONS_OWNER, ExceptionKind, ExceptionOpened, exception_opened_events
from domain.order import ORDER, PlacedOrder
from domain.paying import existing
from domain.payment import (
    PAYMENT,
    Dispute,
    DisputeLost,
    DisputeOpened,
    DisputeStatus,
    DisputeWon,
    PaymentOutcome,
    RequestedPayment,
)
from domain.ticket import TICKET, IssuedTicket, TicketDisputed, TicketDisputeWon
from domain.values import derived_id


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeFact:
    """What the provider says about a payment's dispute, at the provider's time `at`; `source`: webhook or books."""

    payment: str
    amount: int
    currency: str
    at: datetime
    source: str


def open_dispute(books: Books, fact: DisputeFact) -> Changes:
    """Record that a dispute began: its money is not refunded any more, and its tickets are marked.

    Raises:
        NotFound, Invalid (no positive amount).
    """
    payment = require_disputable(books, fact)
    if is_older(payment, fact):
        return {}
    if payment.dispute is not None and payment.dispute.status is DisputeStatus.OPEN:
        return {} if is_about(payment.dispute, fact) else other_dispute_events(books, payment, fact)
    return merged(
        {PAYMENT.stream(fact.payment): [opened_event(payment, fact)]},
        tickets_marked(books, fact.payment, payment, disputed=True),
        misfit_events(books, payment, fact),
    )


def win_dispute(books: Books, fact: DisputeFact) -> Changes:
    """Record that the bank decided for the shop; money that had been lost is back.

    Where another sum comes back than was lost, nothing does by itself: support owns the difference.

    Raises:
        NotFound, Invalid (no positive amount).
    """
    payment = require_disputable(books, fact)
    if payment.dispute is not None and (payment.dispute.status is DisputeStatus.WON or is_older(payment, fact)):
        return {}
    if is_lost(payment) and not is_about(payment.dispute, fact):
        return other_dispute_events(books, payment, fact)
    recovered = recovered_amount(payment)
    won = DisputeWon(
        order=payment.order,
        organizer=payment.organizer,
        performance=payment.performance,
        recovered=recovered,
        currency=own_currency(payment),
        decided_at=fact.at,
        source=fact.source,
    )
    return merged(
        {PAYMENT.stream(fact.payment): [*implied_opening(payment, fact), won]},
        tickets_marked(books, fact.payment, payment, disputed=False),
        undecided_again(books, payment, fact, recovered),
    )


def lose_dispute(books: Books, fact: DisputeFact) -> Changes:
    """Record that the bank decided for the buyer: the money is gone, and support owns the loss.

    A newer loss of another sum is another dispute's.

    Raises:
        NotFound, Invalid (no positive amount).
    """
    payment = require_disputable(books, fact)
    if is_older(payment, fact) or (is_lost(payment) and is_about(payment.dispute, fact)):
        return {}
    lost = DisputeLost(
        order=payment.order,
        organizer=payment.organizer,
        performance=payment.performance,
        amount=fact.amount,
        currency=fact.currency,
        decided_at=fact.at,
        source=fact.source,
    )
    return merged(
        {PAYMENT.stream(fact.payment): [*implied_opening(payment, fact), lost]},
        tickets_marked(books, fact.payment, payment, disputed=True),
        loss_events(books, payment, fact),
    )


def require_disputable(books: Books, fact: DisputeFact) -> RequestedPayment:
    """Read the payment of a dispute.

    Raises:
        NotFound: no such payment.
        Invalid: the amount is not positive.
    """
    if fact.amount <= 0:
        raise Invalid("A dispute is about a positive amount.")
    return existing(books, fact.payment)


def is_older(payment: RequestedPayment, fact: DisputeFact) -> bool:
    """Return whether a fact is not newer than what is known of the payment's dispute."""
    dispute = payment.dispute
    if dispute is None:
        return False
    return fact.at < dispute.since if dispute.status is DisputeStatus.OPEN else fact.at <= dispute.since


def is_lost(payment: RequestedPayment) -> bool:
    """Return whether the payment's latest dispute was lost."""
    return payment.dispute is not None and payment.dispute.status is DisputeStatus.LOST


def is_about(dispute: Dispute | None, fact: DisputeFact) -> bool:
    """Return whether a fact is about the sum of a dispute; two disputes of a payment are told apart by their sums."""
    return dispute is not None and (dispute.amount, dispute.currency) == (fact.amount, fact.currency)


def own_currency(payment: RequestedPayment) -> str:
    """Return the currency in which the payment came in, or was asked for."""
    return payment.captured_currency or payment.currency


def opened_event(payment: RequestedPayment, fact: DisputeFact) -> DisputeOpened:
    """Return the event of a dispute's beginning."""
    return DisputeOpened(
        order=payment.order,
        organizer=payment.organizer,
        performance=payment.performance,
        amount=fact.amount,
        currency=fact.currency,
        opened_at=fact.at,
        source=fact.source,
    )


def implied_opening(payment: RequestedPayment, fact: DisputeFact) -> Sequence[DisputeOpened]:
    """Return the opening of a dispute whose end is known first."""
    known = payment.dispute
    return (opened_event(payment, fact),) if known is None or known.status is DisputeStatus.LOST else ()


def recovered_amount(payment: RequestedPayment) -> int:
    """Return what the latest dispute had lost, in the payment's own currency."""
    match payment.dispute:
        case Dispute(status=DisputeStatus.LOST, currency=currency, amount=amount) if currency == own_currency(payment):
            return amount
        case _:
            return 0


def tickets_marked(books: Books, payment_id: str, payment: RequestedPayment, *, disputed: bool) -> Changes:
    """Mark the valid tickets that the payment paid for, or take the mark away."""
    order = books.read(ORDER, payment.order)
    if not isinstance(order, PlacedOrder) or order.paid_by != payment_id:
        return {}
    names = [ticket for line, ticket in order.tickets.items() if line not in order.cancelled_lines]
    tickets = books.read_each(TICKET, [(name,) for name in names])
    event = TicketDisputed(payment=payment_id) if disputed else TicketDisputeWon(payment=payment_id)
    return {
        TICKET.stream(name): [event]
        for name, ticket in zip(names, tickets, strict=True)
        if isinstance(ticket, IssuedTicket) and not ticket.void and ticket.disputed != disputed
    }


def misfit_events(books: Books, payment: RequestedPayment, fact: DisputeFact) -> Changes:
    """Open an exception where a dispute is about more than was captured, or about another currency."""
    claimed = payment.captured or payment.amount
    if fact.currency == own_currency(payment) and fact.amount <= claimed:
        return {}
    return other_dispute_events(books, payment, fact)


def other_dispute_events(books: Books, payment: RequestedPayment, fact: DisputeFact) -> Changes:
    """Open an exception about a step of a dispute that does not fit what is known of the payment."""
    kind = ExceptionKind.OTHER_DISPUTE
    return exception_about(books, payment, fact, kind, amount=fact.amount, currency=fact.currency)


def loss_events(books: Books, payment: RequestedPayment, fact: DisputeFact) -> Changes:
    """Open the exceptions of a lost dispute: the loss, and what was refunded besides."""
    loss = exception_about(books, payment, fact, ExceptionKind.DISPUTE_LOST, amount=fact.amount, currency=fact.currency)
    order = books.read(ORDER, payment.order)
    if not isinstance(order, PlacedOrder) or fact.currency != own_currency(payment):
        return loss
    before = overdrawn(payment, order, fact.payment, payment.lost)
    beyond = overdrawn(payment, order, fact.payment, payment.lost + fact.amount) - before
    if beyond <= 0:
        return loss
    kind = ExceptionKind.REFUNDED_AND_DISPUTED
    return merged(loss, exception_about(books, payment, fact, kind, amount=beyond, currency=fact.currency))


def overdrawn(payment: RequestedPayment, order: PlacedOrder, payment_id: str, lost: int) -> int:
    """Return by how much more money left than came in, in minor units."""
    return max(0, order.gone_back(payment_id) + lost - (payment.captured or payment.amount))


def undecided_again(books: Books, payment: RequestedPayment, fact: DisputeFact, recovered: int) -> Changes:
    """Open an exception for money that came back and had led to nothing while it was lost."""
    if payment.outcome is not PaymentOutcome.EXCEPTION or not recovered:
        return {}
    kind = ExceptionKind.UNDECIDED_CAPTURE
    currency = own_currency(payment)
    return exception_about(books, payment, fact, kind, amount=recovered, currency=currency, refundable=recovered)


def exception_about(
    books: Books,
    payment: RequestedPayment,
    fact: DisputeFact,
    kind: ExceptionKind,
    *,
    amount: int,
    currency: str,
    refundable: int = 0,
) -> Changes:
    """Open an exception about a disputed payment, once for each kind and time."""
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
    return exception_opened_events(books, derived_id(fact.payment, kind, fact.at.isoformat()), opened)


def require_undisputed(books: Books, order: PlacedOrder, *, amount: int, refund: str | None = None) -> None:
    """Refuse to send money back that is disputed, or lost to a dispute; `refund`: the one that it is about.

    Raises:
        PaymentDisputed: a dispute is open, or too little of the money is left.
    """
    payment_id = order.paid_by
    payment = books.read(PAYMENT, payment_id) if payment_id and amount > 0 else None
    if payment_id is None or not isinstance(payment, RequestedPayment) or not payment.disputed:
        return
    if not has_money_left(payment, order, payment_id, amount=amount, refund=refund):
        raise PaymentDisputed("The buyer's bank disputes this payment or took it back; its money cannot be refunded.")


def has_money_left(
    payment: RequestedPayment, order: PlacedOrder, payment_id: str, *, amount: int, refund: str | None
) -> bool:
    """Return whether a disputed payment still holds an amount beside the other refunds and what is lost."""
    dispute = payment.dispute
    if dispute is None or dispute.status is DisputeStatus.WON:
        return True
    if dispute.status is DisputeStatus.OPEN or dispute.currency != own_currency(payment):
        return False
    return amount <= money_left(payment, order, payment_id, refund=refund)


def money_left(payment: RequestedPayment, order: PlacedOrder, payment_id: str, *, refund: str | None) -> int:
    """Return what a payment holds beside the other refunds and what is lost, in minor units."""
    return payment.captured - payment.lost - order.spoken_for(payment_id, besides=refund)


def disputed_tickets(payment_id: str, payment: RequestedPayment, tickets: Sequence[str]) -> dict[str, list[Any]]:
    """Mark the tickets that a disputed payment has just paid for."""
    if not payment.disputed:
        return {}
    return {TICKET.stream(ticket): [TicketDisputed(payment=payment_id)] for ticket in tickets}
