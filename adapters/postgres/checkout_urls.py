"""Where buyers pay, in PostgreSQL, until it is of no use."""

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
        """Keep where a payment is paid; a few expired addresses go."""
        kept = {"payment": payment, "url": url, "expires_at": expires_at, "expired_max": EXPIRED_AT_ONCE_MAX}
        await execute(self._pool, sql.KEEP_CHECKOUT_URL, kept)

    async def find_many(self, payments: Sequence[str]) -> Mapping[str, str]:
        """Return the addresses of those of the payments that can still be paid."""
        found = await rows(self._pool, sql.CHECKOUT_URLS, {"payments": list(payments)})
        return {row["payment"]: row["url"] for row in found}
