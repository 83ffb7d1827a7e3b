"""The sealer: when it seals, what stops it, and recovery after a kill."""

import json
import subprocess
import sys
import threading
from datetime import timedelta
from itertools import pairwise

import psycopg
import pytest

from eventstore.sealing import seal_writer as turns
from eventstore.sealing.keys import SealingKey, is_genuine, key_id_of
from eventstore.sealing.log_reader import open_connection
from eventstore.sealing.seal import FINGERPRINT_BYTES, NO_SEAL_BEFORE, Seal
from eventstore.sealing.seal_archive import Chain
from eventstore.sealing.seal_repository import SealRepository
from eventstore.sealing.seal_writer import NotSealOwner, SealerStopped
from tests.eventstore.sealing.sealing import SECRET, TAKE_THE_LOCKS_OFF, SealedLog, append
from tests.eventstore.waiting import until

LONG = timedelta(hours=1)
KILLS = 6
COPY_OF_A_LATER_SEAL = """
INSERT INTO eventstore.seal
SELECT chain, 2, 7, 8, root, fingerprints, previous, sealed_at, key_id, signature FROM eventstore.seal
"""


def chain_of(log: SealedLog) -> Chain:
    chain = log.archive.chain()
    assert chain is not None
    return chain


def seals_of(log: SealedLog) -> list[Seal]:
    return [sealed.seal for sealed in chain_of(log).iter_seals()]


def superuser(log: SealedLog, *statements: str) -> None:
    """Run statements as superuser."""
    with psycopg.connect(log.owner_url, autocommit=True) as connection:
        for statement in (TAKE_THE_LOCKS_OFF, *statements):
            connection.execute(statement)


class TestSealing:
    async def test_given_enough_events_then_full_ranges_are_sealed_at_once_and_the_rest_waits(
        self, log: SealedLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(turns, "POSITIONS_MAX", 20)
        await append(log, 30, named="seat")  # 60 events, in commands of 1, 2 and 3
        with log.writer(max_delay=LONG) as writer:
            sealed = [writer.seal_next() for _ in range(5)]
        assert sealed == [True, True, True, False, False]
        assert all(18 <= seal.events <= 20 for seal in seals_of(log))

    async def test_given_few_events_then_they_are_sealed_when_the_first_has_waited(self, log: SealedLog) -> None:
        await append(log, 3, named="seat")
        with log.writer(max_delay=LONG) as writer:
            assert not writer.seal_next()
        with log.writer(max_delay=timedelta(0)) as writer:
            assert writer.seal_next()
            assert not writer.seal_next()
        (seal,) = seals_of(log)
        assert (seal.number, seal.first, seal.last, seal.previous) == (1, 1, 6, NO_SEAL_BEFORE)

    async def test_given_seals_then_they_follow_each_other_end_with_commands_and_are_signed(
        self, log: SealedLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(turns, "POSITIONS_MAX", 20)
        await append(log, 30, named="seat")
        log.seal()
        seals, keys = seals_of(log), log.archive.keys()
        for before, seal in pairwise(seals):
            assert (seal.number, seal.first, seal.previous) == (before.number + 1, before.last + 1, before.hash)
        assert all(is_genuine(seal, keys) for seal in seals)
        with psycopg.connect(log.owner_url) as owner:
            ends = owner.execute("SELECT position FROM eventstore.event WHERE part = parts").fetchall()
        assert {seal.last for seal in seals} <= {position for (position,) in ends}
        assert seals[-1].last == 60

    async def test_given_seals_then_the_database_has_copies_and_gives_those_over_a_range(
        self, log: SealedLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(turns, "POSITIONS_MAX", 20)
        await append(log, 30, named="seat")
        log.seal()
        seals = seals_of(log)
        table = SealRepository(log.app_url)
        try:
            assert await table.list_covering(first=1, last=10**9) == seals
            assert await table.list_covering(first=seals[1].first, last=seals[1].first) == [seals[1]]
            assert await table.list_covering(first=seals[0].last, last=seals[1].first) == seals[:2]
            assert await table.newest(limit=1) == [seals[-1]]
            assert await table.keys() == log.archive.keys()
            state = await table.sealer()
        finally:
            await table.close()
        assert state is not None
        assert (state.state, state.trouble) == ("sealing", None)

    async def test_given_another_key_then_the_chain_continues_and_the_old_key_is_kept(self, log: SealedLog) -> None:
        await append(log, 3, named="seat")
        log.seal()
        await append(log, 3, named="more")
        other = "another secret of the sealer, for tests"
        with log.writer(secret=other) as writer:
            assert writer.seal_next()
        assert [seal.key_id for seal in seals_of(log)] == [SealingKey(SECRET).id, SealingKey(other).id]
        assert log.verify().fault is None


class TestContradiction:
    async def test_given_a_changed_event_then_it_is_not_sealed(self, log: SealedLog) -> None:
        await append(log, 3, named="seat")
        superuser(log, "UPDATE eventstore.event SET data = '{}' WHERE position = 4")
        with log.writer() as writer, pytest.raises(SealerStopped, match="event at 4 does not match its digest"):
            writer.seal_next()
        assert seals_of(log) == []

    @pytest.mark.parametrize(
        ("statement", "why"),
        [
            ("DELETE FROM eventstore.event WHERE position > 5", "was restored"),
            ("UPDATE eventstore.event SET data = '{}' WHERE position = 4", "not those that were sealed"),
            (COPY_OF_A_LATER_SEAL, "the archive only"),
        ],
        ids=["truncated", "changed", "archive behind"],
    )
    async def test_given_a_log_that_contradicts_the_last_seal_then_nothing_is_sealed(
        self, log: SealedLog, statement: str, why: str
    ) -> None:
        await append(log, 3, named="seat")
        log.seal()
        superuser(log, statement)
        with pytest.raises(SealerStopped, match=why), log.writer():
            pass

    async def test_given_it_stopped_then_it_reports_why_and_continues_with_a_new_chain(self, log: SealedLog) -> None:
        await append(log, 3, named="seat")
        log.seal()
        superuser(log, "DELETE FROM eventstore.event WHERE position > 3")
        stop, table = threading.Event(), SealRepository(log.app_url)
        sealing = threading.Thread(target=log.sealer().run, args=(stop,))
        sealing.start()
        try:
            await until_state(table, "stopped")
            state = await table.sealer()
            log.archive.begin("restored from the backup of Monday")
            await until_state(table, "sealing")
            await until_sealed(table, 3)
        finally:
            stop.set()
            sealing.join()
            await table.close()
        assert state is not None
        assert "was restored" in str(state.trouble)
        found = log.verify()
        assert (found.fault, found.sealed_to, found.chain) == (None, 3, chain_of(log).id)


class TestSeveralSealers:
    async def test_given_one_that_seals_then_another_waits_and_takes_over(self, log: SealedLog) -> None:
        await append(log, 3, named="seat")
        with log.writer() as writer:
            with pytest.raises(NotSealOwner), log.writer():
                pass
            assert writer.seal_next()
        await append(log, 3, named="more")
        log.seal()
        assert log.verify().fault is None
        assert log.verify().sealed_to == 12

    async def test_given_another_folder_on_another_machine_then_the_database_lets_only_one_seal(
        self, log: SealedLog
    ) -> None:
        with log.writer(), open_connection(log.sealer_url, name="seal") as connection:
            (log.archive.folder / "lock").unlink()  # so that the second sealer locks another file
            with pytest.raises(NotSealOwner), log.sealer().acquire_writer(connection):
                pass


class TestKilled:
    async def test_given_it_is_killed_after_any_step_then_the_chain_can_be_continued(self, log: SealedLog) -> None:
        await append(log, 30, named="seat")
        missing = set[str]()
        for kill in range(KILLS):
            kill_while_sealing(log, steps=kill + 1)
            missing |= missing_in(log)
            found = log.verify()
            assert found.fault is None, found
        assert missing == {"a seal of fingerprints", "a copy of a seal"}, "it was not killed while it sealed"
        log.seal()
        found = log.verify()
        assert (found.fault, found.unsealed, missing_in(log)) == (None, 0, set())

    async def test_given_it_was_ended_within_a_line_then_the_line_is_cut_off_and_written_again(
        self, log: SealedLog
    ) -> None:
        await append(log, 3, named="seat")
        log.seal()
        (pair,) = chain_of(log).file_pairs()
        whole = pair.with_suffix(".seals").read_bytes()
        with pair.with_suffix(".seals").open("ab") as torn:
            torn.write(whole[: len(whole) // 2])
        with pair.with_suffix(".fingerprints").open("ab") as torn:
            torn.write(b"torn")
        assert log.verify().fault is None
        await append(log, 3, named="more")
        log.seal()
        assert (log.verify().fault, log.verify().seals) == (None, 2)

    async def test_given_it_was_ended_before_the_copy_was_made_then_it_is_made_at_the_next_start(
        self, log: SealedLog
    ) -> None:
        await append(log, 3, named="seat")
        log.seal()
        superuser(log, "ALTER TABLE eventstore.seal DISABLE TRIGGER ALL", "DELETE FROM eventstore.seal")
        assert log.verify().fault is None
        with log.writer():
            pass
        with psycopg.connect(log.owner_url) as owner:
            assert owner.execute("SELECT number FROM eventstore.seal").fetchall() == [(1,)]


class TestFiles:
    async def test_then_a_new_pair_of_files_begins_when_one_is_full(
        self, log: SealedLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(turns, "POSITIONS_MAX", 3)
        monkeypatch.setattr("eventstore.sealing.archive_writer.SEALS_PER_FILE", 4)
        await append(log, 30, named="seat")
        log.seal()
        seals = seals_of(log)
        pairs = chain_of(log).file_pairs()
        assert [int(pair.name) for pair in pairs] == [seal.first for seal in seals[::4]]
        assert log.verify().fault is None
        (sealed, *_) = chain_of(log).iter_seals(position=seals[9].last)
        assert sealed.seal == seals[9]

    async def test_then_the_public_key_is_published_and_a_line_is_json(self, log: SealedLog) -> None:
        await append(log, 3, named="seat")
        log.seal()
        (pair,) = chain_of(log).file_pairs()
        line = json.loads(pair.with_suffix(".seals").read_text())
        public = SealingKey(SECRET).public
        assert line["key_id"] == key_id_of(public)
        assert (log.archive.folder / "keys" / f"{line['key_id']}.pub").read_text() == public.hex()
        assert pair.with_suffix(".fingerprints").stat().st_size == 8 * 6


def kill_while_sealing(log: SealedLog, *, steps: int) -> None:
    """Run a sealer process for some steps and kill it."""
    module = "tests.eventstore.sealing.sealing_process"
    arguments = [sys.executable, "-m", module, log.sealer_url, str(log.archive.folder), SECRET, str(steps)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        process.kill()


def missing_in(log: SealedLog) -> set[str]:
    """Return the parts of the last seal that were not written."""
    seals, fingerprints = seals_of(log), chain_of(log).folder.glob("*.fingerprints")
    sealed_to = seals[-1].last if seals else 0
    with psycopg.connect(log.owner_url) as owner:
        ((copies,),) = owner.execute("SELECT count(*) FROM eventstore.seal").fetchall()
    found = {
        "a seal of fingerprints": sum(file.stat().st_size for file in fingerprints) > FINGERPRINT_BYTES * sealed_to,
        "a copy of a seal": copies < len(seals),
    }
    return {what for what, is_missing in found.items() if is_missing}


async def until_sealed(table: SealRepository, upto: int) -> None:
    """Wait until the newest chain of the database covers a position."""

    async def is_sealed() -> bool:
        newest = await table.newest(limit=1)
        return bool(newest) and newest[0].last == upto

    await until(is_sealed)


async def until_state(table: SealRepository, state: str) -> None:
    """Wait until the sealer reports a state."""

    async def says() -> bool:
        found = await table.sealer()
        return found is not None and found.state == state

    await until(says)
