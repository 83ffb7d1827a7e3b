"""How does an account begin, and which roles may it hold? (A guest who logs in: `decisions/test_guest_merge.py`.)"""

import pytest

from domain.account import (
    ACCOUNT,
    AccountOpened,
    AccountRegistered,
    RolesChanged,
    add_role,
    change_roles,
    open_account,
    register,
)
from domain.errors import AlreadyExists, Invalid, NotFound
from domain.values import Role
from tests.support.scenario import Scenario

account = Scenario().on(ACCOUNT.stream("ann"))
OPENED = AccountOpened(guest=False)
GUEST = AccountOpened(guest=True)
SUPPORT = frozenset({Role.SUPPORT})


class TestOpenAccount:
    @pytest.mark.parametrize("guest", [True, False])
    def test_given_a_new_id_then_it_is_opened(self, *, guest: bool) -> None:
        account.when(open_account, "ann", guest=guest).then(AccountOpened(guest=guest))

    def test_given_an_id_that_is_taken_then_it_is_refused(self) -> None:
        account.given(OPENED).when(open_account, "ann", guest=False).then_refused(AlreadyExists)


class TestRegister:
    def test_given_a_guest_then_it_is_registered_once(self) -> None:
        account.given(GUEST).when(register, "ann").then(AccountRegistered())
        account.given(GUEST, AccountRegistered()).when(register, "ann").then_nothing()

    def test_given_a_registered_account_then_nothing(self) -> None:
        account.given(OPENED).when(register, "ann").then_nothing()

    def test_given_no_such_account_then_it_is_not_found(self) -> None:
        account.when(register, "ann").then_refused(NotFound)


class TestChangeRoles:
    def test_given_other_roles_then_it_holds_exactly_these(self) -> None:
        account.given(OPENED).when(change_roles, "ann", SUPPORT).then(RolesChanged(roles=(Role.SUPPORT,)))

    def test_given_the_same_roles_then_nothing(self) -> None:
        account.given(OPENED, RolesChanged(roles=(Role.SUPPORT,))).when(change_roles, "ann", SUPPORT).then_nothing()

    def test_given_a_role_beside_others_then_it_holds_both(self) -> None:
        given = account.given(OPENED, RolesChanged(roles=(Role.AUDITOR,)))
        given.when(add_role, "ann", Role.SUPPORT).then(RolesChanged(roles=(Role.AUDITOR, Role.SUPPORT)))

    @pytest.mark.parametrize("role", [Role.CUSTOMER, Role.ORGANIZER, Role.ENTRY_MANAGER])
    def test_given_a_role_that_is_held_within_an_organizer_or_by_all_then_it_is_refused(self, role: Role) -> None:
        account.given(OPENED).when(change_roles, "ann", frozenset({role})).then_refused(Invalid)

    def test_given_a_guest_then_it_is_refused(self) -> None:
        account.given(GUEST).when(change_roles, "ann", SUPPORT).then_refused(Invalid)

    def test_given_no_such_account_then_it_is_not_found(self) -> None:
        account.when(change_roles, "ann", SUPPORT).then_refused(NotFound)
