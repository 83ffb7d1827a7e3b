"""Seals for the API: list, comparison of a range with the seal archive, and the proof of one event."""

import asyncio

from application.errors import Busy
from domain.errors import Conflict, Invalid
from domain.ports.personal_data import RecordsUnavailable
from eventstore.sealing.log_reader import open_connection
from eventstore.sealing.proof import LogContradictsSeal, NotSealedYet, Proof, create_proof
from eventstore.sealing.seal_archive import SealArchive
from eventstore.sealing.seal_repository import SealRepository
from eventstore.sealing.verification.result import Verification
from eventstore.sealing.verification.verify import verify
from eventstore.store import Store

COMPARED_MAX = 10_000
"""Maximum number of positions per call: about 0.1 s of work in a thread."""

WAIT_SECONDS_MAX = 5.0


class SealVerification:
    """Lists seals, compares ranges of the log with them, and proves events.

    Args:
        url: connection string of the application's role.
        archive: the seal archive.
    """

    def __init__(self, *, url: str, store: Store, archive: SealArchive) -> None:
        self._url = url
        self._store = store
        self._archive = archive
        self._lock = asyncio.Lock()
        self.table = SealRepository(url)

    async def close(self) -> None:
        """Close the connection."""
        await self.table.close()

    async def compare(self, first: int | None) -> Verification:
        """Compare `COMPARED_MAX` positions with the seal archive, from `first` on; the newest ones if it is None.

        Raises:
            Invalid: no event has the position.
            Busy: other comparisons take too long.
            RecordsUnavailable: the seal archive cannot be read.
        """
        begins = first or max(1, await self._store.head() - COMPARED_MAX + 1)
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                await self._lock.acquire()
        except TimeoutError:
            raise Busy("Other comparisons are running.") from None
        try:
            found = await asyncio.to_thread(self._compare, begins)
        except OSError as error:
            raise RecordsUnavailable(f"the seal archive cannot be read: {error}") from error
        finally:
            self._lock.release()
        if found.fault is None and begins > max(found.head, found.sealed_to, 1):
            raise Invalid(f"No event has position {begins}: the log ends at {found.head}.")
        return found

    async def create_proof(self, position: int) -> Proof:
        """Return the proof of the event at a position.

        Raises:
            Conflict: the event is not sealed yet, or differs from its seal.
        """
        try:
            return await create_proof(self._store, self.table, position)
        except (NotSealedYet, LogContradictsSeal) as refusal:
            raise Conflict(str(refusal)) from refusal

    def _compare(self, first: int) -> Verification:
        with open_connection(self._url, name="audit") as connection:
            return verify(connection, self._archive, first=first, last=first + COMPARED_MAX - 1)
