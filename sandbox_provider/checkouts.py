"""Checkouts from opening to capture: each step is one transaction with its money entries, events and webhooks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from sandbox_provider import sql
from sandbox_provider.captures import (
    capture,
    checkout_of_reference,
    expire_checkout,
    load_checkout,
    refuse,
    require_confirmation,
)
from sandbox_provider.cards import BankAnswer, Card, find_card_by_name
from sandbox_provider.models import Checkout, CheckoutStatus, NotAcceptable, NotPossible
from sandbox_provider.outbox import new_id
from sandbox_provider.sqlite_store import LedgerFile

CHECKOUT_LIFE_MAX = timedelta(days=31)
DUE_AT_ONCE_MAX = 100
CONFIRMATION_REFUSED = "confirmation_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequest:
    """A shop's request for a checkout; `reference` is the shop's id and the idempotency key."""

    reference: str
    amount: int
    currency: str
    expires_at: datetime
    return_url: str
    description: str


class Checkouts:
    """The checkouts of a ledger; times are given by the caller."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file

    def open(self, request: CheckoutRequest, now: datetime) -> Checkout:
        """Open the checkout of a reference, or return the existing one.

        Raises:
            NotPossible: the reference has another amount or currency.
            NotAcceptable: `expires_at` is in the past, or more than `CHECKOUT_LIFE_MAX` ahead.
        """
        with self._file.transaction() as connection:
            known = checkout_of_reference(connection, request.reference)
            if known is not None:
                if (known.amount, known.currency) != (request.amount, request.currency):
                    raise NotPossible("reference_reused", "This reference was used for another amount or currency.")
                return known
            if not now < request.expires_at <= now + CHECKOUT_LIFE_MAX:
                raise NotAcceptable("bad_expiry", "expires_at must be in the future, at most 31 days ahead.")
            checkout_id = new_id("co")
            connection.execute(
                sql.INSERT_CHECKOUT,
                {
                    "checkout_id": checkout_id,
                    "reference": request.reference,
                    "amount": request.amount,
                    "currency": request.currency,
                    "description": request.description,
                    "return_url": request.return_url,
                    "now": now,
                    "expires_at": request.expires_at,
                },
            )
            return load_checkout(connection, checkout_id)

    def find(self, checkout_id: str) -> Checkout:
        """Return one checkout, or raise NotFound."""
        with self._file.transaction() as connection:
            return load_checkout(connection, checkout_id)

    def find_by_reference(self, reference: str) -> Checkout | None:
        """Return the checkout of a reference; None if there is none."""
        with self._file.transaction() as connection:
            return checkout_of_reference(connection, reference)

    def pay(self, checkout_id: str, card: Card, now: datetime, *, late_capture_delay: timedelta) -> Checkout:
        """Use a card for a checkout; the result depends on the test card.

        Args:
            late_capture_delay: time between the checkout's expiry and the capture, for a card that is captured late.

        Raises:
            NotPossible: the checkout has ended, or another card was accepted.
        """
        with self._file.transaction() as connection:
            checkout = load_checkout(connection, checkout_id)
            _check_payable(checkout, now)
            match card.answer:
                case BankAnswer.CAPTURE:
                    capture(connection, checkout, card, now)
                case BankAnswer.REFUSE:
                    refuse(connection, checkout, card, card.failure or card.name, now)
                case BankAnswer.ASK:
                    require_confirmation(connection, checkout, card, now)
                case BankAnswer.LATER:
                    due_at = checkout.expires_at + late_capture_delay
                    connection.execute(
                        sql.MARK_CAPTURE_DUE, {"checkout_id": checkout_id, "card": card.name, "due_at": due_at}
                    )
                case _:
                    assert_never(card.answer)
            return load_checkout(connection, checkout_id)

    def confirm(self, checkout_id: str, now: datetime, *, approved: bool) -> Checkout:
        """Confirm or refuse the payment in the second step.

        Raises:
            NotPossible: no confirmation is required, or the checkout has ended.
        """
        with self._file.transaction() as connection:
            checkout = load_checkout(connection, checkout_id)
            if checkout.status is not CheckoutStatus.ACTION_REQUIRED or checkout.expires_at <= now:
                raise NotPossible("nothing_to_confirm", "This checkout requires no confirmation.")
            if approved:
                capture(connection, checkout, find_card_by_name(checkout.card), now)
            else:
                refuse(connection, checkout, find_card_by_name(checkout.card), CONFIRMATION_REFUSED, now)
            return load_checkout(connection, checkout_id)

    def expire(self, checkout_id: str, now: datetime) -> Checkout:
        """Expire an unpaid checkout early; one that has ended is unchanged."""
        with self._file.transaction() as connection:
            checkout = load_checkout(connection, checkout_id)
            if checkout.status in {CheckoutStatus.OPEN, CheckoutStatus.ACTION_REQUIRED}:
                expire_checkout(connection, checkout, now)
            return load_checkout(connection, checkout_id)

    def capture_now(self, checkout_id: str, now: datetime) -> Checkout:
        """Capture a checkout whose capture is due later, without waiting.

        Raises:
            NotPossible: no capture is due.
        """
        with self._file.transaction() as connection:
            checkout = load_checkout(connection, checkout_id)
            if checkout.capture_due_at is None:
                raise NotPossible("nothing_to_capture", "This checkout has no capture due.")
            capture(connection, checkout, find_card_by_name(checkout.card), now)
            return load_checkout(connection, checkout_id)

    def settle_due(self, now: datetime) -> int:
        """Expire and capture due checkouts, oldest first; return their number."""
        with self._file.transaction() as connection:
            moment = {"now": now, "limit": DUE_AT_ONCE_MAX}
            expiring = [Checkout(**row) for row in connection.execute(sql.CHECKOUTS_EXPIRING, moment)]
            for checkout in expiring:
                expire_checkout(connection, checkout, now)
            due = [Checkout(**row) for row in connection.execute(sql.CHECKOUTS_CAPTURE_DUE, moment)]
            for checkout in due:
                capture(connection, checkout, find_card_by_name(checkout.card), now)
            return len(expiring) + len(due)


def _check_payable(checkout: Checkout, now: datetime) -> None:
    if checkout.status is CheckoutStatus.EXPIRED or checkout.expires_at <= now:
        raise NotPossible("checkout_expired", "This checkout has expired; nothing was charged.")
    if checkout.status is not CheckoutStatus.OPEN or checkout.card is not None:
        raise NotPossible("checkout_ended", "A card was already used for this checkout.")
