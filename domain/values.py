"""The values that events and states are made of: places, lines, amounts, closed lists of reasons, derived ids."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

SEATS_PER_HOLD_MAX = 50
SEATS_PER_BLOCK_MAX = 250
"""Two events a seat at most: what it was ends, the block begins. A command has 500 events at most."""

AMOUNT_MAX = 10_000_000_00
TITLE_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 10_000
SEAT_KEY = re.compile(r"[a-z0-9]{1,12}")
ORDER_CODE_LENGTH = 10
MILLISECONDS_MAX = (1 << 48) - 1
_CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_READ_AS = str.maketrans("OIL", "011", " -#")


class Role(StrEnum):
    """What an account may do. Organizer and entry manager are held within one organizer."""

    CUSTOMER = "customer"
    ORGANIZER = "organizer"
    ENTRY_MANAGER = "entry_manager"
    SUPPORT = "support"
    ADMIN = "admin"
    AUDITOR = "auditor"


class ReleaseReason(StrEnum):
    """Why a hold gave its seat back."""

    BUYER = "buyer"
    LAPSED = "lapsed"
    ORDER_CANCELLED = "order_cancelled"
    PAYMENT_REFUNDED = "payment_refunded"
    PERFORMANCE_CANCELLED = "performance_cancelled"


class BlockReason(StrEnum):
    """Why staff took a seat off sale."""

    HOUSE = "house"
    TECHNICAL = "technical"
    SIGHTLINE = "sightline"
    DAMAGED = "damaged"
    PRESS = "press"
    OTHER = "other"


class RefundReason(StrEnum):
    """Why money goes back."""

    BUYER_REQUEST = "buyer_request"
    SUPPORT = "support"
    LATE_PAYMENT = "late_payment"
    ORDER_CANCELLED = "order_cancelled"
    ALREADY_PAID = "already_paid"
    WRONG_AMOUNT = "wrong_amount"
    PERFORMANCE_CANCELLED = "performance_cancelled"
    LIMIT_REACHED = "limit_reached"
    EXCEPTION = "exception"


class PerformanceCancelReason(StrEnum):
    """Why a performance does not take place."""

    ILLNESS = "illness"
    WEATHER = "weather"
    VENUE = "venue"
    SAFETY = "safety"
    LOW_DEMAND = "low_demand"
    OTHER = "other"


class OrderCancelReason(StrEnum):
    """Why an order was given up before it was confirmed."""

    BUYER = "buyer"
    SUPPORT = "support"
    PAYMENT_REFUNDED = "payment_refunded"
    PERFORMANCE_CANCELLED = "performance_cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """The tax inside one component, in minor units; `rate_bp` in hundredths of a percent."""

    code: str
    rate_bp: int
    amount: int


class ComponentKind(StrEnum):
    """What a part of a price is for."""

    FACE = "face"
    FEE = "fee"
    DISCOUNT = "discount"


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of a line's price, in minor units: gross = net + tax."""

    kind: ComponentKind
    net: int
    tax: tuple[Tax, ...] = ()
    gross: int
    refundable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is sold, with the labels of place and category it had when it was quoted (layouts change)."""

    seat: str
    area: str | None = None
    label: str
    category: str
    category_label: str = ""
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One place in a basket or an order, with the price it was promised at."""

    line_id: str
    performance: str
    place: Place
    ticket_type: str
    components: tuple[Component, ...]
    gross: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one buyer may take of a performance; None: no limit beside the hard cap."""

    seats_per_order: int | None = 8
    seats_per_buyer: int | None = 8
    live_holds_per_buyer: int | None = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRules:
    """What a performance demands at its gates; `registered_devices`: scans come from registered devices only.

    `disputed_tickets_admitted`: tickets whose payment the buyer's bank disputes, or took back, still admit.
    """

    registered_devices: bool = False
    disputed_tickets_admitted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a ticket type costs in a price category, in minor units, tax included."""

    category: str
    ticket_type: str = "adult"
    amount: int


def total(lines: Iterable[Line]) -> int:
    """Sum the lines' gross amounts, in minor units."""
    return sum(line.gross for line in lines)


def seats_of(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """Return (performance, seat key) of every line: the keys of their seat streams."""
    return [(line.performance, line.place.seat) for line in lines]


def derived_id(parent: str, *parts: str) -> str:
    """Return a UUIDv7 that depends on nothing but its arguments: the parent's time, the rest hashed.

    Source: RFC 9562 §5.7 for the layout; 74 bits of SHA-256 stand in for the random ones.
    """
    return uuid7_of(UUID(parent).int >> 80, parent, *parts)


def derived_id_at(moment: datetime, *parts: str) -> str:
    """Return a UUIDv7 of a moment that depends on nothing but its arguments; like `derived_id`, without a parent."""
    milliseconds = int(moment.timestamp() * 1000)
    return uuid7_of(min(max(milliseconds, 0), MILLISECONDS_MAX), *parts)


def uuid7_of(milliseconds: int, *parts: str) -> str:
    """Return the UUIDv7 of a time whose random bits are the hash of `parts`."""
    digest = hashlib.sha256("/".join(parts).encode(errors="surrogatepass")).digest()
    tail = int.from_bytes(digest[:10])
    bits = milliseconds << 80 | 0x7 << 76 | (tail >> 68) << 64 | 0b10 << 62 | tail & ((1 << 62) - 1)
    return str(UUID(int=bits))


def order_code(order: str) -> str:
    """Return the short code a person can read out, derived from the order's id (50 bits, Crockford's alphabet)."""
    number = int.from_bytes(hashlib.sha256(order.encode()).digest()[:8]) >> 14
    return "".join(_CODE_ALPHABET[number >> shift & 31] for shift in range(0, 5 * ORDER_CODE_LENGTH, 5))


def order_code_in(text: str) -> str | None:
    """Return the order code that a person typed: in small letters, in groups, with O for 0, I or L for 1."""
    code = text.upper().translate(_CODE_READ_AS)
    return code if len(code) == ORDER_CODE_LENGTH and set(code) <= set(_CODE_ALPHABET) else None
