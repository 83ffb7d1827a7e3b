"""A guest logs in: baskets, orders, tickets and quota of the guest are the account's from then on (record 22).

The merge meets every rival in a stream that one writes and the other guards or writes: what the guest does guards the
guest's account, which the merge writes; what counts for a quota is written to the buyer's stream, which the merge
writes, too.
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
"""Two events each at most: with one for each performance they fit into one command, which has 500 at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeGuest:
    """The instruction to give an account what a guest has; `performances`: those of which the guest took quota."""

    guest: str
    account: str
    performances: tuple[str, ...] = ()


def merge_guest(context: DecisionContext, command: MergeGuest) -> Changes:
    """Give an account what a guest has; again, it moves the quota that is left, as much as one command takes.

    Raises:
        NotFound: no such guest or account.
        Invalid: the guest is none, the account is one, or it has received too many.
        GuestHasLoggedIn: the guest logged in to another account.
    """
    guest, account = require_account(context, command.guest), require_account(context, command.account)
    if not guest.guest or account.guest:
        raise Invalid("A guest is merged into a registered account.")
    if guest.merged_into not in {None, command.account}:
        raise GuestHasLoggedIn("This guest has logged in to another account.")
    if len(command.performances) > PERFORMANCES_PER_MERGE_MAX:
        raise Invalid(f"The quota of at most {PERFORMANCES_PER_MERGE_MAX} performances is moved at once.")
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
    """Return what the accounts' own streams record.

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
    """Move the guest's quota of one performance, at most `room` baskets of it; quota that has moved stays where it is.

    The account's own share of a basket, if it has one, is newer: it ordered or paid the guest's basket meanwhile.
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
    parted = [BuyerQuotaReturned(hold=event.hold, seats=event.seats) for event in received]
    return {
        BUYER_QUOTA.stream(command.guest, performance): [BuyerQuotaMoved(into=command.account)]
        if len(left) <= room
        else parted,
        BUYER_QUOTA.stream(command.account, performance): received,
    }
