"""What sentences are made of: times, amounts, lists and reasons."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from domain.currencies import DECIMALS, amount_text

REASONS: Mapping[str, str] = {
    "buyer": "because the buyer gave it up",
    "lapsed": "because its time had run out",
    "order_cancelled": "because the order was cancelled",
    "payment_refunded": "because the payment went back",
    "buyer_request": "because the buyer cancelled",
    "support": "because support cancelled it",
    "late_payment": "because the payment came too late",
    "already_paid": "because the order had been paid before",
    "wrong_amount": "because the amount was wrong",
    "performance_cancelled": "because the performance was cancelled",
    "limit_reached": "because the buyer had too many seats",
    "exception": "to end an exception",
    "illness": "because of illness",
    "weather": "because of the weather",
    "venue": "because of the venue",
    "safety": "for safety",
    "low_demand": "for want of demand",
    "house": "for the house",
    "technical": "for technical reasons",
    "sightline": "because one sees badly from it",
    "damaged": "because it is damaged",
    "press": "for the press",
    "other": "for another reason",
    "unreadable": "because the code could not be read",
    "forged": "because the code was forged",
    "unknown_ticket": "because there is no such ticket",
    "other_organizer": "because the ticket is for another organizer's house",
    "other_performance": "because the ticket is for another performance",
    "void": "because the ticket was void",
    "disputed": "because its payment is disputed",
    "already_used": "because somebody had entered with it",
    "too_early": "because it was too early",
    "too_late": "because it was too late",
    "device_required": "because scans must come from a registered device",
    "device_not_allowed": "because the device may not scan for this performance now",
    "scanned_by_mistake": "because it was scanned by mistake",
    "wrong_ticket": "because another ticket was meant",
    "device_fault": "because the device was at fault",
    "left_before_start": "because the holder left before the start",
    "house_cleared": "because the house was cleared",
}
"""A reason from a closed list → what it means, after a verb."""


def format_time(at: datetime) -> str:
    """Say when."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def format_reason(reason: str) -> str:
    """Say why."""
    return REASONS.get(reason) or f"because of {reason.replace('_', ' ')}"


def format_amount(minor: int, currency: str | None) -> str:
    """Say how much, with the currency's decimals; in minor units where the currency is not known."""
    if currency is not None and currency in DECIMALS:
        return amount_text(minor, currency)
    return f"{minor} in minor units"


def format_list(things: Iterable[str]) -> str:
    """Say several things."""
    return ", ".join(things)
