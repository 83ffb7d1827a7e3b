"""Refusals of payments, refunds, disputes and exceptions."""

from domain.errors.base import Conflict, Forbidden


class OwnDecision(Forbidden):
    """The account owns the order or requested the money, so it may not decide."""

    code = "own_decision"


class AlreadyPaid(Conflict):
    """The order is paid."""

    code = "already_paid"


class TooManyPayments(Conflict):
    """The order has as many payment attempts as allowed."""

    code = "too_many_payments"


class NothingToRefund(Conflict):
    """The lines are refunded, or have an open refund."""

    code = "nothing_to_refund"


class RefundDecided(Conflict):
    """The refund was approved or rejected before."""

    code = "refund_decided"


class PaymentDisputed(Conflict):
    """The payment is disputed at the buyer's bank, or was lost in a dispute."""

    code = "payment_disputed"


class DisputeSettled(Conflict):
    """Lines were to be cancelled without a refund because of a dispute, which has been won since."""

    code = "dispute_settled"


class ExceptionEnded(Conflict):
    """The exception was closed before."""

    code = "exception_ended"


class ResolutionNotPossible(Conflict):
    """An exception of this kind does not have this resolution."""

    code = "resolution_not_possible"
