"""Sessions and the hashes of their refresh tokens in PostgreSQL."""

from dataclasses import asdict

from adapters.postgres import sql
from adapters.postgres.pool import Pool, execute, rows
from domain.ports.personal_data import Session

SESSIONS_PER_ACCOUNT_MAX = 20
ABANDONED_PER_OPENING_MAX = 10


class PostgresSessions:
    """`Sessions` in the schema `records`; a session ends by being deleted."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def open(self, session: Session, token_sha256: bytes) -> None:
        """Insert a session with its first refresh token; delete surplus and some expired sessions."""
        limits = {"sessions_max": SESSIONS_PER_ACCOUNT_MAX - 1, "abandoned_max": ABANDONED_PER_OPENING_MAX}
        await execute(self._pool, sql.OPEN_SESSION, {**asdict(session), **limits, "token": token_sha256})

    async def rotate(self, token_sha256: bytes, successor_sha256: bytes) -> Session | None:
        """Exchange an unused refresh token for its successor; a used one ends its session (None)."""
        taken = await rows(self._pool, sql.ROTATE, {"token": token_sha256, "successor": successor_sha256})
        if taken:
            return Session(**taken[0])
        await self.end(token_sha256)
        return None

    async def end_all(self, account: str) -> None:
        """End every session of an account."""
        await execute(self._pool, sql.END_SESSIONS, {"account": account})

    async def end(self, token_sha256: bytes) -> None:
        """End the session of a refresh token, used or not."""
        await execute(self._pool, sql.END_SESSION, {"token": token_sha256})
