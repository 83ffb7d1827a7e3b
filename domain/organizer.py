"""The legal seller of events, and the roles of its members."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from domain.account import require_registered
from domain.decision import Changes, DecisionContext, StreamType
from domain.errors import AlreadyExists, Invalid, LastHolder, NotFound
from domain.values import Role

MEMBER_ROLES = frozenset({Role.ORGANIZER, Role.ENTRY_MANAGER})
MEMBERS_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizerFounded:
    """An organizer was added."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRolesChanged:
    """`account` has exactly these roles within the organizer from now on; none: it is no member."""

    account: str
    roles: tuple[Role, ...]


OrganizerEvent = OrganizerFounded | MemberRolesChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOrganizer:
    """Not founded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundedOrganizer:
    """An organizer and the roles of its members, by account."""

    name: str
    members: Mapping[str, frozenset[Role]] = field(default_factory=dict)


Organizer = NoOrganizer | FoundedOrganizer


def evolve(organizer: Organizer, event: OrganizerEvent) -> Organizer:
    """Return the organizer after `event`."""
    if isinstance(event, OrganizerFounded):
        return FoundedOrganizer(name=event.name)
    assert isinstance(organizer, FoundedOrganizer)
    match event:
        case MemberRolesChanged():
            members = {**organizer.members, event.account: frozenset(event.roles)}
            return replace(organizer, members={account: roles for account, roles in members.items() if roles})
        case _:
            assert_never(event)


ORGANIZER: StreamType[Organizer] = StreamType("organizer", NoOrganizer(), evolve)


def require_organizer(context: DecisionContext, organizer: str) -> FoundedOrganizer:
    """Return an organizer that exists.

    Raises:
        NotFound: it was never founded.
    """
    state = context.read(ORGANIZER, organizer)
    if isinstance(state, NoOrganizer):
        raise NotFound("There is no such organizer.")
    return state


def found_organizer(context: DecisionContext, organizer: str, name: str) -> Changes:
    """Add an organizer.

    Raises:
        AlreadyExists: the id is taken.
    """
    if not isinstance(context.read(ORGANIZER, organizer), NoOrganizer):
        raise AlreadyExists("The organizer exists.")
    return {ORGANIZER.stream(organizer): [OrganizerFounded(name=name)]}


def change_member(context: DecisionContext, organizer: str, account: str, roles: frozenset[Role]) -> Changes:
    """Give a member exactly these roles; the same roles record nothing.

    Raises:
        NotFound: no such organizer.
        Invalid: a role that is not held within an organizer, a guest account, or too many members.
        LastHolder: the organizer would have no member with the role ORGANIZER.
    """
    state = require_organizer(context, organizer)
    if roles - MEMBER_ROLES:
        raise Invalid("Within an organizer, a role is organizer or entry_manager.")
    if state.members.get(account, frozenset()) == roles:
        return {}
    if roles:
        require_registered(context, account)
    others = [held for member, held in state.members.items() if member != account]
    is_losing_organizer = Role.ORGANIZER in state.members.get(account, frozenset()) - roles
    if is_losing_organizer and not any(Role.ORGANIZER in held for held in others):
        raise LastHolder("This is the only organizer; add another organizer first.", role=Role.ORGANIZER.value)
    if account not in state.members and len(state.members) >= MEMBERS_MAX:
        raise Invalid(f"An organizer has at most {MEMBERS_MAX} members.")
    return {ORGANIZER.stream(organizer): [MemberRolesChanged(account=account, roles=tuple(sorted(roles)))]}
