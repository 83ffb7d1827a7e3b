"""Which role must some account always hold?"""

from domain.account import ACCOUNT, AccountOpened, RolesChanged, change_roles
from domain.errors import LastHolder
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


class TestChangeRoles:
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

    def test_given_a_role_that_need_not_be_held_then_it_may_go(self) -> None:
        auditor = OPENED.given_done(change_roles, account="ann", roles=frozenset({Role.AUDITOR}))
        auditor.when(change_roles, account="ann", roles=NONE).then(RolesChanged(roles=()))
