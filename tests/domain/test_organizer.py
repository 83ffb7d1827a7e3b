"""Who may act for an organizer?"""

import pytest

from domain.account import ACCOUNT, AccountOpened
from domain.errors import AlreadyExists, Invalid, LastHolder, NotFound
from domain.organizer import (
    MEMBERS_MAX,
    ORGANIZER,
    MemberRolesChanged,
    OrganizerFounded,
    change_member,
    found_organizer,
)
from domain.values import Role
from tests.support.scenario import Scenario

NONE: frozenset[Role] = frozenset()
FOUNDED = Scenario().given(ORGANIZER.stream("o"), OrganizerFounded(name="Globe"))


class TestFoundOrganizer:
    def test_given_a_new_id_then_it_is_founded_and_a_taken_id_is_refused(self) -> None:
        Scenario().when(found_organizer, "o", "Globe").then(OrganizerFounded(name="Globe"))
        FOUNDED.when(found_organizer, "o", "Globe").then_refused(AlreadyExists)


class TestChangeMember:
    @pytest.mark.parametrize("roles", [NONE, frozenset({Role.ENTRY_MANAGER})])
    def test_given_the_only_organizer_then_the_role_stays(self, roles: frozenset[Role]) -> None:
        founded = FOUNDED.given_done(change_member, "o", "ann", frozenset({Role.ORGANIZER}))
        founded = founded.given_done(change_member, "o", "gate", frozenset({Role.ENTRY_MANAGER}))
        founded.when(change_member, "o", "ann", roles).then_refused(LastHolder)

    def test_given_another_organizer_then_one_may_go(self) -> None:
        both = FOUNDED.given_done(change_member, "o", "ann", frozenset({Role.ORGANIZER}))
        both = both.given_done(change_member, "o", "bob", frozenset({Role.ORGANIZER, Role.ENTRY_MANAGER}))
        both.when(change_member, "o", "ann", NONE).then(MemberRolesChanged(account="ann", roles=()))

    def test_given_no_organizer_yet_then_an_entry_manager_may_come_and_go(self) -> None:
        gate = FOUNDED.given_done(change_member, "o", "gate", frozenset({Role.ENTRY_MANAGER}))
        gate.when(change_member, "o", "gate", NONE).then(MemberRolesChanged(account="gate", roles=()))

    @pytest.mark.parametrize("role", [Role.ORGANIZER, Role.ENTRY_MANAGER])
    def test_given_a_guest_then_it_gets_no_role_and_loses_one_that_it_has(self, role: Role) -> None:
        guest = FOUNDED.given(ACCOUNT.stream("guest"), AccountOpened(guest=True))
        guest.when(change_member, "o", "guest", frozenset({role})).then_refused(Invalid)
        member = guest.given(ORGANIZER.stream("o"), MemberRolesChanged(account="guest", roles=(Role.ENTRY_MANAGER,)))
        member.when(change_member, "o", "guest", NONE).then(MemberRolesChanged(account="guest", roles=()))

    def test_given_the_same_roles_then_nothing(self) -> None:
        founded = FOUNDED.given_done(change_member, "o", "ann", frozenset({Role.ORGANIZER}))
        founded.when(change_member, "o", "ann", frozenset({Role.ORGANIZER})).then_nothing()

    @pytest.mark.parametrize("role", sorted(set(Role) - {Role.ORGANIZER, Role.ENTRY_MANAGER}))
    def test_given_a_role_that_no_member_holds_then_it_is_refused(self, role: Role) -> None:
        FOUNDED.when(change_member, "o", "ann", frozenset({role})).then_refused(Invalid)

    def test_given_as_many_members_as_it_may_have_then_another_is_refused(self) -> None:
        gate = (Role.ENTRY_MANAGER,)
        members = [MemberRolesChanged(account=str(number), roles=gate) for number in range(MEMBERS_MAX)]
        full = FOUNDED.given(ORGANIZER.stream("o"), *members)
        full.when(change_member, "o", "one more", frozenset(gate)).then_refused(Invalid)

    def test_given_no_such_organizer_then_it_is_not_found(self) -> None:
        Scenario().when(change_member, "o", "ann", frozenset({Role.ORGANIZER})).then_refused(NotFound)
