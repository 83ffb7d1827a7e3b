"""The copies of seals in the database, for the API and for exports."""

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
    """The state that the sealer has reported; `trouble` is the reason why it stopped."""

    state: str
    trouble: str | None
    heartbeat_at: datetime


class SealRepository:
    """Reads the copies of seals. Every method raises `StoreUnavailable` when the server cannot be reached.

    Args:
        url: of a role that may read them, such as the application's.
    """

    def __init__(self, url: str) -> None:
        self._readers = ReadPool(url, 1)

    async def close(self) -> None:
        """Close the connection."""
        await self._readers.close()

    async def list_covering(self, *, first: int, last: int, limit: int = SEALS_MAX) -> list[Seal]:
        """Return at most `limit` seals that cover any of the positions `first` … `last`, in order."""
        parameters = {"first": first, "last": last, "limit": limit}
        return [seal_of(row) for row in await self._readers.rows(sql.SEALS_COVERING, parameters)]

    async def newest(self, *, before: int = NEWEST, limit: int) -> list[Seal]:
        """Return at most `limit` seals with a number below `before`, newest first."""
        rows = await self._readers.rows(sql.SEALS_BEFORE, {"before": before, "limit": limit})
        return [seal_of(row) for row in rows]

    async def keys(self) -> dict[str, bytes]:
        """Return every public key that has sealed, by its id."""
        return dict(await self._readers.rows(sql.KEYS, {}))

    async def sealer(self) -> SealerState | None:
        """Return the sealer's state; None if no sealer has ever run."""
        rows = await self._readers.rows(sql.SEALER, {})
        if not rows:
            return None
        state, trouble, heartbeat_at = rows[0]
        return SealerState(state=state, trouble=trouble, heartbeat_at=heartbeat_at)


def seal_of(row: tuple[Any, ...]) -> Seal:
    """Return the seal of a row."""
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
