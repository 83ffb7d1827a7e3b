"""Closing an exception: support accepts, refunds, retries or writes it off, with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.decision import Changes, DecisionContext, merge_changes
from domain.decisions.disputes.disputed_money import has_money_left
from domain.decisions.refunds.four_eyes import ONE_IS_ENOUGH, FourEyesLimits, require_uninvolved
from domain.decisions.refunds.transfers import close_refund, retry_refund
from domain.errors import ExceptionEnded, NotFound, PaymentDisputed, ResolutionNotPossible
from domain.money_exception import (
    EXCEPTION,
    RESOLUTIONS,
    ExceptionClosed,
    ExceptionKind,
    ExceptionOpened,
    ExceptionResolutionProposed,
    NoException,
    OpenException,
    Resolution,
    ResolutionReason,
)
from domain.order import ORDER, PlacedOrder, RefundOpened, RefundOutcome
from domain.payment import PAYMENT, RequestedPayment
from domain.refund import REFUND, RefundApproved, RefundRequested, RequestedRefund
from domain.values import RefundReason, derived_id

BY_SUPPORT: Mapping[Resolution, RefundOutcome] = {
    Resolution.ACCEPT: RefundOutcome.PAID_ANOTHER_WAY,
    Resolution.WRITE_OFF: RefundOutcome.WRITTEN_OFF,
}
"""The outcome of a failed refund whose exception support closes with this resolution."""

OF_PAYMENT = frozenset({ExceptionKind.WRONG_CURRENCY, ExceptionKind.UNDECIDED_CAPTURE})
"""Kinds whose money is the capture that the payment recorded."""

OF_TRANSFER = frozenset({ExceptionKind.REFUND_FAILED, ExceptionKind.REFUND_UNANSWERED})
"""Kinds about a refund of the shop; closing the exception ends or retries that refund."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveException:
    """Close an exception with `resolution`; `by`: the account that decides."""

    exception: str
    resolution: Resolution
    reason: ResolutionReason
    by: str
    limits: FourEyesLimits = field(default=ONE_IS_ENOUGH)


def resolve_exception(context: DecisionContext, command: ResolveException) -> Changes:
    """Close an exception, once. If `limits` ask for two accounts, the first one's resolution is a proposal.

    A second account that chooses another resolution replaces the proposal.

    Raises:
        NotFound: it was never opened.
        ExceptionEnded: it is closed.
        OwnDecision: `by` owns the order or requested the refund.
        ResolutionNotPossible: this kind of exception cannot be closed so.
        PaymentDisputed: the money to refund is disputed.
    """
    state = require_open(context, command.exception)
    opened = state.opened
    require_uninvolved(context, command.by, opened.account, refund_requester(context, opened))
    require_possible(opened, command.resolution)
    effects = resolution_effects(context, command, opened)
    proposed = state.proposed
    if command.limits.second_needed(opened.amount, opened.currency):
        if proposed is None or proposed.resolution is not command.resolution:
            return {EXCEPTION.stream(command.exception): [to_proposal(command)]}
        if proposed.by == command.by:
            return {}
    closed = ExceptionClosed(
        resolution=command.resolution,
        by=command.by,
        reason=command.reason,
        proposed_by=proposed.by if proposed is not None and proposed.by != command.by else None,
        refund=exception_refund_id(command.exception) if command.resolution is Resolution.REFUND else None,
    )
    return merge_changes(effects, {EXCEPTION.stream(command.exception): [closed]})


def require_open(context: DecisionContext, exception: str) -> OpenException:
    """Return an exception that is open.

    Raises:
        NotFound: it was never opened.
        ExceptionEnded: it is closed.
    """
    state = context.read(EXCEPTION, exception)
    if isinstance(state, NoException):
        raise NotFound("There is no such exception.")
    if not isinstance(state, OpenException):
        raise ExceptionEnded("This exception is closed already.", resolution=state.closed.resolution.value)
    return state


def possible_resolutions(kind: ExceptionKind, *, refundable: int) -> frozenset[Resolution]:
    """Return the resolutions of an exception of a kind, of which `refundable` minor units can be refunded."""
    return RESOLUTIONS[kind] if refundable else RESOLUTIONS[kind] - {Resolution.REFUND}


def require_possible(opened: ExceptionOpened, resolution: Resolution) -> None:
    """Refuse a resolution that this kind of exception does not have, or a refund if nothing is refundable.

    Raises:
        ResolutionNotPossible: names the possible resolutions.
    """
    possible = possible_resolutions(opened.kind, refundable=opened.refundable)
    if resolution not in possible:
        raise ResolutionNotPossible(
            "An exception of this kind cannot be closed so.", possible=sorted(each.value for each in possible)
        )


def refund_requester(context: DecisionContext, opened: ExceptionOpened) -> str | None:
    """Return the account that requested the refund an exception is about; None if there is none."""
    refund = context.read(REFUND, opened.refund) if opened.refund else None
    return refund.requested_by if isinstance(refund, RequestedRefund) else None


def to_proposal(command: ResolveException) -> ExceptionResolutionProposed:
    """Return the event that records the first account's resolution."""
    return ExceptionResolutionProposed(resolution=command.resolution, reason=command.reason, by=command.by)


def resolution_effects(context: DecisionContext, command: ResolveException, opened: ExceptionOpened) -> Changes:
    """Return the events that a resolution has besides closing the exception."""
    if command.resolution is Resolution.REFUND:
        return refund_events(context, command, opened)
    if opened.kind not in OF_TRANSFER or opened.refund is None:
        return {}
    if command.resolution is Resolution.RETRY:
        return retry_refund(context, refund=opened.refund, by=command.by)
    unanswered = opened.kind is ExceptionKind.REFUND_UNANSWERED
    outcome = BY_SUPPORT[command.resolution]
    return close_refund(context, refund=opened.refund, outcome=outcome, by=command.by, unanswered=unanswered)


def refund_events(context: DecisionContext, command: ResolveException, opened: ExceptionOpened) -> Changes:
    """Return the events that open and approve a refund of what is refundable, with an id derived from the exception.

    A second capture is not the payment's own money, so its refund names only the checkout.

    Raises:
        PaymentDisputed: the money is disputed or lost to a dispute.
    """
    require_money_left(context, opened)
    refund = exception_refund_id(command.exception)
    source = opened.payment if opened.kind in OF_PAYMENT else None
    requested = RefundRequested(
        order=opened.order,
        payment=source,
        account=opened.account,
        organizer=opened.organizer,
        performance=opened.performance,
        provider=opened.provider,
        lines=(),
        amount=opened.refundable,
        currency=opened.currency,
        reason=RefundReason.EXCEPTION,
        requested_by=command.by,
        exception=command.exception,
        checkout=opened.checkout,
    )
    order = context.read(ORDER, opened.order) if opened.order else None
    claim = RefundOpened(refund=refund, payment=source, lines=(), amount=opened.refundable, currency=opened.currency)
    on_order = {ORDER.stream(opened.order): [claim]} if opened.order and isinstance(order, PlacedOrder) else {}
    return merge_changes({REFUND.stream(refund): [requested, RefundApproved(by=command.by)]}, on_order)


def require_money_left(context: DecisionContext, opened: ExceptionOpened) -> None:
    """Refuse a refund while a dispute is open, or of the payment's own money that a dispute took.

    Raises:
        PaymentDisputed: the money is disputed or lost to a dispute.
    """
    payment = context.read(PAYMENT, opened.payment) if opened.payment else None
    order = context.read(ORDER, opened.order) if opened.order else None
    if not isinstance(payment, RequestedPayment) or not isinstance(order, PlacedOrder) or not payment.disputes:
        return
    is_own_capture = opened.kind in OF_PAYMENT
    has_left = has_money_left(payment, order, str(opened.payment), amount=opened.refundable, refund=None)
    if payment.dispute_open or (is_own_capture and not has_left):
        raise PaymentDisputed("The buyer's bank disputes this payment or took it back; its money cannot be refunded.")


def exception_refund_id(exception: str) -> str:
    """Return the id of the refund that ends an exception."""
    return derived_id(exception, "refund")
