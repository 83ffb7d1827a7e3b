"""Formatting of times, amounts, lists and reasons in sentences."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from domain.currencies import DECIMALS, amount_text

REASONS: Mapping[str, str] = {
    "buyer": "at the buyer's request",
    "lapsed": "because its deadline had passed",
    "order_cancelled": "because the order was cancelled",
    "payment_refunded": "because the payment was refunded",
    "buyer_request": "at the buyer's request",
    "support": "because support cancelled it",
    "late_payment": "because the payment was late",
    "already_paid": "because the order was already paid",
    "wrong_amount": "because the amount was wrong",
    "performance_cancelled": "because the performance was cancelled",
    "limit_reached": "because the buyer's seat limit was reached",
    "exception": "to resolve an exception",
    "illness": "because of illness",
    "weather": "because of the weather",
    "venue": "because of the venue",
    "safety": "for safety",
    "low_demand": "because of low demand",
    "house": "for house seats",
    "technical": "for technical reasons",
    "sightline": "because of its restricted view",
    "damaged": "because it is damaged",
    "press": "for the press",
    "other": "for another reason",
    "unreadable": "because the code could not be read",
    "forged": "because the code was forged",
    "unknown_ticket": "because there is no such ticket",
    "other_organizer": "because the ticket is for another organizer's performance",
    "other_performance": "because the ticket is for another performance",
    "void": "because the ticket was void",
    "disputed": "because its payment is disputed",
    "already_used": "because the ticket had been used",
    "too_early": "because it was too early",
    "too_late": "because it was too late",
    "device_required": "because scans must come from a registered device",
    "device_not_allowed": "because the device was not allowed to scan for this performance at that time",
    "scanned_by_mistake": "because it was scanned by mistake",
    "wrong_ticket": "because another ticket was meant",
    "device_fault": "because of a device fault",
    "left_before_start": "because the holder left before the start",
    "house_cleared": "because the venue was cleared",
}
"""Reason code → phrase that follows a verb."""


def format_time(at: datetime) -> str:
    """Return a time in UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def format_reason(reason: str) -> str:
    """Return the phrase for a reason code."""
    return REASONS.get(reason) or f"because of {reason.replace('_', ' ')}"


def format_amount(minor: int, currency: str | None) -> str:
    """Return an amount with its currency and decimals; in minor units if the currency is unknown."""
    if currency is not None and currency in DECIMALS:
        return amount_text(minor, currency)
    return f"{minor} in minor units"


def format_list(items: Iterable[str]) -> str:
    """Join items with commas."""
    return ", ".join(items)
