"""Accounts and sessions: guests, registration, login. Used by the API, the command line and the demo data.

A registration writes personal data first, then the event; if it is interrupted in between, the next login completes it.
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
    """Opens accounts and sessions, and authenticates.

    Args:
        clock: clock for the expiry of sessions.
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
        """Open a guest account, which has no password, and return its id."""
        account = str(uuid7())
        await self._handler.handle(lambda context: open_account(context, account, guest=True), self_context(account))
        return account

    async def register(self, *, email: str, password: str, name: str, account: str | None = None) -> str:
        """Register a new account, or a guest's account, with a password, and return its id.

        Args:
            email: normalised address.
            account: a guest's account, which keeps its holds and orders; None for a new account.

        Raises:
            AddressTaken: the address has an account, or the account has an address.
        """
        known = account or str(uuid7())
        password_hash = await self._passwords.hash(password)
        await self._people.register(Person(account=known, email=email, name=name), password_hash)
        await self._complete(known)
        return known

    async def authenticate(self, *, email: str, password: str) -> str:
        """Return the account with this address and password.

        If the account was a guest that has been merged into another account, return the other one.

        Raises:
            WrongCredentials: no account has this address with this password.
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
        """Set the password of the account with this address, or register an account.

        A changed password ends every session of the account.

        Returns:
            The account, and whether it is new.
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
        """Exchange a refresh token for (account, next refresh token); None if it is used, expired or revoked."""
        successor = new_refresh_token()
        session = await self._sessions.rotate(token_hash(token), token_hash(successor))
        if session is None or await self._is_merged(session.account):
            return None
        return session.account, successor

    async def revoke_guest_session(self, token: str) -> str | None:
        """End the session of a refresh token; return its account if that is a guest, else None."""
        session = await self._sessions.rotate(token_hash(token), token_hash(new_refresh_token()))
        await self._sessions.end(token_hash(token))
        return session.account if session is not None and await self.is_guest(session.account) else None

    async def revoke_session(self, token: str) -> None:
        """End the session of a refresh token."""
        await self._sessions.end(token_hash(token))

    async def is_guest(self, account: str) -> bool:
        """Return whether an account is a guest that is neither registered nor merged, read from the log."""
        state = await self._handler.query(lambda context: context.read(ACCOUNT, account))
        return not isinstance(state, NoAccount) and state.guest and state.merged_into is None

    async def _is_merged(self, guest: str) -> bool:
        return await self._handler.query(lambda context: current_owner(context, guest)) != guest

    async def _complete(self, account: str) -> None:
        await self._handler.handle(lambda context: ensure_registered(context, account), self_context(account))


def ensure_registered(context: DecisionContext, account: str) -> Changes:
    """Decide that an account is registered; no events if it is already."""
    if isinstance(context.read(ACCOUNT, account), NoAccount):
        return open_account(context, account, guest=False)
    return register(context, account)


def self_context(account: str) -> CommandContext:
    """Return the context of a command whose actor is the account itself."""
    actor: Mapping[str, str | None] = {"kind": "account", "id": account, "role": "customer"}
    return CommandContext(command_id=uuid7(), actor=actor)
