"""Value types shared by events and states: places, lines, amounts, enumerated reasons, derived ids."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

SEATS_PER_HOLD_MAX = 50
SEATS_PER_BLOCK_MAX = 250
"""A block takes at most two events a seat (its former state ends, the block begins); a command holds at most 500."""

AMOUNT_MAX = 10_000_000_00
TITLE_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 10_000
SEAT_KEY = re.compile(r"[a-z0-9]{1,12}")
ORDER_CODE_LENGTH = 10
MILLISECONDS_MAX = (1 << 48) - 1
_CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_READ_AS = str.maketrans("OIL", "011", " -#")


class Role(StrEnum):
    """A role of an account. ORGANIZER and ENTRY_MANAGER are held within one organizer, the others globally."""

    CUSTOMER = "customer"
    ORGANIZER = "organizer"
    ENTRY_MANAGER = "entry_manager"
    SUPPORT = "support"
    ADMIN = "admin"
    AUDITOR = "auditor"


class ReleaseReason(StrEnum):
    """Why a hold released its seat."""

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
    """Why a refund is made."""

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
    """Why an order was cancelled before it was confirmed."""

    BUYER = "buyer"
    SUPPORT = "support"
    PAYMENT_REFUNDED = "payment_refunded"
    PERFORMANCE_CANCELLED = "performance_cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """The tax included in one component, in minor units; `rate_bp` in hundredths of a percent."""

    code: str
    rate_bp: int
    amount: int


class ComponentKind(StrEnum):
    """The purpose of a price component."""

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
    """The thing sold, with the labels of place and category as they were when it was quoted (layouts change)."""

    seat: str
    area: str | None = None
    label: str
    category: str
    category_label: str = ""
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One place in a basket or an order, with its quoted price in minor units; `gross` sums the components."""

    line_id: str
    performance: str
    place: Place
    ticket_type: str
    components: tuple[Component, ...]
    gross: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many seats and holds one buyer may take of a performance; None: only the hard cap applies."""

    seats_per_order: int | None = 8
    seats_per_buyer: int | None = 8
    live_holds_per_buyer: int | None = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRules:
    """The entry rules of a performance; `registered_devices`: scans are accepted from registered devices only.

    `disputed_tickets_admitted`: tickets admit even if their payment is disputed or the dispute was lost.
    """

    registered_devices: bool = False
    disputed_tickets_admitted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The price of a ticket type in a price category, in minor units, tax included."""

    category: str
    ticket_type: str = "adult"
    amount: int


def total(lines: Iterable[Line]) -> int:
    """Return the sum of the lines' gross amounts, in minor units."""
    return sum(line.gross for line in lines)


def seats_of(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """Return (performance, seat key) of every line: the keys of their seat streams."""
    return [(line.performance, line.place.seat) for line in lines]


def derived_id(parent: str, *parts: str) -> str:
    """Return a deterministic UUIDv7: the time of `parent` (a UUIDv7), and a hash of `parent` and `parts`.

    Source: RFC 9562 §5.7 for the layout; 74 bits of SHA-256 replace the random bits.
    """
    return uuid7_of(UUID(parent).int >> 80, parent, *parts)


def derived_id_at(moment: datetime, *parts: str) -> str:
    """Return a deterministic UUIDv7 of `moment` and a hash of `parts`; like `derived_id`, without a parent."""
    milliseconds = int(moment.timestamp() * 1000)
    return uuid7_of(min(max(milliseconds, 0), MILLISECONDS_MAX), *parts)


def uuid7_of(milliseconds: int, *parts: str) -> str:
    """Return the UUIDv7 of a time in milliseconds since 1970, with the hash of `parts` as its random bits."""
    digest = hashlib.sha256("/".join(parts).encode(errors="surrogatepass")).digest()
    tail = int.from_bytes(digest[:10])
    bits = milliseconds << 80 | 0x7 << 76 | (tail >> 68) << 64 | 0b10 << 62 | tail & ((1 << 62) - 1)
    return str(UUID(int=bits))


def order_code(order: str) -> str:
    """Return the order's short, human-readable code: 50 bits hashed from its id, in Crockford's base-32 alphabet."""
    number = int.from_bytes(hashlib.sha256(order.encode()).digest()[:8]) >> 14
    return "".join(_CODE_ALPHABET[number >> shift & 31] for shift in range(0, 5 * ORDER_CODE_LENGTH, 5))


def order_code_in(text: str) -> str | None:
    """Return the order code that `text` contains, or None.

    Accepts lower case, spaces, `-` and `#` between groups, O for 0, and I or L for 1.
    """
    code = text.upper().translate(_CODE_READ_AS)
    return code if len(code) == ORDER_CODE_LENGTH and set(code) <= set(_CODE_ALPHABET) else None
