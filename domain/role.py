"""The holders of a role that must never be empty: one stream records every grant and withdrawal of it."""

from dataclasses import dataclass
from typing import assert_never

from domain.decision import Changes, DecisionContext, StreamType
from domain.errors import LastHolder
from domain.values import Role

ALWAYS_HELD = (Role.ADMIN,)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGranted:
    """The account holds the role from now on."""

    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleWithdrawn:
    """The account no longer holds the role."""

    account: str


RoleEvent = RoleGranted | RoleWithdrawn


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleHolders:
    """The accounts that hold the role."""

    accounts: frozenset[str] = frozenset()


def evolve(holders: RoleHolders, event: RoleEvent) -> RoleHolders:
    """Return the holders after `event`."""
    match event:
        case RoleGranted():
            return RoleHolders(accounts=holders.accounts | {event.account})
        case RoleWithdrawn():
            return RoleHolders(accounts=holders.accounts - {event.account})
        case _:
            assert_never(event)


ROLE: StreamType[RoleHolders] = StreamType("role", RoleHolders(), evolve)


def holder_events(context: DecisionContext, account: str, before: frozenset[Role], after: frozenset[Role]) -> Changes:
    """Return the events that a change of an account's roles records for the roles in `ALWAYS_HELD`.

    Raises:
        LastHolder: no other account holds a role that is withdrawn.
    """
    changes: dict[str, list[RoleEvent]] = {}
    for role in ALWAYS_HELD:
        if role in after - before:
            context.read(ROLE, role)
            changes[ROLE.stream(role)] = [RoleGranted(account=account)]
        elif role in before - after:
            if context.read(ROLE, role).accounts <= {account}:
                raise LastHolder(f"This is the only {role}; give another account the role first.", role=role.value)
            changes[ROLE.stream(role)] = [RoleWithdrawn(account=account)]
    return changes
