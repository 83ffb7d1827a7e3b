"""The seals of the log, for those who ask over HTTP: listed, compared a part at a time, and one event's proof."""

import asyncio

from application.errors import Busy
from domain.errors import Conflict, Invalid
from domain.ports.personal_data import RecordsUnavailable
from eventstore.sealing.log_reader import open_connection
from eventstore.sealing.proof import LogContradictsSeal, NotSealedYet, Proof, prove
from eventstore.sealing.seal_archive import SealArchive
from eventstore.sealing.seal_repository import SealRepository
from eventstore.sealing.verification.result import Verification
from eventstore.sealing.verification.verify import verify
from eventstore.store import Store

COMPARED_MAX = 10_000
"""Positions in one answer: about 0.1 s of work, in a thread of its own."""

WAIT_SECONDS_MAX = 5.0


class SealVerification:
    """What the API knows of seals.

    Args:
        url: of the application's role.
        place: where this process finds the second place.
    """

    def __init__(self, *, url: str, store: Store, place: SealArchive) -> None:
        self._url = url
        self._store = store
        self._place = place
        self._lock = asyncio.Lock()
        self.table = SealRepository(url)

    async def close(self) -> None:
        """Disconnect."""
        await self.table.close()

    async def compare(self, first: int | None) -> Verification:
        """Compare `COMPARED_MAX` positions with the second place, from `first` on; without it, the newest.

        Raises:
            Invalid: no event has the position.
            Busy: somebody else's comparisons take too long.
            RecordsUnavailable: the second place cannot be read.
        """
        begins = first or max(1, await self._store.head() - COMPARED_MAX + 1)
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                await self._lock.acquire()
        except TimeoutError:
            raise Busy("Others compare.") from None
        try:
            found = await asyncio.to_thread(self._compare, begins)
        except OSError as error:
            raise RecordsUnavailable(f"the second place cannot be read: {error}") from error
        finally:
            self._lock.release()
        if found.fault is None and begins > max(found.head, found.sealed_to, 1):
            raise Invalid(f"No event has position {begins}: the log ends at {found.head}.")
        return found

    async def prove(self, position: int) -> Proof:
        """Return the proof of the event at a position.

        Raises:
            Impossible: it is not sealed yet, or is not as it was sealed.
        """
        try:
            return await prove(self._store, self.table, position)
        except (NotSealedYet, LogContradictsSeal) as refusal:
            raise Conflict(str(refusal)) from refusal

    def _compare(self, first: int) -> Verification:
        with open_connection(self._url, name="audit") as connection:
            return verify(connection, self._place, first=first, last=first + COMPARED_MAX - 1)
