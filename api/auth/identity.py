"""The sender of a request and its rights.

The token identifies the account; its roles are read from the log on demand, and the versions read guard the append of
the command. So a granted or revoked role takes effect on the next request in every process, even during an append.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request

from api.dependencies import Services, services_of
from application.access_tokens import TokenClaims
from application.errors import Unauthenticated
from domain.account import ACCOUNT, OpenAccount, require_unmerged
from domain.errors import Forbidden, NotFound
from domain.organizer import ORGANIZER, FoundedOrganizer
from domain.values import Role
from eventstore.decision_context import LoadedStreams

SCHEME = "bearer "
IDENTITY = "seatledger.identity"
"""Key in a request's scope: its sender, once the token is verified."""

Requirement = Callable[[], Awaitable[None]]


class Identity:
    """The sender of one request.

    Attributes:
        guards: the streams that the rights were read from, with the versions read.
        checked: whether a role was required and held.
        acting_as: the role that gave access.
    """

    __slots__ = (
        "_global",
        "_members",
        "_requirements",
        "_services",
        "account",
        "acting_as",
        "checked",
        "guards",
        "guest",
    )

    def __init__(self, services: Services, claims: TokenClaims) -> None:
        self._services = services
        self._global: tuple[int, frozenset[Role]] | None = None
        self._members: dict[str, tuple[int, frozenset[Role]]] = {}
        self._requirements: list[Requirement] = []
        self.account = claims.account
        self.guest = claims.guest
        self.guards: dict[str, int] = {}
        self.checked = False
        self.acting_as = Role.CUSTOMER

    @property
    def actor(self) -> dict[str, str | None]:
        """The actor, as stored in the metadata of events."""
        return {"kind": "guest" if self.guest else "account", "id": self.account, "role": self.acting_as.value}

    async def roles(self) -> frozenset[Role]:
        """Return the account's global roles, customer included, from the log."""
        if self._global is None:
            self._global = await self._services.handler.query(self._read_account)
        return self._global[1] | {Role.CUSTOMER}

    async def roles_within(self, organizer: str) -> frozenset[Role]:
        """Return the account's roles within an organizer, from the log."""
        if organizer not in self._members:
            self._members[organizer] = await self._services.handler.query(
                lambda context: self._read(context, organizer)
            )
        return self._members[organizer][1]

    async def has_role(self, *roles: Role) -> bool:
        """Return whether the account holds one of these global roles; if so, it acts as that role from now on."""
        held = await self.roles() & set(roles)
        if not held or self._global is None:
            return False
        self._grant(min(held), ACCOUNT.stream(self.account), self._global[0])
        return True

    async def require_role(self, *roles: Role) -> None:
        """Require one of these global roles.

        Raises:
            Forbidden: the account holds none of them.
        """
        self._requirements.append(lambda: self._require(roles))
        await self._require(roles)

    async def has_organizer_role(self, organizer: str, *roles: Role) -> bool:
        """Return whether the account holds one of the roles in the organizer, or is an admin; it then acts as that."""
        held = await self.roles_within(organizer) & set(roles)
        if held:
            self._grant(min(held), ORGANIZER.stream(organizer), self._members[organizer][0])
            return True
        return await self.has_role(Role.ADMIN)

    async def require_organizer_role(self, organizer: str, *roles: Role, visible: bool = True) -> None:
        """Require one of the roles within an organizer, or the role admin.

        Args:
            visible: whether the resource is public.

        Raises:
            Forbidden: the role is missing and the resource is public.
            NotFound: the role is missing and the resource is not public.
        """
        self._requirements.append(lambda: self._require_within(organizer, roles, visible=visible))
        await self._require_within(organizer, roles, visible=visible)

    async def require_unmerged(self) -> None:
        """Require that a guest was not merged into an account, which then owns everything, reading included.

        Raises:
            GuestHasLoggedIn: it was.
        """
        await self._services.handler.query(lambda context: require_unmerged(context, self.account))

    async def reload(self) -> None:
        """Read all rights again and repeat all requirements, after a `GuardConflict`.

        Raises:
            Forbidden, NotFound: the rights are gone.
        """
        self._global = None
        self._members.clear()
        self.guards.clear()
        for requirement in self._requirements:
            await requirement()

    async def _require(self, roles: tuple[Role, ...]) -> None:
        if not await self.has_role(*roles):
            raise Forbidden(f"This requires the role {' or '.join(roles)}.")

    async def _require_within(self, organizer: str, roles: tuple[Role, ...], *, visible: bool) -> None:
        if not await self.has_organizer_role(organizer, *roles):
            raise (
                Forbidden(f"This requires the role {' or '.join(roles)} within its organizer.")
                if visible
                else NotFound("There is no such resource.")
            )

    def _grant(self, role: Role, stream: str, version: int) -> None:
        self.acting_as = role
        self.checked = True
        self.guards[stream] = version

    def _read_account(self, context: LoadedStreams) -> tuple[int, frozenset[Role]]:
        state = context.read(ACCOUNT, self.account)
        roles = state.roles if isinstance(state, OpenAccount) else frozenset()
        return version_of(context, ACCOUNT.stream(self.account)), roles

    def _read(self, context: LoadedStreams, organizer: str) -> tuple[int, frozenset[Role]]:
        state = context.read(ORGANIZER, organizer)
        members: Any = state.members if isinstance(state, FoundedOrganizer) else {}
        return version_of(context, ORGANIZER.stream(organizer)), members.get(self.account, frozenset())


def version_of(context: LoadedStreams, stream: str) -> int:
    """Return the version at which a stream was read."""
    return context.reads[stream][0]


def identify(request: Request) -> Identity:
    """Return the sender that the `Authorization` header identifies.

    Raises:
        Unauthenticated: the header is missing, or its token is invalid.
    """
    header = request.headers.get("authorization", "")
    if header[: len(SCHEME)].lower() != SCHEME:
        raise Unauthenticated("An access token is required: Authorization: Bearer …")
    services = services_of(request)
    return Identity(services, services.tokens.read(header[len(SCHEME) :]))


def identity_of(request: Request) -> Identity:
    """Return the sender of a request to a route that is not public."""
    identity: Identity = request.scope[IDENTITY]
    return identity


def known_sender(request: Request) -> Identity | None:
    """Return the sender of a request; None on a public route."""
    identity: Identity | None = request.scope.get(IDENTITY)
    return identity


def optional_identity(request: Request) -> Identity | None:
    """Return the sender of a request to a public route; None without an `Authorization` header.

    Raises:
        Unauthenticated: the token is invalid.
    """
    return identify(request) if "authorization" in request.headers else None
