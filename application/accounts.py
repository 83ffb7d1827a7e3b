"""How somebody comes in: as a guest, by registering, by logging in. Also used by the command line and the demo data.

The records come first, then the log: a registration that is cut off in between is completed by the next login.
"""

from collections.abc import Mapping
from datetime import timedelta

from uuid_utils.compat import uuid7

from application.access_tokens import new_refresh_token, token_hash
from application.errors import WrongCredentials
from application.passwords import Passwords
from domain.account import ACCOUNT, NoAccount, current_owner, open_account, register
from domain.decision import Changes, DecisionContext
from domain.ports.personal_data import Credentials, People, Person, Session, Sessions
from eventstore.command import CommandContext
from eventstore.command_handler import Clock, CommandHandler

SESSION_LIFETIME = timedelta(days=30)


class Accounts:
    """Lets people in.

    Args:
        clock: says when a session ends.
    """

    def __init__(
        self,
        *,
        handler: CommandHandler,
        people: People,
        credentials: Credentials,
        sessions: Sessions,
        passwords: Passwords,
        clock: Clock,
    ) -> None:
        self._handler = handler
        self._people = people
        self._credentials = credentials
        self._sessions = sessions
        self._passwords = passwords
        self._clock = clock

    async def open_guest(self) -> str:
        """Open an account without a password, and return its id."""
        account = str(uuid7())
        await self._handler.handle(lambda context: open_account(context, account, guest=True), self_context(account))
        return account

    async def register(self, *, email: str, password: str, name: str, account: str | None = None) -> str:
        """Give an account a password, a new one or a guest's, and return its id.

        Args:
            email: normalised.
            account: the guest that registers; it keeps its basket and orders.

        Raises:
            AddressTaken: the address has an account, or the account an address.
        """
        known = account or str(uuid7())
        password_hash = await self._passwords.hash(password)
        await self._people.register(Person(account=known, email=email, name=name), password_hash)
        await self._complete(known)
        return known

    async def authenticate(self, *, email: str, password: str) -> str:
        """Return the account that an address and a password belong to.

        A guest that registered while logging in elsewhere has become that other account.

        Raises:
            WrongCredentials: they belong to nobody together.
        """
        known = await self._credentials.find(email)
        verification = await self._passwords.verify(password, None if known is None else known.password_hash)
        if known is None or not verification.fits:
            raise WrongCredentials
        if verification.better_hash is not None:
            await self._credentials.replace(known, verification.better_hash)
        account = await self._handler.query(lambda context: current_owner(context, known.account))
        await self._complete(account)
        return account

    async def ensure_account(self, *, email: str, password: str, name: str) -> tuple[str, bool]:
        """Give the account of an address this password, and open one if there is none.

        A new password ends every session of the account.

        Returns:
            The account, and whether it was opened.
        """
        known = await self._credentials.find(email)
        if known is None:
            return await self.register(email=email, password=password, name=name), True
        await self._credentials.replace(known, await self._passwords.hash(password))
        account = await self._handler.query(lambda context: current_owner(context, known.account))
        await self._complete(account)
        await self._sessions.end_all(account)
        return account, False

    async def open_session(self, account: str) -> str:
        """Open a session and return its first refresh token."""
        token = new_refresh_token()
        expires_at = self._clock.now() + SESSION_LIFETIME
        session = Session(session=str(uuid7()), account=account, expires_at=expires_at)
        await self._sessions.open(session, token_hash(token))
        return token

    async def refresh_session(self, token: str) -> tuple[str, str] | None:
        """Exchange a refresh token for (account, next token); None if it is not good any more."""
        successor = new_refresh_token()
        session = await self._sessions.rotate(token_hash(token), token_hash(successor))
        if session is None or await self._has_logged_in(session.account):
            return None
        return session.account, successor

    async def revoke_guest_session(self, token: str) -> str | None:
        """End a session that another one takes the place of; return whose it was if that is a guest."""
        session = await self._sessions.rotate(token_hash(token), token_hash(new_refresh_token()))
        await self._sessions.end(token_hash(token))
        return session.account if session is not None and await self.is_guest(session.account) else None

    async def revoke_session(self, token: str) -> None:
        """End the session that a refresh token belongs to."""
        await self._sessions.end(token_hash(token))

    async def is_guest(self, account: str) -> bool:
        """Say whether an account has no password yet, fresh from the log."""
        state = await self._handler.query(lambda context: context.read(ACCOUNT, account))
        return not isinstance(state, NoAccount) and state.guest and state.merged_into is None

    async def _has_logged_in(self, guest: str) -> bool:
        return await self._handler.query(lambda context: current_owner(context, guest)) != guest

    async def _complete(self, account: str) -> None:
        await self._handler.handle(lambda context: ensure_registered(context, account), self_context(account))


def ensure_registered(context: DecisionContext, account: str) -> Changes:
    """Make sure that the log knows an account as registered; nothing if it does."""
    if isinstance(context.read(ACCOUNT, account), NoAccount):
        return open_account(context, account, guest=False)
    return register(context, account)


def self_context(account: str) -> CommandContext:
    """The context of what an account does to itself."""
    actor: Mapping[str, str | None] = {"kind": "account", "id": account, "role": "customer"}
    return CommandContext(command_id=uuid7(), actor=actor)
