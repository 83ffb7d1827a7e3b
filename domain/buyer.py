"""What one buyer has of one performance, over all baskets and orders: the stream that keeps the limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from domain.books import Books, Kind
from domain.errors import LimitReached
from domain.values import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerQuotaTaken:
    """A basket of `seats` seats counts against the limits until `expires_at`."""

    hold: str
    seats: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerQuotaExtended:
    """The basket's deadline moved."""

    hold: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerQuotaKept:
    """The basket was paid: its `seats` seats count for good."""

    hold: str
    order: str
    seats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerQuotaReturned:
    """`seats` seats of the basket or its order count no longer."""

    hold: str
    seats: int


BuyerEvent = BuyerQuotaTaken | BuyerQuotaExtended | BuyerQuotaKept | BuyerQuotaReturned


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One basket's part of the quota; `expires_at` is None once it is paid."""

    seats: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """The baskets and orders that count, by hold id."""

    shares: Mapping[str, Share] = field(default_factory=dict)


def evolve(buyer: Buyer, event: BuyerEvent) -> Buyer:
    """Return the buyer after `event`."""
    shares = dict(buyer.shares)
    match event:
        case BuyerQuotaTaken():
            shares[event.hold] = Share(seats=event.seats, expires_at=event.expires_at)
        case BuyerQuotaExtended():
            shares[event.hold] = Share(seats=shares[event.hold].seats, expires_at=event.expires_at)
        case BuyerQuotaKept():
            shares[event.hold] = Share(seats=event.seats, expires_at=None)
        case BuyerQuotaReturned():
            share = shares.pop(event.hold)
            if share.seats > event.seats:
                shares[event.hold] = Share(seats=share.seats - event.seats, expires_at=share.expires_at)
        case _:
            assert_never(event)
    return Buyer(shares=shares)


BUYER: Kind[Buyer] = Kind("buyer", Buyer(), evolve)


def check_limits(buyer: Buyer, limits: Limits, *, hold: str, seats: int, books: Books, paid: bool = False) -> None:
    """Judge whether the buyer may have `seats` seats in the basket `hold`, beside what counts already.

    Raises:
        LimitReached: one of the performance's limits would be exceeded; says which and what it is.
    """
    if limits.seats_per_buyer is None and limits.live_holds_per_buyer is None:
        return
    others = [share for other, share in buyer.shares.items() if other != hold]
    counting = [share for share in others if share.expires_at is None or not books.passed(share.expires_at)]
    if limits.seats_per_buyer is not None and seats + sum(share.seats for share in counting) > limits.seats_per_buyer:
        raise LimitReached(
            f"One buyer may have at most {limits.seats_per_buyer} seats of this performance.",
            limit="seats_per_buyer",
            allowed=limits.seats_per_buyer,
        )
    live = sum(share.expires_at is not None for share in counting)
    if not paid and limits.live_holds_per_buyer is not None and live >= limits.live_holds_per_buyer:
        raise LimitReached(
            f"One buyer may have at most {limits.live_holds_per_buyer} open baskets; order or release one first.",
            limit="live_holds_per_buyer",
            allowed=limits.live_holds_per_buyer,
        )


def returned(buyer: Buyer, *, hold: str, seats: int) -> list[BuyerEvent]:
    """Give back quota, as far as it still counts."""
    share = buyer.shares.get(hold)
    if share is None:
        return []
    return [BuyerQuotaReturned(hold=hold, seats=min(seats, share.seats))]
