"""People: the personal data that events never carry, how people prove who they are, and where all that is kept.

Rows are found by account id; an event holds the id and nothing else about a person.

RecordsError
├── RecordsUnavailable    the records cannot be asked now; nothing was changed
└── AddressTaken          another account registered this e-mail address
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

NAME_LENGTH_MAX = 200
EMAIL_LENGTH_MAX = 254


class RecordsError(Exception):
    """The root of what the records raise."""


class RecordsUnavailable(RecordsError):
    """The records cannot be asked; nothing was changed."""


class AddressTaken(RecordsError):
    """Another account registered this e-mail address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is behind a registered account."""

    account: str
    email: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """How an account proves itself; nothing here is shown to anybody."""

    account: str
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Where an order's mail goes; guests have nothing else, members may name another address."""

    contact: str
    account: str
    email: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyers:
    """Those whom a text may mean: accounts, and contacts that orders name."""

    accounts: Sequence[str]
    contacts: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage:
    """People in the order of their e-mail addresses; pass `next_cursor` to read on, None is the end."""

    people: Sequence[Person]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sign-in on one device, however often its refresh token has been exchanged since."""

    session: str
    account: str
    expires_at: datetime


class People(Protocol):
    """Names and addresses. Every method raises `RecordsUnavailable` when the records cannot be asked."""

    async def register(self, person: Person, password_hash: str) -> None:
        """Keep a person and their password's hash, both or neither.

        Raises:
            AddressTaken: the address belongs to another account, or the account has an address already.
        """
        ...

    async def find(self, account: str) -> Person | None:
        """Return the person behind an account; None for guests and unknown ids."""
        ...

    async def find_many(self, accounts: Sequence[str]) -> Mapping[str, Person]:
        """Return those of the accounts that have a person, by account."""
        ...

    async def search(self, text: str, *, after: str | None, limit: int) -> PeoplePage:
        """Return people whose name or address contains `text` (empty: everybody), from the cursor `after` on."""
        ...

    async def save_contact(self, contact: Contact) -> None:
        """Keep where an order's mail goes; a second time changes nothing."""
        ...

    async def find_buyers(self, text: str, *, limit: int) -> Buyers:
        """Return those whose address begins with `text` or whose name contains it, at most `limit` of each kind."""
        ...

    async def find_contacts(self, contacts: Sequence[str]) -> Mapping[str, Contact]:
        """Return those of the contacts that were kept, by id."""
        ...

    async def find_contact(self, contact: str) -> Contact | None:
        """Return what was kept under a contact's id."""
        ...


class CheckoutUrls(Protocol):
    """Where buyers pay: whoever has the address may use it. Raises `RecordsUnavailable` like `People`."""

    async def save(self, payment: str, url: str, expires_at: datetime) -> None:
        """Keep where a payment is paid, until its checkout expires."""
        ...

    async def find_many(self, payments: Sequence[str]) -> Mapping[str, str]:
        """Return the addresses of those of the payments that can still be paid, by payment."""
        ...


class Credentials(Protocol):
    """Password hashes by account. Raises `RecordsUnavailable` like `People`."""

    async def find(self, email: str) -> Credential | None:
        """Return the password hash of the account that registered an address; None if nobody did."""
        ...

    async def replace(self, known: Credential, password_hash: str) -> bool:
        """Put a new hash in the place of the known one; False if another hash stands there by now."""
        ...


class Sessions(Protocol):
    """Refresh tokens, kept as SHA-256 only. Raises `RecordsUnavailable` like `People`."""

    async def open(self, session: Session, token_sha256: bytes) -> None:
        """Begin a session with its first refresh token; the account's oldest sessions make room."""
        ...

    async def rotate(self, token_sha256: bytes, successor_sha256: bytes) -> Session | None:
        """Exchange a refresh token, once.

        A token that was exchanged before has been stolen or copied: its whole session ends, successors included.

        Returns:
            The session; None if the token is unknown, used, or its session ended or expired.
        """
        ...

    async def end_all(self, account: str) -> None:
        """End every session of an account."""
        ...

    async def end(self, token_sha256: bytes) -> None:
        """End the session of a token, used or not; an unknown one changes nothing."""
        ...


class LayoutDocuments(Protocol):
    """Published layouts as documents of our own format. Raises `RecordsUnavailable` like `People`."""

    async def save(self, layout: str, document: bytes) -> None:
        """Keep the document of a layout; a second time changes nothing."""
        ...

    async def find(self, layout: str) -> bytes | None:
        """Return a layout's document, byte for byte."""
        ...
