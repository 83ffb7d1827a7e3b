"""Password hashes in PostgreSQL."""

from adapters.postgres import sql
from adapters.postgres.pool import Pool, execute, rows
from domain.ports.personal_data import Credential


class PostgresCredentials:
    """`Credentials` in the schema `records`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, email: str) -> Credential | None:
        """Return the credential of the account with an address; None if there is none."""
        found = await rows(self._pool, sql.CREDENTIAL, {"email": email})
        return Credential(**found[0]) if found else None

    async def replace(self, known: Credential, password_hash: str) -> bool:
        """Replace a password hash; False if the stored hash is not `known` any more."""
        new = {"account": known.account, "known": known.password_hash, "password_hash": password_hash}
        return await execute(self._pool, sql.REPLACE_CREDENTIAL, new) == 1
