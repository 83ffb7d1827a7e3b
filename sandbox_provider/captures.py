"""Steps of a checkout within a transaction of the caller: expiry, refusal, capture, dispute."""

import sqlite3
from datetime import datetime, timedelta
from typing import assert_never

from sandbox_provider import sql
from sandbox_provider.cards import Capture, Card, Delivery
from sandbox_provider.models import Checkout, EntryKind, EventType, NotFound
from sandbox_provider.outbox import announce, book_entry, new_id, to_payment_event


def load_checkout(connection: sqlite3.Connection, checkout_id: str) -> Checkout:
    """Return one checkout, or raise NotFound."""
    row = connection.execute(sql.CHECKOUT_BY_ID, {"checkout_id": checkout_id}).fetchone()
    if row is None:
        raise NotFound("unknown_checkout", "There is no such checkout.")
    return Checkout(**row)


def checkout_of_reference(connection: sqlite3.Connection, reference: str) -> Checkout | None:
    """Return the checkout with a shop's reference; None if there is none."""
    row = connection.execute(sql.CHECKOUT_BY_REFERENCE, {"reference": reference}).fetchone()
    return None if row is None else Checkout(**row)


def expire_checkout(connection: sqlite3.Connection, checkout: Checkout, now: datetime) -> None:
    """Expire a checkout; a card accepted for a late capture may still be charged."""
    connection.execute(sql.MARK_EXPIRED, {"checkout_id": checkout.checkout_id})
    announce(connection, checkout, [to_payment_event(checkout, EventType.EXPIRED, now)])


def require_confirmation(connection: sqlite3.Connection, checkout: Checkout, card: Card, now: datetime) -> None:
    """Require a confirmation by the customer."""
    connection.execute(sql.MARK_ACTION_REQUIRED, {"checkout_id": checkout.checkout_id, "card": card.name})
    current = load_checkout(connection, checkout.checkout_id)
    announce(connection, current, [to_payment_event(current, EventType.ACTION_REQUIRED, now)])


def refuse(connection: sqlite3.Connection, checkout: Checkout, card: Card, failure: str, now: datetime) -> None:
    """Decline the card, which ends the checkout."""
    change = {"checkout_id": checkout.checkout_id, "card": card.name, "failure": failure, "now": now}
    connection.execute(sql.MARK_FAILED, change)
    refused = load_checkout(connection, checkout.checkout_id)
    announce(connection, refused, [to_payment_event(refused, EventType.FAILED, now, failure)])


def capture(connection: sqlite3.Connection, current: Checkout, card: Card, now: datetime) -> None:
    """Charge the card; amount, announcement and dispute depend on the test card."""
    amount, currency = _amount_to_capture(current, card.capture)
    change = {"checkout_id": current.checkout_id, "card": card.name, "now": now, "amount": amount, "currency": currency}
    connection.execute(sql.MARK_CAPTURED, change)
    captured = load_checkout(connection, current.checkout_id)
    book_payment(connection, captured, EntryKind.CAPTURE, now)
    events = [to_payment_event(captured, EventType.CAPTURED, now)]
    if card.delivery is Delivery.REVERSED:
        events.insert(0, to_payment_event(current, EventType.ACTION_REQUIRED, now - timedelta(seconds=1)))
    if card.disputed:
        opening = {"checkout_id": captured.checkout_id, "dispute_id": new_id("dp")}
        connection.execute(sql.OPEN_DISPUTE, opening)
        disputed = load_checkout(connection, captured.checkout_id)
        book_payment(connection, disputed, EntryKind.DISPUTE, now)
        events.append(to_payment_event(disputed, EventType.DISPUTE_OPENED, now))
    announce(connection, captured, events)


def _amount_to_capture(current: Checkout, capture_kind: Capture) -> tuple[int, str]:
    match capture_kind:
        case Capture.EXACT:
            return current.amount, current.currency
        case Capture.TOO_LITTLE:
            return max(1, current.amount - 1), current.currency
        case Capture.TOO_MUCH:
            return current.amount + 1, current.currency
        case Capture.OTHER_CURRENCY:
            return current.amount, "USD" if current.currency != "USD" else "EUR"
        case _:
            assert_never(capture_kind)


def book_payment(connection: sqlite3.Connection, checkout: Checkout, kind: EntryKind, now: datetime) -> None:
    """Add a ledger entry with the whole captured amount."""
    book_entry(
        connection,
        kind=kind,
        reference=checkout.reference,
        checkout_id=checkout.checkout_id,
        amount=checkout.captured_amount,
        currency=checkout.captured_currency or checkout.currency,
        now=now,
        dispute_id=checkout.dispute_id if kind is not EntryKind.CAPTURE else None,
    )
