"""Bugs about money that the state machine must catch."""

from dataclasses import replace
from typing import Any

from domain.decision import Changes, DecisionContext
from domain.decisions import reconciling, resolving_exceptions, settling
from domain.decisions.refunds import refunding
from domain.decisions.resolving_exceptions import ResolveException
from domain.payment import PAYMENT, RequestedPayment
from domain.ports.payment_gateway import LedgerEntry, LedgerEntryKind
from domain.refund import REFUND, RefundApproved, RefundRequested, RefundStatus, RefundSubmitted
from tests.properties.engine.machine import EngineMachine


def submit_disputed(context: DecisionContext, *, refund: str) -> Changes:
    """A planted bug: a transfer does not ask whether the money is disputed."""
    state = refunding.require_refund(context, refund)
    if state.status not in {RefundStatus.APPROVED, RefundStatus.FAILED} or state.owner is not None:
        return {}
    return {REFUND.stream(refund): [RefundSubmitted(attempt=state.attempts + 1)]}


def settle_without_owner(context: DecisionContext, *, payment: str) -> Changes:
    """A planted bug: a capture in another currency is settled, and nobody owns it."""
    changes = settling.settle(context, payment=payment)
    return {stream: events for stream, events in changes.items() if not stream.startswith("exception-")}


def reconcile_by_sum(context: DecisionContext, entry: LedgerEntry, **named: Any) -> Changes:
    """A planted bug: a second capture of the same sum is taken for the first."""
    payment = context.read(PAYMENT, reconciling.entity_key(entry.reference, "sandbox"))
    same = isinstance(payment, RequestedPayment) and payment.captured == entry.amount
    if entry.kind is LedgerEntryKind.CAPTURE and same:
        return {}
    return reconciling.reconcile_entry(context, entry, **named)


def approve_own(context: DecisionContext, *, refund: str, by: str) -> Changes:
    """A planted bug: the owner of the order may approve, too."""
    changes = refunding.approve_refund(context, refund=refund, by="support")
    return {
        stream: [replace(each, by=by) if isinstance(each, RefundApproved) else each for each in events]
        for stream, events in changes.items()
    }


def end_with_too_much(context: DecisionContext, command: ResolveException) -> Changes:
    """A planted bug: an exception's refund sends more back than came in."""
    changes = resolving_exceptions.resolve_exception(context, command)
    return {
        stream: [
            replace(each, amount=each.amount + 1) if isinstance(each, RefundRequested) else each for each in events
        ]
        for stream, events in changes.items()
    }


class DisputedMoneySent(EngineMachine):
    """The engine with the first planted bug."""

    submit = staticmethod(submit_disputed)


class ExceptionsWithoutOwner(EngineMachine):
    """The engine with the second planted bug."""

    settle = staticmethod(settle_without_owner)


class SecondCapturesIgnored(EngineMachine):
    """The engine with the third planted bug."""

    reconcile = staticmethod(reconcile_by_sum)


class OwnRefundsApproved(EngineMachine):
    """The engine with the fourth planted bug."""

    approve = staticmethod(approve_own)


class ExceptionsOverpaid(EngineMachine):
    """The engine with the fifth planted bug."""

    end = staticmethod(end_with_too_much)


PLANTED_MONEY = (
    DisputedMoneySent,
    ExceptionsWithoutOwner,
    SecondCapturesIgnored,
    OwnRefundsApproved,
    ExceptionsOverpaid,
)
