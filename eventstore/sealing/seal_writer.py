"""One sealer's turn: it makes sure that the log goes on where the second place ends, then seals on from there."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import psycopg

from eventstore.errors import EventStoreError
from eventstore.sealing import sql
from eventstore.sealing.archive_writer import ArchiveWriter
from eventstore.sealing.keys import SealingKey, is_genuine
from eventstore.sealing.log_reader import (
    CommandSequence,
    Connection,
    SealedContent,
    are_dense,
    digests_of,
    head_of,
    read_content,
    whole_commands,
)
from eventstore.sealing.merkle import root_over
from eventstore.sealing.seal import NO_SEAL_BEFORE, POSITIONS_MAX, Seal, fingerprint_of
from eventstore.sealing.seal_archive import ArchivedSeal, SealArchive

FIRST = "the first start"
HEARTBEAT_INTERVAL_S = 5.0
WHAT_TO_DO = "Run `seatledger audit verify`; after a restore that is meant to be, `seatledger seal new-chain`."


class NotSealOwner(Exception):
    """Another sealer is at it, or a new chain was begun."""


class SealerStopped(EventStoreError):
    """The log does not go on where the second place ends; a person must look."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why} {WHAT_TO_DO}")


class SealWriter:
    """Seals, as the only one who does.

    Raises:
        SealerStopped, SealArchiveDamaged: the log does not go on where the second place ends.
    """

    def __init__(self, connection: Connection, archive: SealArchive, key: SealingKey, max_delay: timedelta) -> None:
        self._connection = connection
        self._archive = archive
        self._key = key
        self._max_delay = max_delay
        self._chain = archive.chain() or archive.begin(FIRST)
        self._archive_writer = ArchiveWriter(self._chain)
        last = self._chain.last()
        self._last = last.seal if last else None
        self._check_last()
        self._copy_missing()
        archive.publish(key.public)
        connection.execute(sql.ADD_KEY, {"key_id": key.id, "public_key": key.public})
        self._heartbeat()

    @property
    def sealed_to(self) -> int:
        """The last position that is sealed."""
        return self._last.last if self._last else 0

    def seal_next(self) -> bool:
        """Seal the next range, if there is a full one or its first event has waited long enough.

        Raises:
            SealerStopped: the log got shorter, or an event is not what its digest says.
            NotSealOwner: a new chain was begun.
        """
        if time.monotonic() - self._heartbeat_at >= HEARTBEAT_INTERVAL_S:
            self._heartbeat()
        parameters = {"patience": self._max_delay, "next": self.sealed_to + 1}
        ((head, waited),) = self._connection.execute(sql.WAITING, parameters).fetchall()
        self._check_head(head)
        if not waited and head - self.sealed_to < POSITIONS_MAX:
            return False
        events = read_content(self._connection, self.sealed_to + 1, min(head, self.sealed_to + POSITIONS_MAX))
        self._add(verified_digests(whole_commands(events), self.sealed_to + 1))
        return True

    def _add(self, digests: Sequence[bytes]) -> None:
        fingerprints = b"".join(map(fingerprint_of, digests))
        seal = self._key.sign(
            Seal(
                chain=self._chain.id,
                number=self._last.number + 1 if self._last else 1,
                first=self.sealed_to + 1,
                last=self.sealed_to + len(digests),
                root=root_over(digests),
                fingerprints=hashlib.sha256(fingerprints).digest(),
                previous=self._last.hash if self._last else NO_SEAL_BEFORE,
                sealed_at=datetime.now(UTC),
                key_id=self._key.id,
            )
        )
        self._archive_writer.add(ArchivedSeal(seal, fingerprints))
        self._last = seal
        self._copy(seal)

    def _copy(self, seal: Seal) -> None:
        try:
            self._connection.execute(sql.ADD_SEAL, asdict(seal))
        except psycopg.IntegrityError as error:
            raise SealerStopped(f"The database has another seal in the place of {seal.number}.") from error

    def _check_head(self, head: int) -> None:
        if head < self.sealed_to:
            raise SealerStopped(f"The log ends at {head}, but was sealed up to {self.sealed_to}: it went back.")

    def _check_last(self) -> None:
        self._check_head(head_of(self._connection))
        if self._last is None:
            return
        if not is_genuine(self._last, self._archive.keys()):
            raise SealerStopped(f"Seal {self._last.number} in the second place is not signed by a key there.")
        events = read_content(self._connection, self._last.first, self._last.last)
        if not events or root_over(digests_of(events)) != self._last.root:
            raise SealerStopped(f"The last events under seal {self._last.number} are not those that were sealed.")

    def _copy_missing(self) -> None:
        """A sealer that was ended between the second place and the database left one copy to make."""
        ((copies,),) = self._connection.execute(sql.LAST_COPY, {"chain": self._chain.id}).fetchall()
        last = self._last.number if self._last else 0
        if copies > last:
            raise SealerStopped(f"The database has {copies} seals, the second place {last}: it lost some.")
        if copies < last:
            for sealed in self._chain.sealed():
                if sealed.seal.number > copies:
                    self._copy(sealed.seal)

    def _heartbeat(self) -> None:
        current = self._archive.chain()
        if current is None or current.id != self._chain.id:
            raise NotSealOwner
        self._connection.execute(sql.UPDATE_HEARTBEAT, {"state": "sealing", "trouble": None})
        self._heartbeat_at = time.monotonic()


def verified_digests(events: Sequence[SealedContent], first: int) -> list[bytes]:
    """Return the digests of events from a position on, recomputed: a seal must not certify what contradicts itself.

    Raises:
        SealerStopped: one is missing, is not what its digest says, or does not go on with its command.
    """
    if not events or not are_dense(events, first, first + len(events) - 1):
        raise SealerStopped(f"Positions are missing from {first} on.")
    digests = digests_of(events)
    for digest, (position, _, _, _, stored) in zip(digests, events, strict=True):
        if digest != stored:
            raise SealerStopped(f"The event at {position} is not what its digest says.")
    order = CommandSequence()
    misfit = order.first_gap(events)
    if misfit is not None or order.within:
        raise SealerStopped(f"The event at {misfit or events[-1][0]} does not go on with its command.")
    return digests
