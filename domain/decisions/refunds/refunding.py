"""Refunds: requested by the owner or support, decided by support, transferred afterwards.

Money, right to attend, ticket and seat are recorded separately; an approval records the last three at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.buyer_quota import BUYER_QUOTA, quota_of, quota_returned_events
from domain.decision import Changes, DecisionContext, merge_changes
from domain.decisions.disputes.disputed_money import has_money_left, require_undisputed
from domain.decisions.ordering import require_visible_order
from domain.decisions.refunds.eligibility import check_requested_in_time, check_unused, unused_lines
from domain.decisions.refunds.four_eyes import ONE_IS_ENOUGH, FourEyesLimits, require_uninvolved
from domain.decisions.refunds.transfers import (
    complete_refund,
    completion_changes,
    fail_refund,
    order_closing_events,
    require_refund,
    submit_refund,
)
from domain.errors import (
    DisputeSettled,
    Invalid,
    NotConfirmed,
    NothingToRefund,
    RefundDecided,
)
from domain.order import (
    ORDER,
    OrderLinesCancelled,
    OrderStatus,
    PlacedOrder,
    RefundOpened,
    RefundOutcome,
)
from domain.payment import PAYMENT, RequestedPayment
from domain.pricing import refundable_amount
from domain.refund import (
    REFUND,
    RefundApproved,
    RefundEndorsed,
    RefundRejected,
    RefundRequested,
    RefundStatus,
    RequestedRefund,
)
from domain.seat import SEAT, returned_events
from domain.ticket import TICKET, voided_events
from domain.values import Line, RefundReason

__all__ = [
    "RequestRefund",
    "approve_refund",
    "complete_refund",
    "fail_refund",
    "reject_refund",
    "request_refund",
    "require_refund",
    "submit_refund",
]

NOTHING_TO_TRANSFER = "nothing-to-transfer"
NOTHING_LEFT = "These lines are refunded already, or a refund of them is open."


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefund:
    """Request a refund of `lines` (None: all that can be refunded) of an order.

    `account`: the account that must own the order; None: support acts. `by`: the account that requests it, if it is
    not the owner. `reason_text`: the reason in the words of support.
    """

    refund: str
    order: str
    account: str | None
    lines: tuple[str, ...] | None = None
    reason: RefundReason = RefundReason.BUYER_REQUEST
    by: str | None = None
    reason_text: str | None = None


def request_refund(context: DecisionContext, command: RequestRefund) -> Changes:
    """Request a refund; its amount is committed from now on. Its decision has no deadline.

    Lines whose money a lost dispute took are cancelled without a refund if support gives a reason: it frees their
    seats.

    Raises:
        NotFound: no such order of the account.
        Invalid: a line the order does not have.
        NotConfirmed: the order is not confirmed.
        PerformanceStarted: the performance has begun, and the owner asks, or support gives no reason.
        TicketUsed: the ticket of a named line was used, or those of all lines left.
        PaymentDisputed: the money is disputed or lost to a dispute.
        NothingToRefund: the lines are refunded, or have an open refund.
    """
    order = require_visible_order(context, command.order, command.account)
    if order.status is not OrderStatus.CONFIRMED:
        raise NotConfirmed("Only a confirmed order can be refunded.")
    by_owner = command.account is not None
    check_requested_in_time(context, order, by_owner=by_owner, reason_text=command.reason_text)
    lines = requested_lines(context, order, command)
    amount = 0 if ends_without_money(context, order, command, lines) else refundable_amount(lines)
    require_undisputed(context, order, amount=amount)
    requested = to_refund_requested(context, order, command, lines, amount)
    opened = RefundOpened(
        refund=command.refund,
        payment=order.paid_by,
        lines=requested.lines,
        amount=requested.amount,
        currency=order.currency,
    )
    return {REFUND.stream(command.refund): [requested], ORDER.stream(command.order): [opened]}


def ends_without_money(context: DecisionContext, order: PlacedOrder, command: RequestRefund, lines: list[Line]) -> bool:
    """Return whether support cancels lines with a reason although a lost dispute took their money."""
    payment = context.read(PAYMENT, order.paid_by) if order.paid_by else None
    if command.account is not None or command.reason_text is None or order.paid_by is None:
        return False
    if not isinstance(payment, RequestedPayment) or payment.dispute_open:
        return False
    return not has_money_left(payment, order, order.paid_by, amount=refundable_amount(lines), refund=None)


def to_refund_requested(
    context: DecisionContext, order: PlacedOrder, command: RequestRefund, lines: list[Line], amount: int
) -> RefundRequested:
    """Return the event that requests a refund of lines of a confirmed order."""
    payment = context.read(PAYMENT, order.paid_by) if order.paid_by else None
    return RefundRequested(
        order=command.order,
        payment=order.paid_by,
        account=order.account,
        organizer=order.organizer,
        performance=order.performance,
        provider=payment.provider if isinstance(payment, RequestedPayment) else NOTHING_TO_TRANSFER,
        lines=tuple(line.line_id for line in lines),
        amount=amount,
        currency=order.currency,
        reason=command.reason,
        requested_by=command.by or command.account,
        reason_text=command.reason_text,
    )


def requested_lines(context: DecisionContext, order: PlacedOrder, command: RequestRefund) -> list[Line]:
    """Return the lines to refund: those named, or all whose tickets were not used.

    Raises:
        Invalid: no line, one the order does not have, or a duplicate.
        NothingToRefund: a line is refunded, or has an open refund.
        TicketUsed: the ticket of a named line was used, or those of all lines left.
    """
    requested, refundable = command.lines, order.refundable()
    if requested is None:
        if not refundable:
            raise NothingToRefund(NOTHING_LEFT)
        return unused_lines(context, order, refundable, reason_text=command.reason_text)
    known = {line.line_id for line in order.lines}
    if not requested or len(set(requested)) < len(requested) or set(requested) - known:
        raise Invalid("Name lines of this order, each once.", lines=list(requested))
    lines = [line for line in refundable if line.line_id in requested]
    if len(lines) < len(requested):
        refused = sorted(set(requested) - {line.line_id for line in lines})
        raise NothingToRefund(NOTHING_LEFT, lines=refused)
    check_unused(context, order, lines, reason_text=command.reason_text)
    return lines


def order_of(state: RequestedRefund) -> str:
    """Return the order of an undecided refund; only a refund that ends an exception may have none."""
    assert state.order is not None, "a refund without an order is approved when it is opened"
    return state.order


def require_undecided(context: DecisionContext, refund: str, by: str) -> RequestedRefund:
    """Return a refund that awaits its decision, which `by` may make.

    Raises:
        NotFound: no such refund.
        RefundDecided: it was approved or rejected.
        OwnDecision: `by` owns the order or requested the refund.
    """
    state = require_refund(context, refund)
    if state.status is not RefundStatus.REQUESTED:
        raise RefundDecided("The refund is decided already.", refund_status=state.status.value)
    require_uninvolved(context, by, state.account, state.requested_by)
    return state


def approve_refund(
    context: DecisionContext, *, refund: str, by: str, limits: FourEyesLimits = ONE_IS_ENOUGH
) -> Changes:
    """Approve a refund: cancel its lines, void their tickets, free their seats, and give back the quota.

    The time of the request is not checked again. A ticket that was used since prevents the approval. If `limits` ask
    for two accounts, the first approval is recorded as an endorsement.

    Raises:
        NotFound, RefundDecided, OwnDecision, TicketUsed, PaymentDisputed, DisputeSettled.
    """
    state = require_undecided(context, refund, by)
    order_id = order_of(state)
    order = require_visible_order(context, order_id, None)
    lines = [line for line in order.lines if line.line_id in state.lines]
    check_unused(context, order, lines, reason_text=state.reason_text)
    require_undisputed(context, order, amount=state.amount, refund=refund)
    require_still_lost(context, order, state, lines)
    if limits.second_needed(amount_to_refund(order, state, refund), state.currency) and state.endorsed_by in {None, by}:
        return {} if state.endorsed_by else {REFUND.stream(refund): [RefundEndorsed(by=by)]}
    approval: dict[str, list[Any]] = {
        REFUND.stream(refund): [RefundApproved(by=by)],
        ORDER.stream(order_id): [OrderLinesCancelled(lines=state.lines, refund=refund)],
    }
    return merge_changes(
        approval,
        revoke_attendance_events(context, refund, state, order, lines),
        complete_free_refund_events(refund, state),
    )


def require_still_lost(context: DecisionContext, order: PlacedOrder, state: RequestedRefund, lines: list[Line]) -> None:
    """Refuse to cancel lines without a refund once the dispute that had taken their money was won.

    Raises:
        DisputeSettled: the money can be refunded again.
    """
    payment = context.read(PAYMENT, order.paid_by) if order.paid_by else None
    without_money = state.amount == 0 < refundable_amount(lines)
    if without_money and isinstance(payment, RequestedPayment) and not payment.disputed:
        raise DisputeSettled("The dispute was won meanwhile; reject this request and ask for a refund of the money.")


def amount_to_refund(order: PlacedOrder, state: RequestedRefund, refund: str) -> int:
    """Return the sum of this and the order's other refunds of lines, so that splitting a refund avoids no limit."""
    others = (known for name, known in order.refunds.items() if name != refund and known.lines)
    return state.amount + sum(known.amount for known in others if known.outcome is not RefundOutcome.REJECTED)


def revoke_attendance_events(
    context: DecisionContext, refund: str, state: RequestedRefund, order: PlacedOrder, lines: list[Line]
) -> Changes:
    """Return the events that void the tickets, free the seats and give back the quota of lines.

    Seats that another order has bought since, and void tickets, have no events.
    """
    changes: dict[str, Sequence[Any]] = {}
    order_id = order_of(state)
    for line in lines:
        ticket = order.tickets[line.line_id]
        changes[TICKET.stream(ticket)] = voided_events(context.read(TICKET, ticket), order=order_id, refund=refund)
        seat = context.read(SEAT, line.performance, line.place.seat)
        changes[SEAT.stream(line.performance, line.place.seat)] = returned_events(
            seat, order=order_id, ticket=ticket, reason=state.reason
        )
    owner, buyer = quota_of(context, order.account, order.performance)
    changes[BUYER_QUOTA.stream(owner, order.performance)] = quota_returned_events(
        buyer, hold=order.hold, seats=len(lines)
    )
    return {stream: events for stream, events in changes.items() if events}


def complete_free_refund_events(refund: str, state: RequestedRefund) -> Changes:
    """Return the events that complete a refund of amount 0, which needs no transfer; none otherwise."""
    return completion_changes(refund, state, NOTHING_TO_TRANSFER, 0) if state.amount == 0 else {}


def reject_refund(context: DecisionContext, *, refund: str, by: str, reason_text: str | None = None) -> Changes:
    """Reject a refund: the order is unchanged, and the amount is no longer committed.

    Raises:
        NotFound, RefundDecided, OwnDecision.
    """
    state = require_undecided(context, refund, by)
    require_visible_order(context, order_of(state), None)
    return merge_changes(
        {REFUND.stream(refund): [RefundRejected(by=by, reason_text=reason_text)]},
        order_closing_events(refund, state, RefundOutcome.REJECTED),
    )
