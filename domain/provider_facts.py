"""What providers say about money, and which of it can be recorded and read again by every part."""

import re
from datetime import UTC, datetime

from domain.errors import Invalid

AMOUNT_STORED_MAX = 2**53
CURRENCY = re.compile(r"[A-Z]{3}")
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2201, 1, 1, tzinfo=UTC)


def is_storable(amount: int, currency: str, at: datetime) -> bool:
    """Say whether a sum is positive and fits every column and counter, and its currency and time are such."""
    return (
        0 < amount <= AMOUNT_STORED_MAX
        and CURRENCY.fullmatch(currency) is not None
        and at.tzinfo is not None
        and EARLIEST <= at < LATEST
    )


def require_storable(amount: int, currency: str, at: datetime) -> None:
    """Refuse what could not be recorded, or not be read again.

    Raises:
        Invalid
    """
    if not is_storable(amount, currency, at):
        raise Invalid(f"A provider's sum lies between 1 and {AMOUNT_STORED_MAX}, with a currency and a time.")
