"""Invariants of money: disputes, exceptions, the accounts that decide, and how soon a capture is decided."""

from collections.abc import Iterator, Sequence

from domain import dispute as disputes
from domain import money_exception as exceptions
from domain import payment as payments
from domain import refund as refunds
from domain.decisions.settling import RULE, UNDECIDED_MAX
from domain.invariants.check import command_invariant, event_invariant
from domain.invariants.ledger import Ledger, stream_id
from domain.invariants.records import ExceptionRecord, LoggedEvent

BEYOND = exceptions.ExceptionKind.REFUNDED_AND_DISPUTED


@command_invariant
def no_more_leaves_than_came_in(ledger: Ledger, command: Sequence[LoggedEvent]) -> Iterator[str]:
    """Invariant 4: refunds completed + disputes lost ≤ captured, or exceptions account for the excess."""
    for name in {name for fact in command for name in payments_moved(ledger, fact)}:
        paid = ledger.payments[name]
        if paid.captured is None:
            continue
        order = ledger.orders[paid.order]
        returned = [ledger.refunds[refund] for refund in order.refunds]
        refunded = sum(refund.amount for refund in returned if refund.payment == name and refund.completed)
        excess = sum(each.amount for each in ledger.exceptions_of(name) if each.kind is BEYOND)
        if refunded + paid.lost > paid.captured + excess:
            yield f"payment {name} captured {paid.captured}, but {refunded} was refunded and {paid.lost} was lost."


def payments_moved(ledger: Ledger, fact: LoggedEvent) -> set[str]:
    """Return the ids of the payments whose money an event moves."""
    match fact.event:
        case disputes.DisputeLost():
            return {stream_id(fact.stream)}
        case refunds.RefundCompleted():
            payment = ledger.refunds[stream_id(fact.stream)].payment
            return {payment} if payment else set()
        case _:
            return set()


@event_invariant
def disputed_money_stays(ledger: Ledger, fact: LoggedEvent) -> Iterator[str]:
    """Invariant 4: no transfer begins and no account approves a refund while the payment's dispute is open."""
    refund = ledger.refunds.get(stream_id(fact.stream)) if fact.stream.startswith("refund-") else None
    paid = ledger.payments.get(refund.payment) if refund is not None and refund.payment else None
    if refund is None or paid is None or not paid.disputes_open or not refund.amount:
        return
    by_account = isinstance(fact.event, refunds.RefundApproved) and fact.event.by != RULE
    if by_account or isinstance(fact.event, refunds.RefundSubmitted):
        yield f"{fact.stream} refunds disputed money of payment {refund.payment}."


@command_invariant
def every_exceptional_capture_has_an_owner(ledger: Ledger, command: Sequence[LoggedEvent]) -> Iterator[str]:
    """Invariant 5: a settled capture is confirmed, has its refund, or has an exception with an owner or an end."""
    for fact in command:
        if not isinstance(fact.event, payments.PaymentSettled):
            continue
        if fact.event.outcome is payments.PaymentOutcome.REFUNDED and fact.event.refund not in ledger.refunds:
            yield f"{fact.stream} names a refund that does not exist."
        owned = [each for each in ledger.exceptions_of(stream_id(fact.stream)) if accounted_for(each)]
        if fact.event.outcome is payments.PaymentOutcome.EXCEPTION and not owned:
            yield f"{fact.stream} has no exception with an owner."


@command_invariant
def every_failed_refund_has_an_owner(ledger: Ledger, command: Sequence[LoggedEvent]) -> Iterator[str]:
    """Invariant 5: a refund without a further transfer is an open exception with an owner."""
    for fact in command:
        if isinstance(fact.event, refunds.RefundFailed) and fact.event.owner is not None:
            about = [each for each in ledger.exceptions.values() if each.refund == stream_id(fact.stream)]
            if not any(each.open and each.owner for each in about):
                yield f"{fact.stream} failed for good and has no exception with an owner."


def accounted_for(exception: ExceptionRecord) -> bool:
    """Return whether an exception has an owner or is closed."""
    return bool(exception.owner) or not exception.open


@command_invariant
def captures_are_decided_in_time(ledger: Ledger, command: Sequence[LoggedEvent]) -> Iterator[str]:
    """Invariant 5: no capture stays undecided longer than `UNDECIDED_MAX`."""
    now = command[-1].recorded_at
    for name, paid in ledger.captures_waiting():
        if paid.captured_at is not None and now - paid.captured_at > UNDECIDED_MAX:
            yield f"payment {name} was captured at {paid.captured_at} and is undecided at {now}."


@event_invariant
def decisions_are_made_by_others(ledger: Ledger, fact: LoggedEvent) -> Iterator[str]:
    """Four eyes: neither the owner of the order nor the account that requested the refund decides."""
    match fact.event:
        case refunds.RefundApproved(by=by) | refunds.RefundRejected(by=by) | refunds.RefundEndorsed(by=by):
            refund = ledger.refunds.get(stream_id(fact.stream))
            if refund is not None and refund.exception is None and by in {refund.account, refund.requested_by}:
                yield f"{by} decided on {fact.stream}, in which the account is involved."
        case exceptions.ExceptionClosed(by=by) | exceptions.ExceptionResolutionProposed(by=by):
            exception = ledger.exceptions[stream_id(fact.stream)]
            if by == exception.account:
                yield f"{by} decided on {fact.stream}, in which the account is involved."


@event_invariant
def an_exception_ends_once_and_pays_once(ledger: Ledger, fact: LoggedEvent) -> Iterator[str]:
    """A closed exception is not closed again, and at most one refund is made for it."""
    known = ledger.exceptions.get(stream_id(fact.stream)) if fact.stream.startswith("exception-") else None
    if isinstance(fact.event, exceptions.ExceptionClosed) and (known is None or not known.open):
        yield f"{fact.stream} was closed although it was not open."
    if isinstance(fact.event, refunds.RefundRequested) and fact.event.exception is not None:
        if any(refund.exception == fact.event.exception for refund in ledger.refunds.values()):
            yield f"{fact.stream} is the second refund of exception {fact.event.exception}."
        if fact.event.amount != ledger.exceptions[fact.event.exception].refundable:
            yield f"{fact.stream} differs from the refundable amount of exception {fact.event.exception}."
