"""Access rules: the only place where the roles of routes are declared and checked.

`routing.GuardedRoute` looks up the rule of its route; a route without a rule cannot be created, and a rule without a
route stops the start. The check precedes reading the body. Where the path names an event, venue, layout, performance or
organizer, a role within an organizer is checked for that organizer. Where only the body names it (POST /events), the
route calls `Identity.require_organizer_role` itself, and no command runs before that.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from api.auth.identity import Identity
from api.auth.ownership import OWNERS, Ownership
from api.dependencies import Services
from domain.values import Role

PREFIX = "/api/v1"
BODY_BYTES_MAX = 64 * 1024
READY_SECONDS_MAX = 2.0
LAYOUT_BYTES_MAX = 32 * 1024 * 1024
LAYOUT_SECONDS_MAX = 60.0
ACCESS_OF_ROUTE = "seatledger.access"
"""Key in a request's scope: the access rule of its route, once access is granted."""

MEMBER_ROLES = (Role.ORGANIZER, Role.ENTRY_MANAGER)


class RoutesUndeclared(Exception):
    """Access rules and routes do not match; the application does not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The access rule of a route.

    Args:
        roles: the roles that may use it; empty: public.
        bytes_max: maximum body size in bytes.
        seconds_max: time limit of the work; None: `ApiSettings.request_seconds_max`.
    """

    roles: tuple[Role, ...] = ()
    bytes_max: int = BODY_BYTES_MAX
    seconds_max: float | None = None

    @property
    def public(self) -> bool:
        """Whether no access token is required."""
        return not self.roles

    @property
    def large(self) -> bool:
        """Whether bodies are spooled to a file, few at a time."""
        return self.bytes_max > BODY_BYTES_MAX

    @property
    def for_any_account(self) -> bool:
        """Whether every account has access, because every account is a customer."""
        return Role.CUSTOMER in self.roles

    @property
    def member_roles(self) -> tuple[Role, ...]:
        """The roles within an organizer that give access."""
        return tuple(role for role in MEMBER_ROLES if role in self.roles)


PUBLIC = Access()
ADMINS = Access(roles=(Role.ADMIN,))
CUSTOMERS = Access(roles=(Role.CUSTOMER,))
CUSTOMERS_AND_SUPPORT = Access(roles=(Role.CUSTOMER, Role.SUPPORT, Role.ADMIN))
ORGANIZERS = Access(roles=(Role.ORGANIZER, Role.ADMIN))
SUPERVISORS = Access(roles=(Role.ENTRY_MANAGER, Role.ORGANIZER, Role.ADMIN))
GATES = Access(roles=(Role.ENTRY_MANAGER, Role.ADMIN))
SUPPORT = Access(roles=(Role.SUPPORT, Role.ADMIN))
AUDITORS = Access(roles=(Role.AUDITOR, Role.ADMIN))

ACCESS: Mapping[tuple[str, str], Access] = {
    ("POST", "/orders"): CUSTOMERS,
    ("GET", "/orders"): CUSTOMERS,
    ("GET", "/orders/{order_id}"): CUSTOMERS_AND_SUPPORT,
    ("POST", "/orders/{order_id}/cancel"): CUSTOMERS_AND_SUPPORT,
    ("POST", "/orders/{order_id}/payments"): CUSTOMERS,
    ("POST", "/orders/{order_id}/refunds"): CUSTOMERS_AND_SUPPORT,
    ("POST", "/performances/{performance_id}/holds"): CUSTOMERS,
    ("GET", "/holds"): CUSTOMERS,
    ("GET", "/holds/{hold_id}"): CUSTOMERS,
    ("DELETE", "/holds/{hold_id}"): CUSTOMERS,
    ("POST", "/holds/{hold_id}/extend"): CUSTOMERS,
    ("GET", "/payments/{payment_id}"): CUSTOMERS_AND_SUPPORT,
    ("POST", "/webhooks/{provider}"): PUBLIC,
    ("GET", "/tickets"): CUSTOMERS,
    ("GET", "/tickets/{ticket_id}"): CUSTOMERS,
    ("GET", "/tickets/{ticket_id}/qr.svg"): CUSTOMERS,
    ("GET", "/tickets/{ticket_id}/ticket.pdf"): CUSTOMERS,
    ("GET", "/tickets/{ticket_id}/proof"): CUSTOMERS,
    ("POST", "/scans"): GATES,
    ("POST", "/scans/{scan_id}/revert"): SUPERVISORS,
    ("POST", "/devices"): ORGANIZERS,
    ("GET", "/devices"): ORGANIZERS,
    ("DELETE", "/devices/{device_id}"): ORGANIZERS,
    ("GET", "/refunds"): CUSTOMERS_AND_SUPPORT,
    ("GET", "/refunds/{refund_id}"): CUSTOMERS_AND_SUPPORT,
    ("POST", "/refunds/{refund_id}/approve"): SUPPORT,
    ("POST", "/refunds/{refund_id}/reject"): SUPPORT,
    ("GET", "/exceptions"): SUPPORT,
    ("POST", "/exceptions/{exception_id}/accept"): SUPPORT,
    ("POST", "/exceptions/{exception_id}/refund"): SUPPORT,
    ("POST", "/exceptions/{exception_id}/retry"): SUPPORT,
    ("POST", "/exceptions/{exception_id}/write-off"): SUPPORT,
    ("POST", "/auth/register"): PUBLIC,
    ("POST", "/auth/login"): PUBLIC,
    ("POST", "/auth/guest"): PUBLIC,
    ("POST", "/auth/refresh"): PUBLIC,
    ("POST", "/auth/logout"): PUBLIC,
    ("GET", "/me"): CUSTOMERS,
    ("GET", "/accounts"): ADMINS,
    ("PUT", "/accounts/{account_id}/roles"): ADMINS,
    ("POST", "/organizers"): ADMINS,
    ("GET", "/organizers"): CUSTOMERS,
    ("GET", "/organizers/{organizer_id}/members"): ORGANIZERS,
    ("PUT", "/organizers/{organizer_id}/members/{account_id}"): ORGANIZERS,
    ("POST", "/venues"): ORGANIZERS,
    ("GET", "/venues"): PUBLIC,
    ("GET", "/venues/{venue_id}"): PUBLIC,
    ("PATCH", "/venues/{venue_id}"): ORGANIZERS,
    ("DELETE", "/venues/{venue_id}"): ORGANIZERS,
    ("POST", "/venues/{venue_id}/layouts"): Access(
        roles=ORGANIZERS.roles, bytes_max=LAYOUT_BYTES_MAX, seconds_max=LAYOUT_SECONDS_MAX
    ),
    ("GET", "/layouts/{layout_id}"): ORGANIZERS,
    ("POST", "/events"): ORGANIZERS,
    ("GET", "/events"): PUBLIC,
    ("GET", "/events/{event_id}"): PUBLIC,
    ("PATCH", "/events/{event_id}"): ORGANIZERS,
    ("DELETE", "/events/{event_id}"): ORGANIZERS,
    ("POST", "/events/{event_id}/publish"): ORGANIZERS,
    ("POST", "/events/{event_id}/performances"): ORGANIZERS,
    ("GET", "/performances/{performance_id}"): PUBLIC,
    ("PATCH", "/performances/{performance_id}"): ORGANIZERS,
    ("DELETE", "/performances/{performance_id}"): ORGANIZERS,
    ("POST", "/performances/{performance_id}/cancel"): ORGANIZERS,
    ("GET", "/performances/{performance_id}/cancellation"): ORGANIZERS,
    ("GET", "/performances/{performance_id}/layout"): PUBLIC,
    ("GET", "/performances/{performance_id}/seats"): PUBLIC,
    ("GET", "/performances/{performance_id}/live"): PUBLIC,
    ("POST", "/performances/{performance_id}/seats/block"): ORGANIZERS,
    ("POST", "/performances/{performance_id}/seats/unblock"): ORGANIZERS,
    ("GET", "/reports/sales"): ORGANIZERS,
    ("GET", "/reports/performances/{performance_id}"): ORGANIZERS,
    ("GET", "/reports/accounts/{account_id}"): ORGANIZERS,
    ("GET", "/processes"): ADMINS,
    ("POST", "/processes/{process}/retry"): ADMINS,
    ("GET", "/projections"): ADMINS,
    ("GET", "/projections/live"): ADMINS,
    ("POST", "/projections/{name}/rebuild"): ADMINS,
    ("POST", "/projections/{name}/rollback"): ADMINS,
    ("DELETE", "/projections/{name}/versions"): ADMINS,
    ("POST", "/projections/{name}/pause"): ADMINS,
    ("POST", "/projections/{name}/resume"): ADMINS,
    ("POST", "/projections/{name}/retry"): ADMINS,
    ("POST", "/projections/{name}/skip"): ADMINS,
    ("POST", "/projections/{name}/unskip"): ADMINS,
    ("POST", "/projections/{name}/park"): ADMINS,
    ("POST", "/projections/{name}/unpark"): ADMINS,
    ("GET", "/audit/log"): AUDITORS,
    ("GET", "/audit/seals"): AUDITORS,
    ("GET", "/audit/verify"): AUDITORS,
    ("GET", "/audit/export"): AUDITORS,
    ("GET", "/audit/export/seals"): AUDITORS,
    ("GET", "/audit/streams/{stream}"): AUDITORS,
    ("GET", "/audit/orders/{order}"): AUDITORS,
    ("GET", "/audit/seats/{performance}/{seat}"): AUDITORS,
    ("GET", "/audit/performances/{performance}/seats"): AUDITORS,
    ("GET", "/livez"): PUBLIC,
    ("GET", "/readyz"): Access(seconds_max=READY_SECONDS_MAX),
    ("GET", "/metrics"): PUBLIC,
}
"""(method, path without the prefix) → access rule; the most frequent routes come first."""


def access_for(methods: Iterable[str], path: str) -> Access:
    """Return the access rule of a route.

    Raises:
        RoutesUndeclared: there is none.
    """
    found = {ACCESS.get((method, path.removeprefix(PREFIX))) for method in methods}
    access = found.pop() if len(found) == 1 else None
    if access is None:
        raise RoutesUndeclared(f"No access rule is declared for {', '.join(methods)} {path}.")
    return access


async def authorize(services: Services, access: Access, identity: Identity, path_params: Mapping[str, str]) -> None:
    """Check the sender's roles for a route and for what its path names.

    Raises:
        Forbidden: the sender lacks the role.
        NotFound: the path names nothing, or nothing that the sender may see.
    """
    if access.for_any_account:
        return
    roles = access.member_roles
    if not roles:
        await identity.require_role(*access.roles)
        return
    owned = await find_owner(services, path_params)
    if owned is not None:
        await identity.require_organizer_role(owned.organizer, *roles, visible=owned.visible)


async def find_owner(services: Services, path_params: Mapping[str, str]) -> Ownership | None:
    """Return the organizer of what a path names; None if it names nothing that has an organizer."""
    for name, key in path_params.items():
        if name in OWNERS:
            return await services.handler.query(lambda context, find=OWNERS[name], key=key: find(context, key))  # type: ignore[misc]
    return None
