"""The provider's books against ours: what they show and we don't becomes a fact, or an exception with an owner.

Nothing here takes money's word for less than it is: a movement that no rule explains is written down for a person,
once for each entry in the provider's books.
"""

import hashlib
from typing import Any, assert_never
from uuid import UUID

from domain.books import Books, Changes
from domain.paying import existing, expire
from domain.payment import (
    PAYMENT,
    Difference,
    NoPayment,
    PaymentCaptured,
    PaymentReconciled,
    PaymentStatus,
    RequestedPayment,
)
from domain.ports import BookEntry, BookEntryKind
from domain.refund import REFUND, NoRefund, RefundStatus, RequestedRefund, transfer_of
from domain.refunding import EXCEPTIONS_OWNER, REFUND_ATTEMPTS_MAX, complete_refund

SOURCE = "books"
MONEY_TAKEN = frozenset({PaymentStatus.CAPTURED, PaymentStatus.SETTLED})
AWAITING_TRANSFER = frozenset({RefundStatus.APPROVED, RefundStatus.SUBMITTED, RefundStatus.FAILED})


def expire_unheard_of(books: Books, *, payment: str) -> Changes:
    """End a payment the provider never heard of, once its checkout could not be opened any more."""
    return expire(books, payment=payment) if books.passed(existing(books, payment).expires_at) else {}


def reconcile_entry(books: Books, entry: BookEntry, *, provider: str, provider_refund: str | None = None) -> Changes:
    """Compare one movement of money with what we know, and record what we don't.

    Args:
        provider: whose books it stands in.
        provider_refund: the provider's id of the refund that the entry is about.
    """
    match entry.kind:
        case BookEntryKind.CAPTURE:
            return captured(books, entry, provider)
        case BookEntryKind.REFUND:
            return refunded(books, entry, provider, provider_refund or f"entry-{entry.entry}")
        case BookEntryKind.DISPUTE:
            return differing(books, entry, entry.reference, provider, Difference.DISPUTED)
        case BookEntryKind.DISPUTE_RETURNED:
            return differing(books, entry, entry.reference, provider, Difference.DISPUTE_RETURNED)
        case _:
            assert_never(entry.kind)


def captured(books: Books, entry: BookEntry, provider: str) -> Changes:
    """Record a capture nobody told us of; one we know must be the same money."""
    payment = books.read(PAYMENT, payment_key(entry.reference, provider))
    if not isinstance(payment, RequestedPayment):
        return differing(books, entry, entry.reference, provider, Difference.UNKNOWN_CAPTURE)
    if payment.status not in MONEY_TAKEN:
        taken = PaymentCaptured(
            amount=entry.amount, currency=entry.currency, captured_at=entry.recorded_at, source=SOURCE
        )
        return {PAYMENT.stream(entry.reference): [taken]}
    if (payment.captured, payment.captured_currency) == (entry.amount, entry.currency):
        return {}
    return differing(books, entry, entry.reference, provider, Difference.OTHER_CAPTURE)


def refunded(books: Books, entry: BookEntry, provider: str, provider_refund: str) -> Changes:
    """Complete a refund we believe open; one that should not have moved money, or not this money, needs a person."""
    name, attempt = transfer_of(entry.reference)
    refund = books.read(REFUND, name)
    if isinstance(refund, NoRefund):
        return differing(books, entry, entry.reference, provider, Difference.UNKNOWN_REFUND)
    difference = refund_difference(refund, entry, attempt)
    if difference is not None:
        return differing(books, entry, refund.payment or entry.reference, provider, difference)
    return complete_refund(books, reference=entry.reference, provider_refund=provider_refund)


def refund_difference(refund: RequestedRefund, entry: BookEntry, attempt: int) -> Difference | None:
    """Return what is wrong with money that went back, if anything is."""
    if (refund.amount, refund.currency) != (entry.amount, entry.currency):
        return Difference.OTHER_REFUND
    if refund.status is RefundStatus.COMPLETED:
        return Difference.REFUNDED_TWICE if refund.completed_attempt != attempt else None
    expected = refund.status in AWAITING_TRANSFER and attempt <= REFUND_ATTEMPTS_MAX
    return None if expected else Difference.UNKNOWN_REFUND


def differing(
    books: Books, entry: BookEntry, reference: str, provider: str, difference: Difference
) -> dict[str, list[Any]]:
    """Write a difference down for its owner, on the payment it is about or on a stream of its own; once per entry."""
    key = payment_key(reference, provider)
    payment = books.read(PAYMENT, key)
    if not isinstance(payment, NoPayment) and entry.entry in payment.differing_entries:
        return {}
    reconciled = PaymentReconciled(
        difference=difference,
        provider=provider,
        entry=entry.entry,
        reference=entry.reference,
        amount=entry.amount,
        currency=entry.currency,
        owner=EXCEPTIONS_OWNER,
    )
    return {PAYMENT.stream(key): [reconciled]}


def payment_key(reference: str, provider: str) -> str:
    """Return the payment a reference names; a reference that is no id of ours gets a key that is safe to store."""
    try:
        if str(UUID(reference)) == reference:
            return reference
    except ValueError:
        pass
    return str(UUID(bytes=hashlib.sha256(f"{provider}/{reference}".encode()).digest()[:16]))
