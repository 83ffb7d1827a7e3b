"""URLs of the provider's checkout pages, in PostgreSQL, until they expire."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from adapters.postgres import sql
from adapters.postgres.pool import Pool, execute, rows

EXPIRED_AT_ONCE_MAX = 20


class PostgresCheckoutUrls:
    """`CheckoutUrls` in the schema `records`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def save(self, payment: str, url: str, expires_at: datetime) -> None:
        """Store the URL of a payment's checkout; delete up to `EXPIRED_AT_ONCE_MAX` expired ones."""
        row = {"payment": payment, "url": url, "expires_at": expires_at, "expired_max": EXPIRED_AT_ONCE_MAX}
        await execute(self._pool, sql.UPSERT_CHECKOUT_URL, row)

    async def find_many(self, payments: Sequence[str]) -> Mapping[str, str]:
        """Return payment → URL, without expired and unknown ones."""
        found = await rows(self._pool, sql.CHECKOUT_URLS, {"payments": list(payments)})
        return {row["payment"]: row["url"] for row in found}
