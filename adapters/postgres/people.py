"""Names, addresses and contacts in PostgreSQL."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from psycopg import errors

from adapters.postgres import sql
from adapters.postgres.pool import Pool, execute, rows
from domain.ports.personal_data import AddressTaken, Buyers, Contact, PeoplePage, Person


class PostgresPeople:
    """`People` in the schema `records`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def register(self, person: Person, password_hash: str) -> None:
        """Store a person and the password hash in one transaction.

        Raises:
            AddressTaken: the address or the account is registered already.
        """
        try:
            await execute(self._pool, sql.REGISTER, {**asdict(person), "password_hash": password_hash})
        except errors.UniqueViolation as error:
            raise AddressTaken("The address or the account is registered already.") from error

    async def find(self, account: str) -> Person | None:
        """Return the person of an account; None if there is none."""
        found = await rows(self._pool, sql.PERSON, {"account": account})
        return Person(**found[0]) if found else None

    async def find_many(self, accounts: Sequence[str]) -> Mapping[str, Person]:
        """Return account → person, without accounts that have none."""
        found = await rows(self._pool, sql.PEOPLE, {"accounts": list(accounts)})
        return {row["account"]: Person(**row) for row in found}

    async def search(self, text: str, *, after: str | None, limit: int) -> PeoplePage:
        """Return a page of people whose name or address contains every word of `text`, in any spelling."""
        parameters = {"words": text.split(), "after": after or "", "limit": limit + 1}
        people = [Person(**row) for row in await rows(self._pool, sql.SEARCH, parameters)]
        next_cursor = people[limit - 1].email if len(people) > limit else None
        return PeoplePage(people=people[:limit], next_cursor=next_cursor)

    async def save_contact(self, contact: Contact) -> None:
        """Store an order's contact; a stored contact is never changed."""
        await execute(self._pool, sql.INSERT_CONTACT, asdict(contact))

    async def find_buyers(self, text: str, *, limit: int) -> Buyers:
        """Return accounts and contacts whose address begins with `text` or whose name contains it."""
        parameters = {"text": text, "limit": limit}
        people = await rows(self._pool, sql.BUYER_ACCOUNTS, parameters)
        contacts = await rows(self._pool, sql.BUYER_CONTACTS, parameters)
        return Buyers(accounts=[row["account"] for row in people], contacts=[row["contact"] for row in contacts])

    async def find_contacts(self, contacts: Sequence[str]) -> Mapping[str, Contact]:
        """Return contact id → contact, without unknown ones."""
        found = await rows(self._pool, sql.CONTACTS, {"contacts": list(contacts)})
        return {row["contact"]: Contact(**row) for row in found}

    async def find_contact(self, contact: str) -> Contact | None:
        """Return one contact; None if there is none."""
        found = await rows(self._pool, sql.CONTACT, {"contact": contact})
        return Contact(**found[0]) if found else None
