"""Refunds: at most one per reference, and never more than the captured amount."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox_provider import sql
from sandbox_provider.captures import load_checkout
from sandbox_provider.cards import RefundBehaviour, find_card_by_name
from sandbox_provider.models import (
    Checkout,
    CheckoutStatus,
    DisputeStatus,
    EntryKind,
    EventType,
    NotPossible,
    Refund,
    RefundStatus,
)
from sandbox_provider.outbox import ProviderEvent, announce, book_entry, new_id
from sandbox_provider.sqlite_store import LedgerFile

REJECTED_ATTEMPTS = 2
DUE_AT_ONCE_MAX = 100
FAILURE = "account_closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """A shop's request for a refund; `reference` is the shop's id and the idempotency key."""

    reference: str
    checkout_id: str
    amount: int
    currency: str


class Refunds:
    """The refunds of a ledger; times are given by the caller."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file

    def reject_attempt(self, checkout_id: str) -> bool:
        """Count an attempt that the test card rejects; False if the attempt is not to be rejected."""
        with self._file.transaction() as connection:
            checkout = load_checkout(connection, checkout_id)
            rejects = find_card_by_name(checkout.card).refund_behaviour is RefundBehaviour.UNAVAILABLE_TWICE
            if not rejects or checkout.refunds_turned_away >= REJECTED_ATTEMPTS:
                return False
            connection.execute(sql.COUNT_TURNED_AWAY, {"checkout_id": checkout_id})
            return True

    def submit(self, request: RefundRequest, now: datetime, *, pending_for: timedelta) -> tuple[Refund, bool]:
        """Submit the refund of a reference, or return the existing one.

        Args:
            pending_for: duration of the pending status, for test cards with pending refunds.

        Returns:
            The refund, and whether it is new.

        Raises:
            NotPossible: the reference was used for another refund, nothing was captured, the currency differs from
                the capture's, a dispute is open or lost, or the refunds would exceed the captured amount.
        """
        with self._file.transaction() as connection:
            known = _by_reference(connection, request.reference)
            if known is not None:
                if (known.checkout_id, known.amount, known.currency) != (
                    request.checkout_id,
                    request.amount,
                    request.currency,
                ):
                    raise NotPossible("reference_reused", "This reference was used for another refund.")
                return known, False
            checkout = load_checkout(connection, request.checkout_id)
            _check_refundable(connection, checkout, request)
            refund = _insert(connection, request, now, due_at=_due_at(checkout, now, pending_for))
            if refund.due_at is None:
                _decide(connection, checkout, refund, now)
            return _load(connection, request.reference), True

    def find_by_reference(self, reference: str) -> Refund | None:
        """Return the refund of a reference; None if there is none."""
        with self._file.transaction() as connection:
            return _by_reference(connection, reference)

    def settle_due(self, now: datetime) -> int:
        """Decide the pending refunds that are due; return their number."""
        with self._file.transaction() as connection:
            rows = connection.execute(sql.REFUNDS_DUE, {"now": now, "limit": DUE_AT_ONCE_MAX})
            due = [Refund(**row) for row in rows]
            for refund in due:
                _decide(connection, load_checkout(connection, refund.checkout_id), refund, now)
            return len(due)


def _by_reference(connection: sqlite3.Connection, reference: str) -> Refund | None:
    row = connection.execute(sql.REFUND_BY_REFERENCE, {"reference": reference}).fetchone()
    return None if row is None else Refund(**row)


def _load(connection: sqlite3.Connection, reference: str) -> Refund:
    return Refund(**connection.execute(sql.REFUND_BY_REFERENCE, {"reference": reference}).fetchone())


def _check_refundable(connection: sqlite3.Connection, checkout: Checkout, request: RefundRequest) -> None:
    if checkout.status is not CheckoutStatus.CAPTURED:
        raise NotPossible("not_captured", "Nothing was captured for this checkout.")
    if request.currency != checkout.captured_currency:
        raise NotPossible("other_currency", "The currency must be that of the capture.")
    if checkout.dispute in {DisputeStatus.OPENED, DisputeStatus.LOST}:
        raise NotPossible("disputed", "The bank withholds this money because of a dispute.")
    (refunded,) = connection.execute(sql.REFUNDED_OR_PENDING, {"checkout_id": checkout.checkout_id}).fetchone()
    if refunded + request.amount > checkout.captured_amount:
        raise NotPossible("over_captured", "The refunds would exceed the captured amount.")


def _due_at(checkout: Checkout, now: datetime, pending_for: timedelta) -> datetime | None:
    return now + pending_for if find_card_by_name(checkout.card).refund_behaviour is RefundBehaviour.LATER else None


def _insert(
    connection: sqlite3.Connection, request: RefundRequest, now: datetime, *, due_at: datetime | None
) -> Refund:
    connection.execute(
        sql.INSERT_REFUND,
        {
            "refund_id": new_id("re"),
            "reference": request.reference,
            "checkout_id": request.checkout_id,
            "amount": request.amount,
            "currency": request.currency,
            "now": now,
            "due_at": due_at,
        },
    )
    return _load(connection, request.reference)


def _decide(connection: sqlite3.Connection, checkout: Checkout, refund: Refund, now: datetime) -> None:
    fails = find_card_by_name(checkout.card).refund_behaviour is RefundBehaviour.FAILS
    failure = FAILURE if fails else None
    status = RefundStatus.FAILED if fails else RefundStatus.COMPLETED
    connection.execute(
        sql.REFUND_DECIDED, {"refund_id": refund.refund_id, "status": status, "now": now, "failure": failure}
    )
    if not fails:
        book_entry(
            connection,
            kind=EntryKind.REFUND,
            reference=refund.reference,
            checkout_id=refund.checkout_id,
            amount=refund.amount,
            currency=refund.currency,
            now=now,
        )
    event = ProviderEvent(
        type=EventType.REFUND_FAILED if fails else EventType.REFUND_COMPLETED,
        at=now,
        reference=refund.reference,
        amount=refund.amount,
        currency=refund.currency,
        failure=failure,
    )
    announce(connection, checkout, [event])
