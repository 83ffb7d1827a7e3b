"""The seals as the database has them: copies, for those who ask the API or export a part of the log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eventstore.postgres.read_pool import ReadPool
from eventstore.sealing import sql
from eventstore.sealing.seal import Seal

SEALS_MAX = 10_000
NEWEST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SealerState:
    """How the sealer is, as it says itself; `trouble` is why it stopped."""

    state: str
    trouble: str | None
    heartbeat_at: datetime


class SealRepository:
    """Reads the seals in the database. Every method raises `StoreUnavailable` when the server cannot be asked.

    Args:
        url: of a role that may read them, such as the application's.
    """

    def __init__(self, url: str) -> None:
        self._readers = ReadPool(url, 1)

    async def close(self) -> None:
        """Disconnect."""
        await self._readers.close()

    async def covering(self, *, first: int, last: int, limit: int = SEALS_MAX) -> list[Seal]:
        """Return the seals that cover any of the positions `first` … `last`, in order, at most `limit`."""
        parameters = {"first": first, "last": last, "limit": limit}
        return [seal_of(row) for row in await self._readers.rows(sql.SEALS_COVERING, parameters)]

    async def newest(self, *, before: int = NEWEST, limit: int) -> list[Seal]:
        """Return at most `limit` seals with a number below `before`, newest first."""
        rows = await self._readers.rows(sql.SEALS_BEFORE, {"before": before, "limit": limit})
        return [seal_of(row) for row in rows]

    async def keys(self) -> dict[str, bytes]:
        """Return every public key that ever sealed, by its id."""
        return dict(await self._readers.rows(sql.KEYS, {}))

    async def sealer(self) -> SealerState | None:
        """Return how the sealer is; None if none ever ran."""
        rows = await self._readers.rows(sql.SEALER, {})
        if not rows:
            return None
        state, trouble, heartbeat_at = rows[0]
        return SealerState(state=state, trouble=trouble, heartbeat_at=heartbeat_at)


def seal_of(row: tuple[Any, ...]) -> Seal:
    """Return the seal in a row."""
    chain, number, first, last, root, fingerprints, previous, sealed_at, key_id, signature = row
    return Seal(
        chain=chain,
        number=number,
        first=first,
        last=last,
        root=root,
        fingerprints=fingerprints,
        previous=previous,
        sealed_at=sealed_at,
        key_id=key_id,
        signature=signature,
    )
