"""Somebody always holds the role admin, and every organizer with an organizer keeps one."""

import pytest

from domain.account import ACCOUNT, AccountOpened, RolesChanged, change_roles
from domain.errors import Invalid, LastHolder
from domain.organizer import ORGANIZER, MemberRolesChanged, OrganizerFounded, change_member
from domain.role import ROLE, RoleGranted, RoleWithdrawn
from domain.values import Role
from tests.support.scenario import Scenario

NONE: frozenset[Role] = frozenset()
ADMIN = frozenset({Role.ADMIN})
OPENED = (
    Scenario()
    .given(ACCOUNT.stream("ann"), AccountOpened(guest=False))
    .given(ACCOUNT.stream("bob"), AccountOpened(guest=False))
)
FOUNDED = Scenario().given(ORGANIZER.stream("o"), OrganizerFounded(name="Globe"))


class TestAdmins:
    def test_given_the_only_admin_then_the_role_stays(self) -> None:
        only = OPENED.given_done(change_roles, account="ann", roles=ADMIN)
        only.when(change_roles, account="ann", roles=frozenset({Role.SUPPORT})).then_refused(LastHolder, role="admin")

    def test_given_another_admin_then_one_may_go(self) -> None:
        both = OPENED.given_done(change_roles, account="ann", roles=ADMIN)
        both = both.given_done(change_roles, account="bob", roles=ADMIN)
        both.when(change_roles, account="ann", roles=NONE).then(RolesChanged(roles=()), RoleWithdrawn(account="ann"))
        alone = both.given_done(change_roles, account="ann", roles=NONE)
        alone.when(change_roles, account="bob", roles=NONE).then_refused(LastHolder)

    def test_given_a_grant_then_every_holder_meets_in_one_stream(self) -> None:
        result = OPENED.when(change_roles, account="ann", roles=ADMIN | {Role.AUDITOR})
        result.then_on(ROLE.stream(Role.ADMIN), RoleGranted(account="ann"))

    def test_given_a_role_that_nobody_needs_to_hold_then_it_may_go(self) -> None:
        auditor = OPENED.given_done(change_roles, account="ann", roles=frozenset({Role.AUDITOR}))
        auditor.when(change_roles, account="ann", roles=NONE).then(RolesChanged(roles=()))


class TestOrganizers:
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
