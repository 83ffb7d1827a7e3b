"""Password hashing with argon2id in a thread pool; imported bcrypt hashes are accepted once and replaced.

Source: OWASP Password Storage Cheat Sheet (19 MiB, t=2, p=1).
"""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from passlib.context import CryptContext

from application.errors import Busy

LENGTH_MIN = 8
LENGTH_MAX = 128
MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
WORKERS = 2
BCRYPT_BYTES_MAX = 72  # bcrypt ignores later bytes
WAITING_MAX = 100
DUMMY_HASH = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${'A' * 22}${'A' * 43}"
"""The hash that a password for an unknown address is compared with: salt and digest are zero bytes."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a password is correct, and the hash that should replace the stored one, if any."""

    fits: bool
    better_hash: str | None = None


class Passwords:
    """Hashes and verifies passwords. An unknown address takes as long as a known one, so accounts are not disclosed.

    Args:
        workers: number of threads; hashing releases the GIL.
        waiting_max: maximum number of waiting and running calls; further calls are refused.
    """

    def __init__(self, *, workers: int = WORKERS, waiting_max: int = WAITING_MAX) -> None:
        self._context = CryptContext(
            schemes=["argon2", "bcrypt"],
            deprecated=["bcrypt"],
            argon2__type="ID",
            argon2__memory_cost=MEMORY_KIB,
            argon2__time_cost=PASSES,
            argon2__parallelism=LANES,
        )
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="passwords")
        self._waiting_max = waiting_max
        self.waiting = 0
        self.verified = 0

    async def hash(self, password: str) -> str:
        """Return a new hash.

        Raises:
            Busy: too many calls wait.
        """
        return await self._run(lambda: str(self._context.hash(normalize_password(password))))

    async def verify(self, password: str, known: str | None) -> Verification:
        """Compare a password with a hash; None (no account) takes as long and is never correct.

        Raises:
            Busy: too many calls wait.
        """
        found = await self._run(lambda: self._compare(normalize_password(password), known or DUMMY_HASH))
        return found if known is not None else Verification(fits=False)

    def close(self) -> None:
        """Stop the thread pool."""
        self._pool.shutdown(cancel_futures=True)

    def _compare(self, password: str, known: str) -> Verification:
        self.verified += 1
        if self._context.identify(known) == "bcrypt":
            fits = self._context.verify(password.encode()[:BCRYPT_BYTES_MAX], known)
            return Verification(fits, self._context.hash(password) if fits else None)
        fits, better = self._context.verify_and_update(password, known)
        return Verification(fits, better)

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self.waiting >= self._waiting_max:
            raise Busy("Too many passwords are being checked.")
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self.waiting -= 1


def normalize_password(password: str) -> str:
    """Return a password in Unicode normal form C, since keyboards differ in the form they produce."""
    return unicodedata.normalize("NFC", password)
