"""Disputes (chargebacks): the card's owner reclaims the money from the bank, which decides."""

from datetime import datetime

from sandbox_provider import sql
from sandbox_provider.captures import book_payment, load_checkout
from sandbox_provider.models import Checkout, DisputeStatus, EntryKind, EventType, NotPossible
from sandbox_provider.outbox import announce, to_payment_event
from sandbox_provider.sqlite_store import LedgerFile


class Disputes:
    """The disputes of a ledger; test cards open them, this class closes them."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file

    def close(self, checkout_id: str, now: datetime, *, won: bool) -> Checkout:
        """Close an open dispute; a won one returns the money to the shop, a lost one is an entry that moves no money.

        Raises:
            NotPossible: no dispute is open.
        """
        outcome, event_type = (
            (DisputeStatus.WON, EventType.DISPUTE_WON) if won else (DisputeStatus.LOST, EventType.DISPUTE_LOST)
        )
        with self._file.transaction() as connection:
            checkout = load_checkout(connection, checkout_id)
            if checkout.dispute is not DisputeStatus.OPENED:
                raise NotPossible("no_open_dispute", "This checkout has no open dispute.")
            connection.execute(sql.CLOSE_DISPUTE, {"checkout_id": checkout_id, "dispute": outcome})
            book_payment(connection, checkout, EntryKind.DISPUTE_RETURNED if won else EntryKind.DISPUTE_LOST, now)
            announce(connection, checkout, [to_payment_event(checkout, event_type, now)])
            return load_checkout(connection, checkout_id)
