"""Contract of append, for every store: replays, refusals, and several verdicts in one batch."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from eventstore.store import (
    Append,
    Appended,
    Conflict,
    OutsideTimeWindow,
    RecordedEvent,
    Refused,
    Replayed,
    RequestFingerprint,
    Store,
)
from tests.eventstore.appends import at, to_append
from tests.eventstore.backends import Backend

HOUR = timedelta(hours=1)


@pytest.fixture
def store(backend: Backend) -> Store:
    return backend.store


class TestReplays:
    async def test_a_command_sent_again_gets_the_positions_of_its_events(self, store: Store) -> None:
        fingerprint = RequestFingerprint(account="ann", route="POST /orders", body_sha256=bytes(range(32)))
        command = to_append(at("seat-1", 0, 2), at("seat-2", 0), fingerprint=fingerprint)
        (appended,) = await store.append([command])
        await store.append([to_append(at("seat-1", 2))])
        assert isinstance(appended, Appended)
        (replayed,) = await store.append([command])
        assert replayed == Replayed(first=1, last=3, recorded_at=appended.recorded_at, fingerprint=fingerprint)
        assert await store.head() == 4

    async def test_guards_alone_under_the_id_of_a_done_command_are_a_replay(self, store: Store) -> None:
        command = to_append(at("seat-1", 0))
        await store.append([command])
        (verdict,) = await store.append([to_append(guards={"seat-1": 1}, command_id=command.command_id)])
        assert isinstance(verdict, Replayed)

    async def test_a_conflicting_command_can_be_sent_again(self, store: Store) -> None:
        command = to_append(at("seat-1", 1))
        assert await store.append([command]) == [Conflict(stream="seat-1", version=0)]
        await store.append([to_append(at("seat-1", 0))])
        (verdict,) = await store.append([command])
        assert isinstance(verdict, Appended)


class TestSeveralVerdicts:
    async def test_every_kind_in_one_batch_in_any_order(self, store: Store) -> None:
        done = to_append(at("seat-1", 0))
        await store.append([done, to_append(at("seat-2", 0))])
        past = await store.now() - HOUR
        wishes = {
            Conflict: to_append(at("seat-2", 0)),
            Replayed: done,
            OutsideTimeWindow: to_append(at("seat-3", 0), not_after=past),
            Appended: to_append(guards={"seat-4": 0}),
        }
        for kinds in permutations(wishes):
            written = to_append(at(f"seat-{uuid7()}", 0))
            verdicts = await store.append([*(wishes[kind] for kind in kinds), written])
            assert [type(verdict) for verdict in verdicts] == [*kinds, Appended]

    async def test_done_counts_before_stale_and_stale_before_late(self, store: Store) -> None:
        now = await store.now()
        done = to_append(at("seat-1", 0), not_after=now + HOUR)
        await store.append([done])
        done_stale_late = replace(done, not_after=now - HOUR)
        stale_late = to_append(at("seat-1", 0), not_after=now - HOUR)
        verdicts = await store.append([stale_late, to_append(at("seat-2", 0))])
        assert [type(verdict) for verdict in verdicts] == [Conflict, Appended]
        (verdict,) = await store.append([done_stale_late])
        assert isinstance(verdict, Replayed)


class TestRefusals:
    async def refused(self, store: Store, command_id: UUID) -> datetime:
        """Submit a command that is refused; return the time of the refusal."""
        nothing = to_append(guards={"seat-1": 0}, command_id=command_id, asked_at=await store.now())
        (verdict,) = await store.append([nothing])
        assert isinstance(verdict, Appended)
        return verdict.recorded_at

    async def test_an_attempt_requested_before_the_refusal_has_no_effect(self, store: Store) -> None:
        command_id = uuid7()
        asked_at = await store.now()
        refused_at = await self.refused(store, command_id)
        (verdict,) = await store.append([to_append(at("seat-1", 0), command_id=command_id, asked_at=asked_at)])
        assert isinstance(verdict, Refused)
        assert verdict.refused_at == refused_at <= verdict.now
        assert await store.head() == 0

    async def test_an_attempt_requested_after_the_refusal_is_checked_anew(self, store: Store) -> None:
        command_id = uuid7()
        refused_at = await self.refused(store, command_id)
        again = to_append(at("seat-1", 0), command_id=command_id, asked_at=refused_at + timedelta(microseconds=1))
        (verdict,) = await store.append([again])
        assert isinstance(verdict, Appended)
        (replay,) = await store.append([to_append(at("seat-1", 0), command_id=command_id, asked_at=refused_at)])
        assert isinstance(replay, Replayed)

    async def test_of_two_refusals_the_later_one_counts(self, store: Store) -> None:
        command_id = uuid7()
        await self.refused(store, command_id)
        asked_at = await store.now()
        await self.refused(store, command_id)
        (verdict,) = await store.append([to_append(at("seat-1", 0), command_id=command_id, asked_at=asked_at)])
        assert isinstance(verdict, Refused)

    async def test_a_command_that_cannot_be_repeated_leaves_no_refusal(self, store: Store) -> None:
        command_id = uuid7()
        asked_at = await store.now()
        (nothing,) = await store.append([to_append(guards={"seat-1": 0}, command_id=command_id)])
        assert isinstance(nothing, Appended)
        (verdict,) = await store.append([to_append(at("seat-1", 0), command_id=command_id, asked_at=asked_at)])
        assert isinstance(verdict, Appended)

    async def test_a_conflict_is_no_refusal(self, store: Store) -> None:
        command_id = uuid7()
        asked_at = await store.now()
        (conflict,) = await store.append([to_append(guards={"seat-1": 7}, command_id=command_id, asked_at=asked_at)])
        assert isinstance(conflict, Conflict)
        (verdict,) = await store.append([to_append(at("seat-1", 0), command_id=command_id, asked_at=asked_at)])
        assert isinstance(verdict, Appended)

    async def test_in_one_batch_each_command_has_its_own_verdict(self, store: Store) -> None:
        overtaken, done = uuid7(), uuid7()
        asked_at = await store.now()
        await self.refused(store, overtaken)
        await store.append([to_append(at("seat-1", 0), command_id=done)])
        verdicts = await store.append(
            [
                to_append(at("seat-2", 0), command_id=overtaken, asked_at=asked_at),
                to_append(at("seat-3", 0), asked_at=asked_at),
                to_append(guards={"seat-1": 1}, asked_at=asked_at),
                to_append(command_id=done, asked_at=asked_at),
                to_append(guards={"seat-1": 0}, asked_at=asked_at),
            ]
        )
        assert [type(verdict) for verdict in verdicts] == [Refused, Appended, Appended, Replayed, Conflict]


async def whole(store: Store) -> list[RecordedEvent]:
    return await store.read_range(after=0, limit=10_000)


async def refuses(store: Store, error: type[Exception], *batch: Append) -> None:
    with pytest.raises(error):
        await store.append(batch)
    assert await store.head() == 0
