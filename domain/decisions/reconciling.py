"""Reconciliation of a provider's ledger with the log: a missing fact is recorded, a contradiction opens an exception.

An entry has one effect, however often it is read. One entry matches one capture or transfer; another entry under the
same reference is different money. An entry that cannot be compared opens an exception as unreadable.
"""

import hashlib
import re
from datetime import UTC
from typing import Any, assert_never
from uuid import UUID

from domain.decision import Changes, DecisionContext, merge_changes
from domain.decisions.disputes.dispute_exceptions import DisputeReport
from domain.decisions.disputes.disputing import lose_dispute, open_dispute, win_dispute
from domain.decisions.paying import expire, require_payment
from domain.decisions.refunds.transfers import UNFINISHED, completion_events
from domain.money_exception import EXCEPTIONS_OWNER, ExceptionKind, ExceptionOpened, exception_opened_events
from domain.payment import PAYMENT, BookedEntry, PaymentCaptured, PaymentReconciled, PaymentStatus, RequestedPayment
from domain.ports.payment_gateway import LedgerEntry, LedgerEntryKind
from domain.provider_facts import is_storable
from domain.refund import REFUND, RefundReconciled, RefundStatus, RequestedRefund, transfer_of
from domain.values import derived_id_at

SOURCE = "books"
MONEY_TAKEN = frozenset({PaymentStatus.CAPTURED, PaymentStatus.SETTLED})
MONEY_RETURNED = frozenset({RefundStatus.COMPLETED, RefundStatus.PAID_ANOTHER_WAY})
DISPUTE_KINDS = frozenset({LedgerEntryKind.DISPUTE, LedgerEntryKind.DISPUTE_RETURNED, LedgerEntryKind.DISPUTE_LOST})
PROVIDER_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
ENTRY_STORED_MAX = 2**63 - 1
UNKNOWN_CURRENCY = "XXX"


def expire_unknown_payment(context: DecisionContext, *, payment: str) -> Changes:
    """Expire a payment unknown to the provider, once its deadline has passed so that no checkout can follow."""
    return (
        expire(context, payment=payment)
        if context.deadline_passed(require_payment(context, payment).expires_at)
        else {}
    )


def reconcile_entry(
    context: DecisionContext, entry: LedgerEntry, *, provider: str, provider_refund: str | None = None
) -> Changes:
    """Compare one movement of money with the log, and record the difference.

    Args:
        provider: the provider whose ledger holds the entry.
        provider_refund: the provider's id of the refund that the entry is about.
    """
    if not is_readable(entry):
        return unreadable_events(context, entry, provider=provider)
    match entry.kind:
        case LedgerEntryKind.CAPTURE:
            return capture_events(context, entry, provider)
        case LedgerEntryKind.REFUND:
            return refund_events(context, entry, provider, provider_refund or f"entry-{entry.entry}")
        case LedgerEntryKind.DISPUTE | LedgerEntryKind.DISPUTE_RETURNED | LedgerEntryKind.DISPUTE_LOST:
            return dispute_events(context, entry, provider)
        case LedgerEntryKind.UNREADABLE:
            return unreadable_events(context, entry, provider=provider)
        case _:
            assert_never(entry.kind)


def is_readable(entry: LedgerEntry) -> bool:
    """Return whether an entry's amount, currency, time and kind can be stored, and its dispute id if it needs one."""
    return (
        entry.kind is not LedgerEntryKind.UNREADABLE
        and 0 <= entry.entry <= ENTRY_STORED_MAX
        and is_storable(entry.amount, entry.currency, entry.recorded_at)
        and (entry.kind not in DISPUTE_KINDS or PROVIDER_ID.fullmatch(entry.dispute_id or "") is not None)
    )


def unreadable_events(context: DecisionContext, entry: LedgerEntry, *, provider: str) -> Changes:
    """Return the events that open an exception for an entry that cannot be compared; they hold only storable values."""
    return exception_events(context, entry, provider, ExceptionKind.UNREADABLE_ENTRY)


def capture_events(context: DecisionContext, entry: LedgerEntry, provider: str) -> Changes:
    """Return the events of a captured amount: an unreported capture, a match, or an exception for a contradiction."""
    key = entity_key(entry.reference, provider)
    payment = context.read(PAYMENT, key)
    if not isinstance(payment, RequestedPayment) or payment.provider != provider:
        return exception_events(context, entry, provider, ExceptionKind.UNKNOWN_CAPTURE, refundable=entry.amount)
    booked = BookedEntry(entry.entry, entry.recorded_at)
    reconciled = PaymentReconciled(entry=entry.entry, booked_at=entry.recorded_at)
    if payment.booked == booked:
        return {}
    if payment.status not in MONEY_TAKEN:
        taken = PaymentCaptured(
            amount=entry.amount, currency=entry.currency, captured_at=entry.recorded_at, source=SOURCE
        )
        return {PAYMENT.stream(key): [taken, reconciled]}
    if payment.booked is not None:
        kind = ExceptionKind.SECOND_CAPTURE
        return exception_events(context, entry, provider, kind, refundable=entry.amount, payment=key)
    if (payment.captured, payment.captured_currency) == (entry.amount, entry.currency):
        return {PAYMENT.stream(key): [reconciled]}
    excess = max(0, entry.amount - payment.captured) if entry.currency == payment.captured_currency else 0
    return exception_events(context, entry, provider, ExceptionKind.OTHER_CAPTURE, refundable=excess, payment=key)


def refund_events(context: DecisionContext, entry: LedgerEntry, provider: str, provider_refund: str) -> Changes:
    """Return the events of a refunded amount: a completed refund, a match, or an exception for a contradiction.

    A transfer of another amount completes the refund as well, so that no transfer follows; the difference is an
    exception.
    """
    name, attempt = transfer_of(entry.reference)
    key = entity_key(name, provider)
    refund = context.read(REFUND, key)
    if not isinstance(refund, RequestedRefund) or refund.provider != provider or attempt < 1:
        return exception_events(context, entry, provider, ExceptionKind.UNKNOWN_REFUND)
    if refund.booked == (entry.entry, entry.recorded_at):
        return {}
    kind = refund_difference(refund, entry, attempt)
    found = {} if kind is None else exception_events(context, entry, provider, kind, refund=key)
    if kind is ExceptionKind.OTHER_REFUND and found and refund.status in UNFINISHED:
        completed = completion_events(context, key, refund, attempt=attempt, provider_refund=provider_refund)
        return merge_changes(completed, found)
    if kind is not None:
        return found
    reconciled = {REFUND.stream(key): [RefundReconciled(entry=entry.entry, booked_at=entry.recorded_at)]}
    if refund.status is RefundStatus.COMPLETED:
        return reconciled
    return merge_changes(
        completion_events(context, key, refund, attempt=attempt, provider_refund=provider_refund), reconciled
    )


def refund_difference(refund: RequestedRefund, entry: LedgerEntry, attempt: int) -> ExceptionKind | None:
    """Return the kind of contradiction between a refund and an entry; None if they match."""
    if (refund.amount, refund.currency) != (entry.amount, entry.currency):
        return ExceptionKind.OTHER_REFUND
    if refund.status in MONEY_RETURNED:
        is_match = refund.booked is None and refund.completed_attempt == attempt
        return None if is_match else ExceptionKind.REFUNDED_TWICE
    return None if refund.status in UNFINISHED else ExceptionKind.UNKNOWN_REFUND


def dispute_events(context: DecisionContext, entry: LedgerEntry, provider: str) -> Changes:
    """Return the events of a step of a dispute; an exception if the shop has no such payment."""
    key = entity_key(entry.reference, provider)
    payment = context.read(PAYMENT, key)
    if not isinstance(payment, RequestedPayment) or payment.provider != provider:
        return exception_events(context, entry, provider, ExceptionKind.UNKNOWN_DISPUTE)
    fact = DisputeReport(
        payment=key,
        dispute=entry.dispute_id or "",
        amount=entry.amount,
        currency=entry.currency,
        at=entry.recorded_at,
        source=SOURCE,
    )
    match entry.kind:
        case LedgerEntryKind.DISPUTE:
            return open_dispute(context, fact)
        case LedgerEntryKind.DISPUTE_RETURNED:
            return win_dispute(context, fact)
        case _:
            return lose_dispute(context, fact)


def exception_events(
    context: DecisionContext,
    entry: LedgerEntry,
    provider: str,
    kind: ExceptionKind,
    *,
    refundable: int = 0,
    payment: str | None = None,
    refund: str | None = None,
) -> Changes:
    """Return the events that open an exception about an entry, once per entry; its reference determines the subject.

    References unknown to the shop are not recorded: they may contain personal data.
    """
    checkout = entry.checkout_id if PROVIDER_ID.fullmatch(entry.checkout_id) else None
    readable = is_readable(entry)
    opened = ExceptionOpened(
        kind=kind,
        owner=EXCEPTIONS_OWNER,
        provider=provider,
        amount=entry.amount if readable else 0,
        currency=entry.currency if readable else UNKNOWN_CURRENCY,
        refundable=refundable if checkout else 0,
        entry=entry.entry if 0 <= entry.entry <= ENTRY_STORED_MAX else None,
        checkout=checkout,
        **subject_of(context, entry, provider, payment=payment, refund=refund),
    )
    return exception_opened_events(context, entry_exception_id(entry, provider), opened)


def subject_of(
    context: DecisionContext, entry: LedgerEntry, provider: str, *, payment: str | None, refund: str | None
) -> dict[str, Any]:
    """Return the fields order, payment, refund and account of an entry's exception, as far as it names known ones."""
    of_refund = context.read(REFUND, refund) if refund else None
    if isinstance(of_refund, RequestedRefund):
        return {
            "refund": refund,
            "payment": of_refund.payment,
            "order": of_refund.order,
            "account": of_refund.account,
            "organizer": of_refund.organizer,
            "performance": of_refund.performance,
        }
    key = payment or entity_key(entry.reference, provider)
    paid = context.read(PAYMENT, key)
    if not isinstance(paid, RequestedPayment) or paid.provider != provider:
        return {}
    return {
        "payment": key,
        "order": paid.order,
        "account": paid.account,
        "organizer": paid.organizer,
        "performance": paid.performance,
    }


def entry_exception_id(entry: LedgerEntry, provider: str) -> str:
    """Return the id of an entry's exception. It hashes the whole entry, as a provider may renumber its ledger."""
    booked_at = entry.recorded_at if entry.recorded_at.tzinfo else entry.recorded_at.replace(tzinfo=UTC)
    identifying_fields = (
        entry.kind,
        entry.reference,
        entry.checkout_id,
        str(entry.amount),
        entry.currency,
        booked_at.isoformat(),
    )
    return derived_id_at(booked_at, "exception", provider, str(entry.entry), *identifying_fields)


def entity_key(reference: str, provider: str) -> str:
    """Return the id that a reference names; for one that is no UUID, a UUID hashed from it, safe as a stream key."""
    try:
        if str(UUID(reference)) == reference:
            return reference
    except ValueError:
        pass
    digest = hashlib.sha256(f"{provider}/{reference}".encode(errors="surrogatepass")).digest()
    return str(UUID(bytes=digest[:16]))
