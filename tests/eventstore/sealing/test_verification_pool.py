"""Verification by several processes gives the same result as by one."""

import os
import random
import signal
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from eventstore.sealing.log_reader import open_connection
from eventstore.sealing.verification import chain
from eventstore.sealing.verification.chain import PositionGroup, iter_unsealed_groups
from eventstore.sealing.verification.fault import FaultKind
from eventstore.sealing.verification.group import GroupResult, Verifier
from eventstore.sealing.verification.pool import VerificationWorker, WorkerLost, worker_pool
from eventstore.sealing.verification.result import Verification
from eventstore.sealing.verification.verify import verify
from tests.eventstore.sealing.sealing import TAKE_THE_LOCKS_OFF, SealedLog, append

HANDS = 2
SEALS = 6
COMMANDS_PER_SEAL = 9
EVENTS_PER_SEAL = 18
YOUNGER = 18
SEALED = SEALS * EVENTS_PER_SEAL
GROUP = 2 * EVENTS_PER_SEAL
"""Three groups are sealed, one is not."""

CHANGE: LiteralString = """UPDATE eventstore.event SET data = '{"seat": "A-2"}' WHERE position = ANY (%(positions)s)"""
ONE_MORE_PART: LiteralString = "UPDATE eventstore.event SET parts = parts + 1 WHERE position = ANY (%(positions)s)"


@pytest.fixture
async def sealed(log: SealedLog, monkeypatch: pytest.MonkeyPatch) -> SealedLog:
    """Three groups of two seals each, and some unsealed events."""
    monkeypatch.setattr(chain, "GROUP_POSITIONS_MAX", GROUP)
    for number in range(SEALS):
        await append(log, COMMANDS_PER_SEAL, named=f"seat-{number}")
        log.seal()
    await append(log, COMMANDS_PER_SEAL, named="younger")
    with psycopg.connect(log.owner_url) as owner:
        owner.execute(TAKE_THE_LOCKS_OFF)
    return log


def damage(log: SealedLog, statement: LiteralString, *positions: int) -> None:
    """Change the log in a visible way."""
    with psycopg.connect(log.owner_url) as owner:
        owner.execute(statement, {"positions": list(positions)})


def verify_in_parallel(log: SealedLog) -> Verification:
    with open_connection(log.app_url, name="audit") as connection, worker_pool(log.app_url, HANDS) as others:
        return verify(connection, log.archive, compare=others)


class TestParallelResult:
    def test_given_nothing_wrong_then_all_is_counted_and_progress_goes_up_to_the_end(self, sealed: SealedLog) -> None:
        reached: list[int] = []
        with open_connection(sealed.app_url, name="audit") as connection, worker_pool(sealed.app_url, HANDS) as others:
            found = verify(connection, sealed.archive, compare=others, report=lambda to, _upto: reached.append(to))
        assert found == sealed.verify()
        assert (found.fault, found.seals, found.events, found.unsealed) == (None, SEALS, SEALED + YOUNGER, YOUNGER)
        assert reached == [GROUP, 2 * GROUP, 3 * GROUP, SEALED + YOUNGER]

    def test_given_a_change_anywhere_then_it_is_named_as_by_one_process(self, sealed: SealedLog) -> None:
        seed = random.randrange(2**32)
        sys.stdout.write(f"seed {seed}\n")
        position = random.Random(seed).choice([1, GROUP, GROUP + 1, 2 * GROUP, SEALED, SEALED + 1, SEALED + YOUNGER])
        damage(sealed, CHANGE, position)
        found = verify_in_parallel(sealed)
        assert found.fault is not None
        assert (found.fault.position, found.last) == (position, position - 1)
        assert found == sealed.verify()

    def test_given_changes_in_several_groups_then_the_first_is_named(self, sealed: SealedLog) -> None:
        damage(sealed, CHANGE, 2 * GROUP + 5, GROUP, GROUP + 1)
        fault = verify_in_parallel(sealed).fault
        assert fault is not None
        assert (fault.kind, fault.position) == (FaultKind.CHANGED, GROUP)

    def test_given_a_command_across_two_groups_then_no_fault_is_found(
        self, sealed: SealedLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chain, "GROUP_POSITIONS_MAX", _begin_of_third_part(sealed) - SEALED - 1)
        assert verify_in_parallel(sealed).fault is None

    def test_given_a_command_that_lacks_an_end_then_only_the_border_between_two_groups_tells(
        self, sealed: SealedLog
    ) -> None:
        damage(sealed, ONE_MORE_PART, GROUP - 2, GROUP - 1, GROUP)
        found = verify_in_parallel(sealed)
        assert found.fault is not None
        assert (found.fault.kind, found.fault.position) == (FaultKind.PARTS, GROUP + 1)
        assert found == sealed.verify()


def _begin_of_third_part(log: SealedLog) -> int:
    with psycopg.connect(log.owner_url) as owner:
        found = owner.execute(
            "SELECT min(position) FROM eventstore.event WHERE part = 3 AND position > %s", [SEALED]
        ).fetchall()
        ((position,),) = found
        return int(position)


class TestWorkerEnds:
    def test_given_a_worker_is_killed_then_that_is_reported_and_all_workers_end(
        self, sealed: SealedLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chain, "GROUP_POSITIONS_MAX", 1)
        killed: list[int] = []

        def with_a_killed_worker(
            compare: Verifier, groups: Iterable[PositionGroup]
        ) -> Iterator[tuple[PositionGroup, GroupResult]]:
            for each in compare(groups):
                if not killed:
                    killed.extend(children())
                    os.kill(killed[0], signal.SIGKILL)
                yield each

        with open_connection(sealed.app_url, name="audit") as connection, worker_pool(sealed.app_url, HANDS) as others:
            with pytest.raises(WorkerLost, match="status -9"):
                verify(connection, sealed.archive, compare=lambda groups: with_a_killed_worker(others, groups))
            assert len(killed) == HANDS
        assert not set(killed) & set(children())

    def test_given_the_database_refuses_then_its_error_is_reported(self, sealed: SealedLog) -> None:
        worker = VerificationWorker(make_conninfo(sealed.app_url, dbname="not_there"))
        try:
            with pytest.raises(WorkerLost, match="not_there"):
                worker.result()
        finally:
            worker.end()

    def test_given_an_interrupt_then_all_workers_end(self, sealed: SealedLog) -> None:
        busy: list[int] = []

        def interrupted() -> None:
            with worker_pool(sealed.app_url, HANDS) as compare:
                next(compare(iter_unsealed_groups(1, SEALED)))
                busy.extend(children())
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert len(busy) == HANDS
        assert not set(busy) & set(children())


def children() -> list[int]:
    """Return the pids of the worker processes."""
    mine = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = [int(pid) for file in mine for pid in file.read_text().split()]
    return [pid for pid in pids if b"eventstore.sealing.verification.worker" in _command_of(pid)]


def _command_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
