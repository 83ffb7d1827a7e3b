"""Writes seals as their owner: checks that the log continues the seal archive, then seals new events."""

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
    complete_commands,
    digests_of,
    head_of,
    read_content,
)
from eventstore.sealing.merkle import root_over
from eventstore.sealing.seal import NO_SEAL_BEFORE, POSITIONS_MAX, Seal, fingerprint_of
from eventstore.sealing.seal_archive import ArchivedSeal, SealArchive

FIRST_START = "the first start"
HEARTBEAT_INTERVAL_S = 5.0
REMEDY = "Run `seatledger audit verify`; after a restore that is meant to be, `seatledger seal new-chain`."


class NotSealOwner(Exception):
    """Another sealer owns the archive, or a new chain was begun."""


class SealerStopped(EventStoreError):
    """The log contradicts the seal archive; an operator must act."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why} {REMEDY}")


class SealWriter:
    """Seals new events. At most one exists per archive, see `Sealer.acquire_writer`.

    Raises:
        SealerStopped, SealArchiveDamaged: the log contradicts the archive, or the archive is damaged.
    """

    def __init__(self, connection: Connection, archive: SealArchive, key: SealingKey, max_delay: timedelta) -> None:
        self._connection = connection
        self._archive = archive
        self._key = key
        self._max_delay = max_delay
        self._chain = archive.chain() or archive.begin(FIRST_START)
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
        """The last sealed position, 0 without any seal."""
        return self._last.last if self._last else 0

    def seal_next(self) -> bool:
        """Seal the next range if it is full or its first event has is_due long enough; tell whether it was sealed.

        Raises:
            SealerStopped: the log was truncated, or an event does not match its digest.
            NotSealOwner: a new chain was begun.
        """
        if time.monotonic() - self._heartbeat_at >= HEARTBEAT_INTERVAL_S:
            self._heartbeat()
        parameters = {"max_delay": self._max_delay, "next": self.sealed_to + 1}
        ((head, is_due),) = self._connection.execute(sql.WAITING, parameters).fetchall()
        self._check_head(head)
        if not is_due and head - self.sealed_to < POSITIONS_MAX:
            return False
        events = read_content(self._connection, self.sealed_to + 1, min(head, self.sealed_to + POSITIONS_MAX))
        self._add(verify_digests(complete_commands(events), self.sealed_to + 1))
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
            raise SealerStopped(f"The database has another seal with number {seal.number}.") from error

    def _check_head(self, head: int) -> None:
        if head < self.sealed_to:
            raise SealerStopped(f"The log ends at {head} but was sealed up to {self.sealed_to}: it was restored.")

    def _check_last(self) -> None:
        self._check_head(head_of(self._connection))
        if self._last is None:
            return
        if not is_genuine(self._last, self._archive.keys()):
            raise SealerStopped(f"Seal {self._last.number} of the archive is not signed by a key of the archive.")
        events = read_content(self._connection, self._last.first, self._last.last)
        if not events or root_over(digests_of(events)) != self._last.root:
            raise SealerStopped(f"The events of the last seal, {self._last.number}, are not those that were sealed.")

    def _copy_missing(self) -> None:
        """Copy the seals to the database that a crash after writing to the archive has left uncopied."""
        ((copies,),) = self._connection.execute(sql.LAST_COPY, {"chain": self._chain.id}).fetchall()
        last = self._last.number if self._last else 0
        if copies > last:
            raise SealerStopped(f"The database has {copies} seals, the archive only {last}.")
        if copies < last:
            for sealed in self._chain.iter_seals():
                if sealed.seal.number > copies:
                    self._copy(sealed.seal)

    def _heartbeat(self) -> None:
        current = self._archive.chain()
        if current is None or current.id != self._chain.id:
            raise NotSealOwner
        self._connection.execute(sql.UPDATE_HEARTBEAT, {"state": "sealing", "trouble": None})
        self._heartbeat_at = time.monotonic()


def verify_digests(events: Sequence[SealedContent], first: int) -> list[bytes]:
    """Return the recomputed digests of events from a position on, after checking that they may be sealed.

    Raises:
        SealerStopped: an event is missing, does not match its digest, or does not continue its command.
    """
    if not events or not are_dense(events, first, first + len(events) - 1):
        raise SealerStopped(f"Positions are missing from {first} on.")
    digests = digests_of(events)
    for digest, (position, _, _, _, stored) in zip(digests, events, strict=True):
        if digest != stored:
            raise SealerStopped(f"The event at {position} does not match its digest.")
    order = CommandSequence()
    gap = order.first_gap(events)
    if gap is not None or order.is_incomplete:
        raise SealerStopped(f"The event at {gap or events[-1][0]} does not continue its command.")
    return digests
