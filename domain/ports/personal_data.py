"""Repositories of personal data and credentials, which are stored outside the log.

Rows are keyed by account id; an event holds the id and no other personal data.

RecordsError
├── RecordsUnavailable    the repository cannot be reached; nothing was changed
└── AddressTaken          another account registered this e-mail address
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

NAME_LENGTH_MAX = 200
EMAIL_LENGTH_MAX = 254


class RecordsError(Exception):
    """The base of the repositories' errors."""


class RecordsUnavailable(RecordsError):
    """The repository cannot be reached; nothing was changed."""


class AddressTaken(RecordsError):
    """Another account registered this e-mail address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The name and e-mail address of a registered account."""

    account: str
    email: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """The password hash of an account; it is never returned by the API."""

    account: str
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The recipient of an order's mail; a guest has no other address, a registered account may name another."""

    contact: str
    account: str
    email: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyers:
    """The accounts, and contacts of orders, that match a search text."""

    accounts: Sequence[str]
    contacts: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage:
    """People ordered by e-mail address; pass `next_cursor` for the next page, None is the end."""

    people: Sequence[Person]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sign-in on one device; it stays the same when its refresh token is exchanged."""

    session: str
    account: str
    expires_at: datetime


class People(Protocol):
    """Names and addresses. Every method raises `RecordsUnavailable` if the repository cannot be reached."""

    async def register(self, person: Person, password_hash: str) -> None:
        """Save a person and the hash of their password, both or neither.

        Raises:
            AddressTaken: the address belongs to another account, or the account has an address already.
        """
        ...

    async def find(self, account: str) -> Person | None:
        """Return the person of an account; None for guests and unknown ids."""
        ...

    async def find_many(self, accounts: Sequence[str]) -> Mapping[str, Person]:
        """Return the persons of those accounts that have one, by account."""
        ...

    async def search(self, text: str, *, after: str | None, limit: int) -> PeoplePage:
        """Return people whose name or address contains `text` (empty: all), after the cursor `after`."""
        ...

    async def save_contact(self, contact: Contact) -> None:
        """Save the contact of an order; a second time changes nothing."""
        ...

    async def find_buyers(self, text: str, *, limit: int) -> Buyers:
        """Return buyers whose address begins with `text` or whose name contains it, at most `limit` of each kind."""
        ...

    async def find_contacts(self, contacts: Sequence[str]) -> Mapping[str, Contact]:
        """Return those of the contacts that were saved, by id."""
        ...

    async def find_contact(self, contact: str) -> Contact | None:
        """Return a contact by its id; None if there is none."""
        ...


class CheckoutUrls(Protocol):
    """URLs of checkouts; a URL is a bearer secret. Every method raises `RecordsUnavailable` like `People`."""

    async def save(self, payment: str, url: str, expires_at: datetime) -> None:
        """Save the checkout URL of a payment until the checkout expires."""
        ...

    async def find_many(self, payments: Sequence[str]) -> Mapping[str, str]:
        """Return the URLs of those of the payments whose checkout has not expired, by payment."""
        ...


class Credentials(Protocol):
    """Password hashes by account. Every method raises `RecordsUnavailable` like `People`."""

    async def find(self, email: str) -> Credential | None:
        """Return the password hash of the account that registered an address; None if there is none."""
        ...

    async def replace(self, known: Credential, password_hash: str) -> bool:
        """Replace a password hash; return False if it is no longer the `known` one."""
        ...


class Sessions(Protocol):
    """Refresh tokens, stored only as SHA-256. Every method raises `RecordsUnavailable` like `People`."""

    async def open(self, session: Session, token_sha256: bytes) -> None:
        """Begin a session with its first refresh token; the account's oldest sessions above the limit end."""
        ...

    async def rotate(self, token_sha256: bytes, successor_sha256: bytes) -> Session | None:
        """Exchange a refresh token, once.

        A token that was exchanged before was stolen or copied, so its whole session ends with all its tokens.

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
    """Published layout documents in the format `seatledger`. Raises `RecordsUnavailable` like `People`."""

    async def save(self, layout: str, document: bytes) -> None:
        """Save the document of a layout; a second time changes nothing."""
        ...

    async def find(self, layout: str) -> bytes | None:
        """Return the stored bytes of a layout's document; None if there is none."""
        ...
