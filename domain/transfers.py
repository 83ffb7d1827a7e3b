"""Carrying a refund out: one transfer after another at the provider, until one succeeds or support owns the refund."""

from domain.books import Books, Changes, merged
from domain.disputed_money import has_money_left
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


def existing(books: Books, refund: str) -> RequestedRefund:
    """Read a refund that must be there.

    Raises:
        NotFound: never requested.
    """
    state = books.read(REFUND, refund)
    if isinstance(state, NoRefund):
        raise NotFound("There is no such refund.")
    return state


def submit_refund(books: Books, *, refund: str) -> Changes:
    """Record that the provider is about to be asked, before it is.

    Only a transfer that is known to have failed is followed by another; what support owns waits for support. While the
    money is disputed nothing is sent; once it is lost to the dispute, support owns the refund.
    """
    state = existing(books, refund)
    if state.status not in {RefundStatus.APPROVED, RefundStatus.FAILED} or state.owner is not None:
        return {}
    payment = books.read(PAYMENT, state.payment) if state.payment else None
    if isinstance(payment, RequestedPayment) and payment.disputes:
        if payment.dispute_open:
            return {}
        order = books.read(ORDER, payment.order)
        if isinstance(order, PlacedOrder) and not has_money_left(
            payment, order, str(state.payment), amount=state.amount, refund=refund
        ):
            return failed_for_good(books, refund, state, LOST_TO_DISPUTE)
    return {REFUND.stream(refund): [RefundSubmitted(attempt=state.attempts + 1)]}


def complete_refund(books: Books, *, reference: str, provider_refund: str) -> Changes:
    """Record that the transfer called `reference` gave the money back; once, even if it was believed to have failed."""
    refund, attempt = transfer_of(reference)
    state = existing(books, refund)
    if state.status not in UNFINISHED or not 1 <= attempt <= state.attempts:
        return {}
    return completion_events(books, refund, state, attempt=attempt, provider_refund=provider_refund)


def completed(refund: str, state: RequestedRefund, provider_refund: str, attempt: int) -> Changes:
    """Close a refund whose money has gone back."""
    return merged(
        {REFUND.stream(refund): [RefundCompleted(provider_refund=provider_refund, attempt=attempt)]},
        closed_on_order(refund, state, RefundOutcome.COMPLETED),
    )


def closed_on_order(refund: str, state: RequestedRefund, outcome: RefundOutcome) -> Changes:
    """Close a refund on its order, if it has one."""
    return {ORDER.stream(state.order): [RefundClosed(refund=refund, outcome=outcome)]} if state.order else {}


def completion_events(
    books: Books, refund: str, state: RequestedRefund, *, attempt: int, provider_refund: str
) -> Changes:
    """Complete a refund whose money has gone back.

    It resolves the exception of a refund that had failed, and opens one if the bank took the same money back, too.
    """
    if state.order:
        books.read(ORDER, state.order)
    return merged(
        completed(refund, state, provider_refund, attempt),
        exception_resolved_events(books, failure_of(refund, state.attempts), RULE) if state.owner else {},
        exception_resolved_events(books, unanswered_of(refund, state.attempts), RULE),
        refunded_beside_dispute(books, refund, state),
    )


def refunded_beside_dispute(books: Books, refund: str, state: RequestedRefund) -> Changes:
    """Open an exception for what left beyond the capture, once a refund completes beside a lost dispute."""
    payment = books.read(PAYMENT, state.payment) if state.payment else None
    if not isinstance(payment, RequestedPayment) or not payment.lost or not state.order:
        return {}
    order = books.read(ORDER, state.order)
    assert isinstance(order, PlacedOrder)
    room = payment.captured - payment.lost - order.gone_back(str(state.payment))
    beyond = min(state.amount, state.amount - room)
    if beyond <= 0:
        return {}
    kind = ExceptionKind.REFUNDED_AND_DISPUTED
    opened = exception_of_refund(refund, state, kind, amount=beyond, attempts=state.attempts)
    return exception_opened_events(books, derived_id(refund, kind), opened)


def fail_refund(books: Books, *, reference: str, reason: str) -> Changes:
    """Record that the transfer called `reference` failed; after the last attempt support owns the refund.

    The seat never goes back. Late word of an earlier attempt says nothing about the one under way.
    """
    refund, attempt = transfer_of(reference)
    state = existing(books, refund)
    if state.status is not RefundStatus.SUBMITTED or attempt != state.attempts:
        return {}
    last = state.attempts >= state.attempts_max
    return merged(
        failed_for_good(books, refund, state, reason)
        if last
        else {REFUND.stream(refund): [RefundFailed(reason=reason)]},
        exception_resolved_events(books, unanswered_of(refund, state.attempts), RULE),
    )


def report_unanswered(books: Books, *, refund: str) -> Changes:
    """Open an exception, once, for a transfer under way that nobody can be asked about; its outcome closes it."""
    state = existing(books, refund)
    if state.status is not RefundStatus.SUBMITTED:
        return {}
    kind, attempts = ExceptionKind.REFUND_UNANSWERED, state.attempts
    opened = exception_of_refund(refund, state, kind, amount=state.amount, attempts=attempts, failure=UNKNOWN_PROVIDER)
    return exception_opened_events(books, unanswered_of(refund, attempts), opened)


def failed_for_good(books: Books, refund: str, state: RequestedRefund, reason: str) -> Changes:
    """Record that no other transfer follows, and open the exception that support ends."""
    kind = ExceptionKind.REFUND_FAILED
    opened = exception_of_refund(refund, state, kind, amount=state.amount, attempts=state.attempts, failure=reason)
    return merged(
        {REFUND.stream(refund): [RefundFailed(reason=reason, owner=EXCEPTIONS_OWNER)]},
        exception_opened_events(books, failure_of(refund, state.attempts), opened),
    )


def failure_of(refund: str, attempts: int) -> str:
    """Return the id of the exception of a refund that failed after so many attempts."""
    return derived_id(refund, ExceptionKind.REFUND_FAILED, str(attempts))


def unanswered_of(refund: str, attempts: int) -> str:
    """Return the id of the exception of a refund whose transfer under way nobody can be asked about."""
    return derived_id(refund, ExceptionKind.REFUND_UNANSWERED, str(attempts))


def exception_of_refund(
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


def retry_refund(books: Books, *, refund: str, by: str) -> Changes:
    """Begin another round of transfers of a refund that support owns.

    Raises:
        ResolutionNotPossible: it is not support's, or has ended.
    """
    require_owned(existing(books, refund))
    return {REFUND.stream(refund): [RefundRetried(by=by)]}


def close_refund(books: Books, *, refund: str, outcome: RefundOutcome, by: str, unanswered: bool = False) -> Changes:
    """End a refund that support owns without a transfer: paid another way, or written off.

    `unanswered`: a transfer is under way that nobody can be asked about; money that it moves is another exception.

    Raises:
        ResolutionNotPossible: it is not support's, or has ended.
    """
    state = existing(books, refund)
    if not (unanswered and state.status is RefundStatus.SUBMITTED):
        require_owned(state)
    if state.order:
        books.read(ORDER, state.order)
    return merged(
        {REFUND.stream(refund): [RefundClosedManually(outcome=outcome, by=by)]}, closed_on_order(refund, state, outcome)
    )


def require_owned(state: RequestedRefund) -> None:
    """Refuse unless support owns a refund that failed.

    Raises:
        ResolutionNotPossible
    """
    if state.status is not RefundStatus.FAILED or state.owner is None:
        raise ResolutionNotPossible("This refund is not waiting for support.", refund_status=state.status.value)
