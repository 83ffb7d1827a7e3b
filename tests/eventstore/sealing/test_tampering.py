"""Changes by a superuser, who also adapts the digests, are detected against the seal archive.

Each of the five kinds is tried at 100 random positions before the last seal, and must be located there.
"""

import asyncio
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import pytest

from eventstore.sealing import sql
from eventstore.sealing.log_reader import Connection
from eventstore.sealing.seal_archive import SealArchive
from eventstore.sealing.verification.fault import Fault, FaultKind
from eventstore.sealing.verification.verify import verify
from runtime.local.embedded import EmbeddedPostgres
from tests.databases import fresh_database
from tests.eventstore.backends import app_url_of
from tests.eventstore.conftest import TEMPLATE
from tests.eventstore.sealing.sealing import SealedLog, append, sealed_log
from tests.example_count import ExampleCount

TRIES = 100
SEALS = 6
COMMANDS_PER_SEAL = 20
YOUNGER_COMMANDS = 9
YOUNGER_EVENTS = 18

ALONE: LiteralString = "SELECT position FROM eventstore.event WHERE parts = 1"
MOVE: LiteralString = "UPDATE eventstore.event SET position = position + %(by)s WHERE position >= %(first)s"
DELETE: LiteralString = "DELETE FROM eventstore.event WHERE position = %(position)s"
CUT: LiteralString = "DELETE FROM eventstore.event WHERE position >= %(position)s"
SWAP: LiteralString = """
UPDATE eventstore.event SET position = CASE position WHEN %(one)s THEN %(other)s ELSE %(one)s END
WHERE position IN (%(one)s, %(other)s)
"""
FORGE: LiteralString = """
INSERT INTO eventstore.event
SELECT %(position)s, 'forged-1', 1, name, schema_version, gen_random_uuid(), 1, 1, recorded_at, data, metadata, ''
FROM eventstore.event WHERE position = %(position)s + 1
"""
CHANGES: list[LiteralString] = [
    """UPDATE eventstore.event SET data = '{"seat": "A-2"}' WHERE position = %(position)s""",
    """UPDATE eventstore.event SET metadata = '{"actor": 1}' WHERE position = %(position)s""",
    "UPDATE eventstore.event SET recorded_at = recorded_at + interval '1 microsecond' WHERE position = %(position)s",
    "UPDATE eventstore.event SET stream = stream || 'x' WHERE position = %(position)s",
    "UPDATE eventstore.event SET name = 'SeatSold' WHERE position = %(position)s",
    "UPDATE eventstore.event SET version = version + 7 WHERE position = %(position)s",
    "UPDATE eventstore.event SET schema_version = 2 WHERE position = %(position)s",
    "UPDATE eventstore.event SET command_id = gen_random_uuid() WHERE position = %(position)s",
]
PUT_DIGESTS_RIGHT: LiteralString = (
    "UPDATE eventstore.event AS event SET digest = sha256(content.preimage) FROM ("
    + sql.CONTENT
    + ") AS content WHERE content.position = event.position"
)

END = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """The position of the change, that of a second event involved, and further random values."""

    position: int
    other: int
    dice: random.Random


def change(superuser: Connection, chance: Chance) -> None:
    superuser.execute(chance.dice.choice(CHANGES), {"position": chance.position})


def remove(superuser: Connection, chance: Chance) -> None:
    superuser.execute(DELETE, {"position": chance.position})
    superuser.execute(MOVE, {"first": chance.position, "by": -1})


def insert(superuser: Connection, chance: Chance) -> None:
    superuser.execute(MOVE, {"first": chance.position, "by": 1})
    superuser.execute(FORGE, {"position": chance.position})


def reorder(superuser: Connection, chance: Chance) -> None:
    superuser.execute(SWAP, {"one": chance.position, "other": chance.other})


def truncate(superuser: Connection, chance: Chance) -> None:
    superuser.execute(CUT, {"position": chance.position})


TAMPERINGS: dict[FaultKind, Callable[[Connection, Chance], None]] = {
    FaultKind.CHANGED: change,
    FaultKind.REMOVED: remove,
    FaultKind.INSERTED: insert,
    FaultKind.REORDERED: reorder,
    FaultKind.TRUNCATED: truncate,
}


@pytest.fixture(scope="module")
def log(migrated_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SealedLog]:
    """Six seals over some 40 events each, and some unsealed events."""
    with fresh_database(migrated_server, template=TEMPLATE) as owner_url:
        log = sealed_log(owner_url, app_url_of(owner_url), tmp_path_factory.mktemp("second"))
        for number in range(SEALS):
            asyncio.run(append(log, COMMANDS_PER_SEAL, named=f"seat-{number}"))
            log.seal()
        asyncio.run(append(log, YOUNGER_COMMANDS, named="younger"))
        yield log


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    """A random generator with a new seed, which a failure reports."""
    seed = random.randrange(2**32)
    sys.stdout.write(f"{request.node.name}: seed {seed}\n")
    return random.Random(seed)


class TestUntouched:
    def test_then_the_result_has_the_sealed_and_the_unsealed_events(self, log: SealedLog) -> None:
        found = log.verify()
        assert (found.fault, found.seals, found.unsealed) == (None, SEALS, YOUNGER_EVENTS)
        assert (found.first, found.last, found.head) == (1, found.head, found.sealed_to + YOUNGER_EVENTS)
        assert found.unsealed_since is not None


class TestTampered:
    @pytest.mark.parametrize("kind", TAMPERINGS)
    def test_then_it_is_named_where_it_was_done(
        self, log: SealedLog, kind: FaultKind, dice: random.Random, example_count: ExampleCount
    ) -> None:
        last = log.verify().sealed_to
        with log.superuser() as superuser:
            for _ in range(example_count.of(TRIES)):
                one, other = sorted(dice.sample(range(1, last + 1), 2))
                with superuser.transaction(force_rollback=True):
                    tamper(superuser, kind, Chance(position=one, other=other, dice=dice))
                    fault = verify(superuser, log.archive).fault
                assert fault is not None, one
                assert (fault.kind, fault.position) == (kind, one), (fault, other)
                assert fault.seal is not None, fault

    def test_given_the_last_sealed_event_is_removed_then_nothing_tells_it_from_a_changed_one(
        self, log: SealedLog, dice: random.Random
    ) -> None:
        """The event that moved up into its position was not sealed."""
        last = log.verify().sealed_to
        with log.superuser() as superuser:
            tamper(superuser, FaultKind.REMOVED, Chance(position=last, other=last, dice=dice))
            fault = verify(superuser, log.archive).fault
        assert fault is not None
        assert (fault.kind, fault.position, fault.seal) == (FaultKind.CHANGED, last, SEALS)

    @pytest.mark.parametrize("kind", TAMPERINGS)
    def test_given_no_archive_then_no_change_is_detected(
        self, log: SealedLog, kind: FaultKind, dice: random.Random, tmp_path: Path
    ) -> None:
        with log.superuser() as superuser:
            superuser.execute("DELETE FROM eventstore.seal")
            alone = [position for (position,) in superuser.execute(ALONE).fetchall()]
            one, other = sorted(dice.sample(alone, 2))
            tamper(superuser, kind, Chance(position=one, other=other, dice=dice))
            assert verify(superuser, SealArchive(tmp_path)).fault is None


class TestUnsealed:
    def test_given_a_change_of_an_unsealed_event_with_its_digest_then_no_fault_is_found(
        self, log: SealedLog, dice: random.Random
    ) -> None:
        head = log.verify().head
        with log.superuser() as superuser:
            tamper(superuser, FaultKind.CHANGED, Chance(position=head, other=head, dice=dice))
            found = verify(superuser, log.archive)
        assert (found.fault, found.unsealed) == (None, YOUNGER_EVENTS)

    def test_given_a_change_then_it_contradicts_its_digest(self, log: SealedLog) -> None:
        head = log.verify().head
        with log.superuser() as superuser:
            superuser.execute(CHANGES[0], {"position": head})
            fault = verify(superuser, log.archive).fault
        assert fault is not None
        assert (fault.kind, fault.position, fault.seal) == (FaultKind.DIGEST, head, None)

    def test_given_a_hole_then_it_is_named(self, log: SealedLog) -> None:
        head = log.verify().head
        with log.superuser() as superuser:
            superuser.execute(DELETE, {"position": head - 3})
            fault = verify(superuser, log.archive).fault
        assert fault is not None
        assert (fault.kind, fault.position, fault.seal) == (FaultKind.REMOVED, head - 3, None)


class TestDigestsPartsAndCopies:
    def fault(self, log: SealedLog, statement: LiteralString) -> Fault | None:
        with log.superuser() as superuser:
            superuser.execute(statement)
            return verify(superuser, log.archive).fault

    def test_given_another_digest_of_sealed_content_then_the_digest_is_the_fault(self, log: SealedLog) -> None:
        fault = self.fault(log, "UPDATE eventstore.event SET digest = sha256('') WHERE position = 100")
        assert fault is not None
        assert (fault.kind, fault.position, fault.name) == (FaultKind.DIGEST, 100, "SeatHeld")

    def test_given_another_number_of_parts_then_the_parts_are_the_fault(self, log: SealedLog) -> None:
        fault = self.fault(log, "UPDATE eventstore.event SET parts = parts + 1 WHERE position = 100")
        assert fault is not None
        assert (fault.kind, abs(fault.position - 100) <= 1) == (FaultKind.PARTS, True)

    def test_given_another_seal_in_the_database_then_the_copy_is_the_fault(self, log: SealedLog) -> None:
        fault = self.fault(log, "UPDATE eventstore.seal SET root = sha256('') WHERE number = 3")
        assert fault is not None
        assert (fault.kind, fault.seal) == (FaultKind.SEAL_COPY, 3)

    def test_given_a_seal_missing_in_the_database_then_the_copy_is_the_fault(self, log: SealedLog) -> None:
        fault = self.fault(log, "DELETE FROM eventstore.seal WHERE number = 3")
        assert fault is not None
        assert (fault.kind, fault.seal) == (FaultKind.SEAL_COPY, 3)

    def test_given_a_change_and_seals_that_agree_with_it_then_the_second_place_still_does_not(
        self, log: SealedLog, dice: random.Random
    ) -> None:
        with log.superuser() as superuser:
            tamper(superuser, FaultKind.CHANGED, Chance(position=100, other=100, dice=dice))
            superuser.execute("UPDATE eventstore.seal SET root = sha256(''), signature = '' WHERE last_position >= 100")
            fault = verify(superuser, log.archive).fault
        assert fault is not None
        assert (fault.kind, fault.position) == (FaultKind.CHANGED, 100)


def tamper(superuser: Connection, kind: FaultKind, chance: Chance) -> None:
    """Change the log, and adapt every digest."""
    TAMPERINGS[kind](superuser, chance)
    last = {FaultKind.CHANGED: chance.position, FaultKind.REORDERED: chance.other}.get(kind, END)
    superuser.execute(PUT_DIGESTS_RIGHT, {"first": chance.position, "last": last, "limit": END})
