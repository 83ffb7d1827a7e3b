"""A guest logs in: the guest's baskets, orders, tickets and quota belong to the account from then on (record 22).

Every concurrent command conflicts with the merge in a stream that both write, or one writes and the other guards. The
merge writes the guest's account, which every command of the guest guards, and the buyer's stream, which every command
that takes quota writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.account import ACCOUNT, GuestMerged, GuestReceived, OpenAccount, require_account
from domain.buyer_quota import BUYER_QUOTA, BuyerQuotaMoved, BuyerQuotaReceived, BuyerQuotaReturned
from domain.decision import Changes, DecisionContext
from domain.errors import GuestHasLoggedIn, Invalid

GUESTS_PER_ACCOUNT_MAX = 1_000
PERFORMANCES_PER_MERGE_MAX = 100
SHARES_PER_MERGE_MAX = 150
"""A share takes at most two events; with one event for each performance the command stays within its limit of 500."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeGuest:
    """Transfer everything a guest has to an account; `performances`: those of which the guest took quota."""

    guest: str
    account: str
    performances: tuple[str, ...] = ()


def merge_guest(context: DecisionContext, command: MergeGuest) -> Changes:
    """Transfer everything a guest has to an account.

    One command moves a limited number of quota shares; repeating it moves the rest.

    Raises:
        NotFound: no such guest or account.
        Invalid: `guest` is registered, `account` is a guest, or the account has received too many guests.
        GuestHasLoggedIn: the guest logged in to another account.
    """
    guest, account = require_account(context, command.guest), require_account(context, command.account)
    if not guest.guest or account.guest:
        raise Invalid("A guest is merged into a registered account.")
    if guest.merged_into not in {None, command.account}:
        raise GuestHasLoggedIn("This guest has logged in to another account.")
    if len(command.performances) > PERFORMANCES_PER_MERGE_MAX:
        raise Invalid(f"At most {PERFORMANCES_PER_MERGE_MAX} performances can be named at once.")
    changes: dict[str, Sequence[Any]] = {}
    if guest.merged_into is None:
        changes.update(account_events(command, account))
    room = SHARES_PER_MERGE_MAX
    for performance in dict.fromkeys(command.performances):
        moved = quota_events(context, command, performance, room)
        room -= sum(map(len, moved.values()))
        changes.update(moved)
        if room <= 0:
            break
    return changes


def account_events(command: MergeGuest, account: OpenAccount) -> Changes:
    """Return the events of the two accounts' streams.

    Raises:
        Invalid: too many guests have logged in to the account.
    """
    if account.guests >= GUESTS_PER_ACCOUNT_MAX:
        raise Invalid(f"At most {GUESTS_PER_ACCOUNT_MAX} guests can be merged into one account.")
    return {
        ACCOUNT.stream(command.guest): [GuestMerged(into=command.account)],
        ACCOUNT.stream(command.account): [GuestReceived(guest=command.guest)],
    }


def quota_events(context: DecisionContext, command: MergeGuest, performance: str, room: int) -> Changes:
    """Return the events that move at most `room` shares of the guest's quota of one performance.

    A share that the account has of the same basket is kept: it is newer, as the account ordered or paid the basket.
    """
    quota = context.read(BUYER_QUOTA, command.guest, performance)
    own = context.read(BUYER_QUOTA, command.account, performance)
    if quota.moved_into is not None:
        return {}
    left = [(hold, share) for hold, share in quota.shares.items() if hold not in own.shares]
    received = [
        BuyerQuotaReceived(guest=command.guest, hold=hold, seats=share.seats, expires_at=share.expires_at)
        for hold, share in left[:room]
    ]
    returned = [BuyerQuotaReturned(hold=event.hold, seats=event.seats) for event in received]
    return {
        BUYER_QUOTA.stream(command.guest, performance): [BuyerQuotaMoved(into=command.account)]
        if len(left) <= room
        else returned,
        BUYER_QUOTA.stream(command.account, performance): received,
    }
