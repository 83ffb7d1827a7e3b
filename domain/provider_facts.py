"""Limits on the amounts, currencies and times that providers report, so that every consumer can store them."""

import re
from datetime import UTC, datetime

from domain.errors import Invalid

AMOUNT_STORED_MAX = 2**53
CURRENCY = re.compile(r"[A-Z]{3}")
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2201, 1, 1, tzinfo=UTC)


def is_storable(amount: int, currency: str, at: datetime) -> bool:
    """Return whether an amount is positive and fits every column, its currency is a code, and its time is in range."""
    return (
        0 < amount <= AMOUNT_STORED_MAX
        and CURRENCY.fullmatch(currency) is not None
        and at.tzinfo is not None
        and EARLIEST <= at < LATEST
    )


def require_storable(amount: int, currency: str, at: datetime) -> None:
    """Refuse what could not be stored or read again.

    Raises:
        Invalid: see `is_storable`.
    """
    if not is_storable(amount, currency, at):
        raise Invalid(f"A provider's amount must be 1 to {AMOUNT_STORED_MAX}, with a currency code and an aware time.")
