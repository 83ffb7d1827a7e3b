"""A guest or registered account, and the roles it holds. Names and addresses are stored outside the log."""

from dataclasses import dataclass, replace
from typing import assert_never

from domain.decision import Changes, DecisionContext, StreamType, merge_changes
from domain.errors import AlreadyExists, GuestHasLoggedIn, Invalid, NotFound
from domain.role import holder_events
from domain.values import Role

GLOBAL_ROLES = frozenset({Role.SUPPORT, Role.ADMIN, Role.AUDITOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened:
    """An account was opened; a guest has no password yet."""

    guest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRegistered:
    """A guest chose a password; baskets and orders stay with the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolesChanged:
    """The account has exactly these roles in addition to customer from now on."""

    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestMerged:
    """The guest logged in: everything the guest had belongs to the account `into`, and the guest can no longer act."""

    into: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestReceived:
    """The account took over everything the guest had."""

    guest: str


AccountEvent = AccountOpened | AccountRegistered | RolesChanged | GuestMerged | GuestReceived


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAccount:
    """Not opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAccount:
    """An account and the roles it holds in addition to customer.

    `merged_into`: the account a guest logged in to. `guests`: the number of guests that logged in to this account.
    """

    guest: bool
    roles: frozenset[Role] = frozenset()
    merged_into: str | None = None
    guests: int = 0


Account = NoAccount | OpenAccount


def evolve(account: Account, event: AccountEvent) -> Account:
    """Return the account after `event`."""
    if isinstance(event, AccountOpened):
        return OpenAccount(guest=event.guest)
    assert isinstance(account, OpenAccount)
    match event:
        case AccountRegistered():
            return replace(account, guest=False)
        case RolesChanged():
            return replace(account, roles=frozenset(event.roles))
        case GuestMerged():
            return replace(account, merged_into=event.into)
        case GuestReceived():
            return replace(account, guests=account.guests + 1)
        case _:
            assert_never(event)


ACCOUNT: StreamType[Account] = StreamType("account", NoAccount(), evolve)


def require_account(context: DecisionContext, account: str) -> OpenAccount:
    """Return an account that exists.

    Raises:
        NotFound: it was never opened.
    """
    state = context.read(ACCOUNT, account)
    if isinstance(state, NoAccount):
        raise NotFound("There is no such account.")
    return state


def owns(context: DecisionContext, account: str, owner: str) -> bool:
    """Return whether `account` owns what `owner` claimed: they are equal, or the guest `owner` logged in to it."""
    return account == owner or current_owner(context, owner) == account


def has_guests(context: DecisionContext, account: str) -> bool:
    """Return whether a guest has logged in to an account."""
    state = context.read(ACCOUNT, account)
    return isinstance(state, OpenAccount) and state.guests > 0


def current_owner(context: DecisionContext, owner: str) -> str:
    """Return the account that owns what `owner` claimed: the one a guest logged in to, else `owner` itself."""
    state = context.read(ACCOUNT, owner)
    return state.merged_into or owner if isinstance(state, OpenAccount) else owner


def require_unmerged(context: DecisionContext, guest: str) -> None:
    """Refuse a command of a guest who has logged in.

    Raises:
        GuestHasLoggedIn: the guest was merged into an account.
    """
    if current_owner(context, guest) != guest:
        raise GuestHasLoggedIn("This guest has logged in; send the access token of the account.")


def require_registered(context: DecisionContext, account: str) -> None:
    """Refuse a role for a guest, whose account is inaccessible once its token expires.

    Raises:
        Invalid: the account is a guest.
    """
    state = context.read(ACCOUNT, account)
    if isinstance(state, OpenAccount) and state.guest:
        raise Invalid("A guest has to register before holding a role.")


def open_account(context: DecisionContext, account: str, *, guest: bool) -> Changes:
    """Open an account.

    Raises:
        AlreadyExists: the id is taken.
    """
    if not isinstance(context.read(ACCOUNT, account), NoAccount):
        raise AlreadyExists("The account exists.")
    return {ACCOUNT.stream(account): [AccountOpened(guest=guest)]}


def register(context: DecisionContext, account: str) -> Changes:
    """Register a guest as a customer; a second time records nothing.

    Raises:
        NotFound: no such account.
        GuestHasLoggedIn: the guest was merged into an account.
    """
    if not require_account(context, account).guest:
        return {}
    require_unmerged(context, account)
    return {ACCOUNT.stream(account): [AccountRegistered()]}


def add_role(context: DecisionContext, account: str, role: Role) -> Changes:
    """Give the account a role in addition to those it holds.

    Raises:
        NotFound, Invalid: see `change_roles`.
    """
    return change_roles(context, account, require_account(context, account).roles | {role})


def change_roles(context: DecisionContext, account: str, roles: frozenset[Role]) -> Changes:
    """Give the account exactly these roles; equal roles record nothing.

    Raises:
        NotFound: no such account.
        Invalid: a role that is held only within an organizer, or a guest account.
        LastHolder: no account would be admin.
    """
    state = require_account(context, account)
    if roles - GLOBAL_ROLES:
        raise Invalid("Every account is a customer; organizer and entry_manager are given within an organizer.")
    if roles:
        require_registered(context, account)
    if state.roles == roles:
        return {}
    changed: Changes = {ACCOUNT.stream(account): [RolesChanged(roles=tuple(sorted(roles)))]}
    return merge_changes(changed, holder_events(context, account, state.roles, roles))
