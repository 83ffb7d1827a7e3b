"""Which life of the log is being relayed: one row in PostgreSQL, changed only when a person says so."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from uuid_utils.compat import uuid7

from eventstore.postgres.read_pool import ReadPool

REASON_LENGTH_MAX = 500
FIRST = "the first start"

CURRENT: LiteralString = "SELECT id, system_identifier, timeline, reason, began_at FROM eventstore.epoch"

# The name of a write-ahead file begins with its timeline, which is right at once after a failover.
SERVER: LiteralString = """
SELECT (pg_control_system()).system_identifier,
       ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer
"""

BEGIN_FIRST: LiteralString = """
INSERT INTO eventstore.epoch (id, system_identifier, timeline, reason)
VALUES (%(id)s, %(system_identifier)s, %(timeline)s, %(reason)s)
ON CONFLICT (only_row) DO NOTHING
RETURNING id
"""

BEGIN: LiteralString = """
INSERT INTO eventstore.epoch (id, system_identifier, timeline, reason)
VALUES (%(id)s, %(system_identifier)s, %(timeline)s, %(reason)s)
ON CONFLICT (only_row) DO UPDATE SET
    id = excluded.id, system_identifier = excluded.system_identifier, timeline = excluded.timeline,
    reason = excluded.reason, began_at = excluded.began_at
RETURNING id, system_identifier, timeline, reason, began_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerIdentity:
    """Who keeps the log: the cluster, and which of its histories."""

    system_identifier: int
    timeline: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One life of the log, and the names its stream goes by."""

    id: str
    server: ServerIdentity
    reason: str
    began_at: datetime

    @property
    def stream(self) -> str:
        """The JetStream stream that repeats this epoch's log."""
        return f"SEATLEDGER_{self.id}"

    @property
    def events_subject(self) -> str:
        """Where the relay, and nobody else, publishes events."""
        return f"seatledger.{self.id}.events"

    @property
    def wake_subject(self) -> str:
        """Where anybody who appended says so."""
        return f"seatledger.{self.id}.wake"


class Epochs:
    """The epoch's row. Every method raises `StoreUnavailable` when the server cannot be asked.

    Args:
        url: of a role that may read the row; to begin an epoch, the projector's.
    """

    def __init__(self, url: str) -> None:
        self._readers = ReadPool(url, 1)

    async def close(self) -> None:
        """Disconnect."""
        await self._readers.close()

    async def current(self) -> Epoch | None:
        """Return the epoch that is being relayed; None: no relay ever ran."""
        rows = await self._readers.rows(CURRENT, {})
        return epoch_of(rows[0]) if rows else None

    async def server(self) -> ServerIdentity:
        """Return who keeps the log now."""
        ((system_identifier, timeline),) = await self._readers.rows(SERVER, {})
        return ServerIdentity(system_identifier=system_identifier, timeline=timeline)

    async def current_or_first(self) -> Epoch:
        """Return the current epoch; the first one begins by itself."""
        current = await self.current()
        if current is not None:
            return current
        await self._readers.rows(BEGIN_FIRST, await self._new_row(FIRST))
        current = await self.current()
        assert current is not None, "the row was there or has been written"
        return current

    async def begin(self, reason: str) -> Epoch:
        """Begin a new epoch on the server as it is now: a person has looked, and says why."""
        (row,) = await self._readers.rows(BEGIN, await self._new_row(reason[:REASON_LENGTH_MAX]))
        return epoch_of(row)

    async def _new_row(self, reason: str) -> dict[str, object]:
        server = await self.server()
        return {
            "id": uuid7().hex,
            "system_identifier": server.system_identifier,
            "timeline": server.timeline,
            "reason": reason,
        }


def epoch_of(row: tuple[Any, ...]) -> Epoch:
    """Return the epoch in a row."""
    epoch, system_identifier, timeline, reason, began_at = row
    server = ServerIdentity(system_identifier=system_identifier, timeline=timeline)
    return Epoch(id=epoch, server=server, reason=reason, began_at=began_at)
