"""Carrying a refund out: one transfer after another at the provider, until one succeeds or support owns the refund."""

from domain.decision import Changes, DecisionContext, merge_changes
from domain.decisions.disputed_money import has_money_left
from domain.errors import NotFound, ResolutionNotPossible
from domain.money_exception import (
    EXCEPTIONS_OWNER,
    ExceptionKind,
    ExceptionOpened,
    exception_opened_events,
    exception_resolved_events,
)
from domain.order import ORDER, PlacedOrder, RefundClosed, RefundOutcome
from domain.payment import PAYMENT, RequestedPayment
from domain.refund import (
    REFUND,
    NoRefund,
    RefundClosedManually,
    RefundCompleted,
    RefundFailed,
    RefundRetried,
    RefundStatus,
    RefundSubmitted,
    RequestedRefund,
    transfer_of,
)
from domain.values import derived_id

RULE = "submit_refunds"
LOST_TO_DISPUTE = "lost_to_dispute"
UNKNOWN_PROVIDER = "unknown_provider"
UNFINISHED = frozenset({RefundStatus.APPROVED, RefundStatus.SUBMITTED, RefundStatus.FAILED})


def require_refund(context: DecisionContext, refund: str) -> RequestedRefund:
    """Read a refund that must be there.

    Raises:
        NotFound: never requested.
    """
    state = context.read(REFUND, refund)
    if isinstance(state, NoRefund):
        raise NotFound("There is no such refund.")
    return state


def submit_refund(context: DecisionContext, *, refund: str) -> Changes:
    """Record that the provider is about to be asked, before it is.

    Only a transfer that is known to have failed is followed by another; what support owns waits for support. While the
    money is disputed nothing is sent; once it is lost to the dispute, support owns the refund.
    """
    state = require_refund(context, refund)
    if state.status not in {RefundStatus.APPROVED, RefundStatus.FAILED} or state.owner is not None:
        return {}
    payment = context.read(PAYMENT, state.payment) if state.payment else None
    if isinstance(payment, RequestedPayment) and payment.disputes:
        if payment.dispute_open:
            return {}
        order = context.read(ORDER, payment.order)
        if isinstance(order, PlacedOrder) and not has_money_left(
            payment, order, str(state.payment), amount=state.amount, refund=refund
        ):
            return final_failure_events(context, refund, state, LOST_TO_DISPUTE)
    return {REFUND.stream(refund): [RefundSubmitted(attempt=state.attempts + 1)]}


def complete_refund(context: DecisionContext, *, reference: str, provider_refund: str) -> Changes:
    """Record that the transfer called `reference` gave the money back; once, even if it was believed to have failed."""
    refund, attempt = transfer_of(reference)
    state = require_refund(context, refund)
    if state.status not in UNFINISHED or not 1 <= attempt <= state.attempts:
        return {}
    return completion_events(context, refund, state, attempt=attempt, provider_refund=provider_refund)


def completion_changes(refund: str, state: RequestedRefund, provider_refund: str, attempt: int) -> Changes:
    """Close a refund whose money has gone back."""
    return merge_changes(
        {REFUND.stream(refund): [RefundCompleted(provider_refund=provider_refund, attempt=attempt)]},
        order_closing_events(refund, state, RefundOutcome.COMPLETED),
    )


def order_closing_events(refund: str, state: RequestedRefund, outcome: RefundOutcome) -> Changes:
    """Close a refund on its order, if it has one."""
    return {ORDER.stream(state.order): [RefundClosed(refund=refund, outcome=outcome)]} if state.order else {}


def completion_events(
    context: DecisionContext, refund: str, state: RequestedRefund, *, attempt: int, provider_refund: str
) -> Changes:
    """Complete a refund whose money has gone back.

    It resolves the exception of a refund that had failed, and opens one if the bank took the same money back, too.
    """
    if state.order:
        context.read(ORDER, state.order)
    return merge_changes(
        completion_changes(refund, state, provider_refund, attempt),
        exception_resolved_events(context, failure_exception_id(refund, state.attempts), RULE) if state.owner else {},
        exception_resolved_events(context, unanswered_exception_id(refund, state.attempts), RULE),
        overpaid_exception_events(context, refund, state),
    )


def overpaid_exception_events(context: DecisionContext, refund: str, state: RequestedRefund) -> Changes:
    """Open an exception for what left beyond the capture, once a refund completes beside a lost dispute."""
    payment = context.read(PAYMENT, state.payment) if state.payment else None
    if not isinstance(payment, RequestedPayment) or not payment.lost or not state.order:
        return {}
    order = context.read(ORDER, state.order)
    assert isinstance(order, PlacedOrder)
    room = payment.captured - payment.lost - order.amount_refunded(str(state.payment))
    beyond = min(state.amount, state.amount - room)
    if beyond <= 0:
        return {}
    kind = ExceptionKind.REFUNDED_AND_DISPUTED
    opened = to_refund_exception(refund, state, kind, amount=beyond, attempts=state.attempts)
    return exception_opened_events(context, derived_id(refund, kind), opened)


def fail_refund(context: DecisionContext, *, reference: str, reason: str) -> Changes:
    """Record that the transfer called `reference` failed; after the last attempt support owns the refund.

    The seat never goes back. Late word of an earlier attempt says nothing about the one under way.
    """
    refund, attempt = transfer_of(reference)
    state = require_refund(context, refund)
    if state.status is not RefundStatus.SUBMITTED or attempt != state.attempts:
        return {}
    last = state.attempts >= state.attempts_max
    return merge_changes(
        final_failure_events(context, refund, state, reason)
        if last
        else {REFUND.stream(refund): [RefundFailed(reason=reason)]},
        exception_resolved_events(context, unanswered_exception_id(refund, state.attempts), RULE),
    )


def report_unanswered(context: DecisionContext, *, refund: str) -> Changes:
    """Open an exception, once, for a transfer under way that nobody can be asked about; its outcome closes it."""
    state = require_refund(context, refund)
    if state.status is not RefundStatus.SUBMITTED:
        return {}
    kind, attempts = ExceptionKind.REFUND_UNANSWERED, state.attempts
    opened = to_refund_exception(refund, state, kind, amount=state.amount, attempts=attempts, failure=UNKNOWN_PROVIDER)
    return exception_opened_events(context, unanswered_exception_id(refund, attempts), opened)


def final_failure_events(context: DecisionContext, refund: str, state: RequestedRefund, reason: str) -> Changes:
    """Record that no other transfer follows, and open the exception that support ends."""
    kind = ExceptionKind.REFUND_FAILED
    opened = to_refund_exception(refund, state, kind, amount=state.amount, attempts=state.attempts, failure=reason)
    return merge_changes(
        {REFUND.stream(refund): [RefundFailed(reason=reason, owner=EXCEPTIONS_OWNER)]},
        exception_opened_events(context, failure_exception_id(refund, state.attempts), opened),
    )


def failure_exception_id(refund: str, attempts: int) -> str:
    """Return the id of the exception of a refund that failed after so many attempts."""
    return derived_id(refund, ExceptionKind.REFUND_FAILED, str(attempts))


def unanswered_exception_id(refund: str, attempts: int) -> str:
    """Return the id of the exception of a refund whose transfer under way nobody can be asked about."""
    return derived_id(refund, ExceptionKind.REFUND_UNANSWERED, str(attempts))


def to_refund_exception(
    refund: str,
    state: RequestedRefund,
    kind: ExceptionKind,
    *,
    amount: int,
    attempts: int = 0,
    failure: str | None = None,
) -> ExceptionOpened:
    """Return the opening of an exception about a refund of ours."""
    return ExceptionOpened(
        kind=kind,
        owner=EXCEPTIONS_OWNER,
        provider=state.provider,
        amount=amount,
        currency=state.currency,
        order=state.order,
        payment=state.payment,
        refund=refund,
        account=state.account,
        organizer=state.organizer,
        performance=state.performance,
        checkout=state.checkout,
        attempts=attempts,
        failure=failure,
    )


def retry_refund(context: DecisionContext, *, refund: str, by: str) -> Changes:
    """Begin another round of transfers of a refund that support owns.

    Raises:
        ResolutionNotPossible: it is not support's, or has ended.
    """
    require_owned(require_refund(context, refund))
    return {REFUND.stream(refund): [RefundRetried(by=by)]}


def close_refund(
    context: DecisionContext, *, refund: str, outcome: RefundOutcome, by: str, unanswered: bool = False
) -> Changes:
    """End a refund that support owns without a transfer: paid another way, or written off.

    `unanswered`: a transfer is under way that nobody can be asked about; money that it moves is another exception.

    Raises:
        ResolutionNotPossible: it is not support's, or has ended.
    """
    state = require_refund(context, refund)
    if not (unanswered and state.status is RefundStatus.SUBMITTED):
        require_owned(state)
    if state.order:
        context.read(ORDER, state.order)
    return merge_changes(
        {REFUND.stream(refund): [RefundClosedManually(outcome=outcome, by=by)]},
        order_closing_events(refund, state, outcome),
    )


def require_owned(state: RequestedRefund) -> None:
    """Refuse unless support owns a refund that failed.

    Raises:
        ResolutionNotPossible
    """
    if state.status is not RefundStatus.FAILED or state.owner is None:
        raise ResolutionNotPossible("This refund is not waiting for support.", refund_status=state.status.value)
