"""The epoch of the log that the relay publishes: one row in PostgreSQL, changed only by an operator."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from uuid_utils.compat import uuid7

from eventstore.postgres.read_pool import ReadPool

REASON_LENGTH_MAX = 500
FIRST_START = "the first start"

CURRENT: LiteralString = "SELECT id, system_identifier, timeline, reason, began_at FROM eventstore.epoch"

# The name of a WAL file begins with its timeline; unlike pg_control it is current directly after a failover.
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
    """The PostgreSQL cluster that holds the log, and its timeline."""

    system_identifier: int
    timeline: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One unbroken history of the log, with the names of its stream and subjects."""

    id: str
    server: ServerIdentity
    reason: str
    began_at: datetime

    @property
    def stream(self) -> str:
        """The JetStream stream with this epoch's events."""
        return f"SEATLEDGER_{self.id}"

    @property
    def events_subject(self) -> str:
        """The subject to which the relay, and no other client, publishes events."""
        return f"seatledger.{self.id}.events"

    @property
    def wake_subject(self) -> str:
        """The subject of the hints that events were appended."""
        return f"seatledger.{self.id}.wake"


class Epochs:
    """The epoch's row. Every method raises `StoreUnavailable` when the server cannot be reached.

    Args:
        url: of a role that may read the row; beginning an epoch takes the projector's.
    """

    def __init__(self, url: str) -> None:
        self._readers = ReadPool(url, 1)

    async def close(self) -> None:
        """Close the connection."""
        await self._readers.close()

    async def current(self) -> Epoch | None:
        """Return the current epoch; None if no relay has ever run."""
        rows = await self._readers.rows(CURRENT, {})
        return epoch_of(rows[0]) if rows else None

    async def server(self) -> ServerIdentity:
        """Return the identity of the current server."""
        ((system_identifier, timeline),) = await self._readers.rows(SERVER, {})
        return ServerIdentity(system_identifier=system_identifier, timeline=timeline)

    async def current_or_first(self) -> Epoch:
        """Return the current epoch; begin the first one if there is none."""
        current = await self.current()
        if current is not None:
            return current
        await self._readers.rows(BEGIN_FIRST, await self._new_row(FIRST_START))
        current = await self.current()
        assert current is not None, "the row existed or was inserted"
        return current

    async def begin(self, reason: str) -> Epoch:
        """Begin a new epoch on the current server, for a reason given by an operator."""
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
    """Return the epoch of a row."""
    epoch, system_identifier, timeline, reason, began_at = row
    server = ServerIdentity(system_identifier=system_identifier, timeline=timeline)
    return Epoch(id=epoch, server=server, reason=reason, began_at=began_at)
