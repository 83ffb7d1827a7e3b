"""The transfers of an approved refund: retried at the provider until one succeeds or support owns the refund."""

from domain.decision import Changes, DecisionContext, merge_changes
from domain.decisions.disputes.disputed_money import has_money_left
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
    """Return a refund that exists.

    Raises:
        NotFound: it was never requested.
    """
    state = context.read(REFUND, refund)
    if isinstance(state, NoRefund):
        raise NotFound("There is no such refund.")
    return state


def submit_refund(context: DecisionContext, *, refund: str) -> Changes:
    """Record a transfer before it is sent to the provider.

    A new transfer follows only one that failed; a refund that support owns has none. While a dispute of the payment is
    open, nothing is recorded; if the money is lost to the dispute, the refund fails and support owns it.
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
    """Record that transfer `reference` returned the money, once, even if it was recorded as failed before."""
    refund, attempt = transfer_of(reference)
    state = require_refund(context, refund)
    if state.status not in UNFINISHED or not 1 <= attempt <= state.attempts:
        return {}
    return completion_events(context, refund, state, attempt=attempt, provider_refund=provider_refund)


def completion_changes(refund: str, state: RequestedRefund, provider_refund: str, attempt: int) -> Changes:
    """Return the events that complete a refund, on its own stream and its order's."""
    return merge_changes(
        {REFUND.stream(refund): [RefundCompleted(provider_refund=provider_refund, attempt=attempt)]},
        order_closing_events(refund, state, RefundOutcome.COMPLETED),
    )


def order_closing_events(refund: str, state: RequestedRefund, outcome: RefundOutcome) -> Changes:
    """Return the event that closes a refund on its order; none if it has no order."""
    return {ORDER.stream(state.order): [RefundClosed(refund=refund, outcome=outcome)]} if state.order else {}


def completion_events(
    context: DecisionContext, refund: str, state: RequestedRefund, *, attempt: int, provider_refund: str
) -> Changes:
    """Return the events that complete a refund and what follows from it.

    They close the exception of a refund that had failed, and open one if a lost dispute took the same money.
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
    """Return the events that open an exception for money refunded in addition to a lost dispute; none if none was."""
    payment = context.read(PAYMENT, state.payment) if state.payment else None
    if not isinstance(payment, RequestedPayment) or not payment.lost or not state.order:
        return {}
    order = context.read(ORDER, state.order)
    assert isinstance(order, PlacedOrder)
    left = payment.captured - payment.lost - order.amount_refunded(str(state.payment))
    excess = min(state.amount, state.amount - left)
    if excess <= 0:
        return {}
    kind = ExceptionKind.REFUNDED_AND_DISPUTED
    opened = to_refund_exception(refund, state, kind, amount=excess, attempts=state.attempts)
    return exception_opened_events(context, derived_id(refund, kind), opened)


def fail_refund(context: DecisionContext, *, reference: str, reason: str) -> Changes:
    """Record that transfer `reference` failed; after the last attempt support owns the refund.

    The seat is not returned to the buyer. A late report of an earlier attempt records nothing.
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
    """Open an exception, once, for a submitted transfer whose provider is unknown; its outcome closes it."""
    state = require_refund(context, refund)
    if state.status is not RefundStatus.SUBMITTED:
        return {}
    kind, attempts = ExceptionKind.REFUND_UNANSWERED, state.attempts
    opened = to_refund_exception(refund, state, kind, amount=state.amount, attempts=attempts, failure=UNKNOWN_PROVIDER)
    return exception_opened_events(context, unanswered_exception_id(refund, attempts), opened)


def final_failure_events(context: DecisionContext, refund: str, state: RequestedRefund, reason: str) -> Changes:
    """Return the events of the last failed transfer, and of the exception for support."""
    kind = ExceptionKind.REFUND_FAILED
    opened = to_refund_exception(refund, state, kind, amount=state.amount, attempts=state.attempts, failure=reason)
    return merge_changes(
        {REFUND.stream(refund): [RefundFailed(reason=reason, owner=EXCEPTIONS_OWNER)]},
        exception_opened_events(context, failure_exception_id(refund, state.attempts), opened),
    )


def failure_exception_id(refund: str, attempts: int) -> str:
    """Return the id of the exception of a refund that failed after `attempts` attempts."""
    return derived_id(refund, ExceptionKind.REFUND_FAILED, str(attempts))


def unanswered_exception_id(refund: str, attempts: int) -> str:
    """Return the id of the exception of a refund whose submitted transfer cannot be queried."""
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
    """Return the event that opens an exception about a refund; `amount` in minor units."""
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
        ResolutionNotPossible: support does not own it, or it has ended.
    """
    require_owned(require_refund(context, refund))
    return {REFUND.stream(refund): [RefundRetried(by=by)]}


def close_refund(
    context: DecisionContext, *, refund: str, outcome: RefundOutcome, by: str, unanswered: bool = False
) -> Changes:
    """Close a refund that support owns without a transfer: paid another way, or written off.

    `unanswered`: a submitted transfer cannot be queried; money that it moves is another exception.

    Raises:
        ResolutionNotPossible: support does not own it, or it has ended.
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
    """Refuse a refund that has not failed or is not owned by support.

    Raises:
        ResolutionNotPossible: holds the status of the refund.
    """
    if state.status is not RefundStatus.FAILED or state.owner is None:
        raise ResolutionNotPossible("This refund is not waiting for support.", refund_status=state.status.value)
