"""The seats one buyer has of one performance, over all baskets and orders; the limits are checked against it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from domain.decision import Changes, DecisionContext, StreamType
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
    """The basket was paid: its `seats` seats count without a deadline."""

    hold: str
    order: str
    seats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerQuotaReturned:
    """`seats` seats of the basket or its order no longer count."""

    hold: str
    seats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerQuotaMoved:
    """The guest logged in to the account `into`, whose quota includes the guest's baskets from now on."""

    into: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaShare:
    """One basket's part of the quota; `expires_at` is None once it is paid."""

    seats: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerQuotaReceived:
    """A guest logged in: the guest's basket counts for this account; `expires_at` is None if it is paid."""

    guest: str
    hold: str
    seats: int
    expires_at: datetime | None


BuyerEvent = (
    BuyerQuotaTaken | BuyerQuotaExtended | BuyerQuotaKept | BuyerQuotaReturned | BuyerQuotaMoved | BuyerQuotaReceived
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerQuota:
    """The baskets and orders that count, by hold id; `moved_into`: the account that took over a guest's quota."""

    shares: Mapping[str, QuotaShare] = field(default_factory=dict)
    moved_into: str | None = None


def evolve(buyer: BuyerQuota, event: BuyerEvent) -> BuyerQuota:
    """Return the quota after `event`."""
    shares = dict(buyer.shares)
    match event:
        case BuyerQuotaTaken():
            shares[event.hold] = QuotaShare(seats=event.seats, expires_at=event.expires_at)
        case BuyerQuotaExtended():
            shares[event.hold] = QuotaShare(seats=shares[event.hold].seats, expires_at=event.expires_at)
        case BuyerQuotaKept():
            shares[event.hold] = QuotaShare(seats=event.seats, expires_at=None)
        case BuyerQuotaReturned():
            share = shares.pop(event.hold)
            if share.seats > event.seats:
                shares[event.hold] = QuotaShare(seats=share.seats - event.seats, expires_at=share.expires_at)
        case BuyerQuotaMoved():
            return BuyerQuota(moved_into=event.into)
        case BuyerQuotaReceived():
            shares[event.hold] = QuotaShare(seats=event.seats, expires_at=event.expires_at)
        case _:
            assert_never(event)
    return BuyerQuota(shares=shares, moved_into=buyer.moved_into)


BUYER_QUOTA: StreamType[BuyerQuota] = StreamType("buyer", BuyerQuota(), evolve)


def quota_of(context: DecisionContext, account: str, performance: str) -> tuple[str, BuyerQuota]:
    """Return (account, quota): the account whose quota counts the seats of `account`, and that quota."""
    buyer = context.read(BUYER_QUOTA, account, performance)
    if buyer.moved_into is None:
        return account, buyer
    return buyer.moved_into, context.read(BUYER_QUOTA, buyer.moved_into, performance)


def quota_moved_events(context: DecisionContext, *, hold: str, owner: str, account: str, performance: str) -> Changes:
    """Return the events that move a guest's share of a basket to the account that orders it.

    There are none if the share counts for the account already, or no longer counts.
    """
    counted_by, quota = quota_of(context, owner, performance)
    share = quota.shares.get(hold)
    if counted_by == account or share is None:
        return {}
    context.read(BUYER_QUOTA, account, performance)
    received = BuyerQuotaReceived(guest=owner, hold=hold, seats=share.seats, expires_at=share.expires_at)
    return {
        BUYER_QUOTA.stream(counted_by, performance): [BuyerQuotaReturned(hold=hold, seats=share.seats)],
        BUYER_QUOTA.stream(account, performance): [received],
    }


def check_limits(buyer: BuyerQuota, limits: Limits, *, hold: str, seats: int, context: DecisionContext) -> None:
    """Check that the buyer may take `seats` more seats in a new basket.

    Raises:
        LimitReached: one of the performance's limits would be exceeded; the error names it and its value.
    """
    if limits.seats_per_buyer is None and limits.live_holds_per_buyer is None:
        return
    others = counting_shares(buyer, hold, context)
    check_seats_per_buyer(limits, seats + sum(share.seats for share in others))
    live = sum(share.expires_at is not None for share in others)
    if limits.live_holds_per_buyer is not None and live >= limits.live_holds_per_buyer:
        raise LimitReached(
            f"One buyer may have at most {limits.live_holds_per_buyer} open baskets; order or release one first.",
            limit="live_holds_per_buyer",
            allowed=limits.live_holds_per_buyer,
        )


def check_paid_limits(buyer: BuyerQuota, limits: Limits, *, hold: str, seats: int, context: DecisionContext) -> None:
    """Check that the buyer may keep a paid basket.

    A basket that still has its share of the quota passed the check when it was held; a limit lowered since does not
    apply to it. A basket that had lapsed is checked only together with seats the buyer took since, because alone it
    was within the limits.

    Raises:
        LimitReached: the seats per buyer would be exceeded.
    """
    if limits.seats_per_buyer is None or has_share(buyer, hold, context):
        return
    others = sum(share.seats for share in counting_shares(buyer, hold, context))
    if others:
        check_seats_per_buyer(limits, seats + others)


def counting_shares(buyer: BuyerQuota, hold: str, context: DecisionContext) -> list[QuotaShare]:
    """Return the shares of all other baskets that are paid or live."""
    return [share for other, share in buyer.shares.items() if other != hold and is_counting(share, context)]


def is_counting(share: QuotaShare, context: DecisionContext) -> bool:
    """Return whether a share counts against the limits: it is paid, or its deadline has not passed."""
    return share.expires_at is None or not context.deadline_passed(share.expires_at)


def has_share(buyer: BuyerQuota, hold: str, context: DecisionContext) -> bool:
    """Return whether a basket still has its share of the quota."""
    share = buyer.shares.get(hold)
    return share is not None and is_counting(share, context)


def check_seats_per_buyer(limits: Limits, seats: int) -> None:
    """Check the limit of seats per buyer.

    Raises:
        LimitReached: `seats` is above the limit.
    """
    if limits.seats_per_buyer is not None and seats > limits.seats_per_buyer:
        raise LimitReached(
            f"One buyer may have at most {limits.seats_per_buyer} seats of this performance.",
            limit="seats_per_buyer",
            allowed=limits.seats_per_buyer,
        )


def quota_returned_events(buyer: BuyerQuota, *, hold: str, seats: int) -> list[BuyerEvent]:
    """Return the events that give back up to `seats` seats of a basket; none if its share no longer counts."""
    share = buyer.shares.get(hold)
    if share is None:
        return []
    return [BuyerQuotaReturned(hold=hold, seats=min(seats, share.seats))]
