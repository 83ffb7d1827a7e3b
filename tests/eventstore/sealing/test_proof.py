"""A proof is verified without the log, and every change to it is detected."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import psycopg
import pytest

from eventstore.postgres import PostgresStore
from eventstore.sealing.keys import SealingKey
from eventstore.sealing.proof import (
    LogContradictsSeal,
    NotSealedYet,
    Proof,
    ProofRefused,
    create_proof,
    proof_from_json,
    proof_to_json,
    verify_proof,
)
from eventstore.sealing.seal_repository import SealRepository
from tests.eventstore.sealing.sealing import SECRET, TAKE_THE_LOCKS_OFF, SealedLog, append

KEY = SealingKey(SECRET)
KEYS = {KEY.id: KEY.public}
STRANGER = SealingKey("another secret of nobody at all, for tests")
Shown = dict[str, Any]


def with_other_byte(entry: str, index: int) -> str:
    """Change the digest at an index of a hexadecimal entry."""
    changed = bytearray.fromhex(entry)
    changed[32 * index] ^= 1
    return changed.hex()


CHANGES: dict[str, Callable[[Shown], object]] = {
    "data": lambda shown: shown["event"].update(data='{"seat": "A-2"}'),
    "stream": lambda shown: shown["event"].update(stream="seat-99"),
    "position": lambda shown: shown["event"].update(position=shown["event"]["position"] + 1),
    "time": lambda shown: shown["event"].update(recorded_at="2026-01-01T00:00:00+00:00"),
    "its digest": lambda shown: shown.update(entry=with_other_byte(shown["entry"], 7)),
    "a neighbour's digest": lambda shown: shown.update(entry=with_other_byte(shown["entry"], 6)),
    "shorter entry": lambda shown: shown.update(entry=shown["entry"][:-64]),
    "longer entry": lambda shown: shown.update(entry=shown["entry"] + "ab" * 32),
    "no entry": lambda shown: shown.update(entry=""),
    "path": lambda shown: shown["path"].reverse(),
    "shorter path": lambda shown: shown["path"].pop(),
    "root": lambda shown: shown["seal"].update(root="ab" * 32),
    "range": lambda shown: shown["seal"].update(last=shown["seal"]["last"] + 1),
    "signature": lambda shown: shown["seal"].update(signature="ab" * 64),
    "missing": lambda shown: shown["event"].pop("version"),
    "not a number": lambda shown: shown["event"].update(version="1"),
    "beyond a number": lambda shown: shown["event"].update(version=2**70),
    "not hexadecimal": lambda shown: shown["path"].append("x"),
    "format": lambda shown: shown.update(format="another"),
}


@asynccontextmanager
async def proving(log: SealedLog) -> AsyncIterator[Callable[[int], Any]]:
    """Open the store and the seals."""
    table = SealRepository(log.app_url)
    async with PostgresStore(log.app_url) as store:
        try:
            yield lambda position: create_proof(store, table, position)
        finally:
            await table.close()


@pytest.fixture
async def proof(log: SealedLog) -> Proof:
    """The proof of the event at 8, one of sixty: four entries, two steps from the root."""
    await append(log, 30, named="seat")
    log.seal()
    async with proving(log) as prove_at:
        found: Proof = await prove_at(8)
        return found


class TestProof:
    async def test_given_any_event_then_its_proof_holds_and_has_its_content(self, log: SealedLog) -> None:
        await append(log, 23, named="seat")
        log.seal()
        await append(log, 3, named="more")
        log.seal()
        async with proving(log) as prove_at, PostgresStore(log.app_url) as store:
            for event in await store.read_range(after=0, limit=100):
                proof = written_and_read(await prove_at(event.position))
                verify_proof(proof, KEYS)
                assert (proof.content["stream"], proof.content["data"]) == (event.stream, event.data)

    async def test_given_a_younger_event_then_there_is_none_yet(self, log: SealedLog) -> None:
        await append(log, 1, named="seat")
        async with proving(log) as prove_at:
            with pytest.raises(NotSealedYet):
                await prove_at(1)

    async def test_given_a_changed_neighbour_then_there_is_none(self, log: SealedLog) -> None:
        await append(log, 6, named="seat")
        log.seal()
        with psycopg.connect(log.owner_url, autocommit=True) as owner:
            owner.execute(TAKE_THE_LOCKS_OFF)
            owner.execute("UPDATE eventstore.event SET data = '{}' WHERE position = 3")
        async with proving(log) as prove_at:
            with pytest.raises(LogContradictsSeal):
                await prove_at(8)

    async def test_given_another_key_then_it_is_refused(self, proof: Proof) -> None:
        verify_proof(proof, KEYS)
        for keys in ({}, {STRANGER.id: STRANGER.public}, {KEY.id: STRANGER.public}):
            with pytest.raises(ProofRefused, match="not signed by a key"):
                verify_proof(proof, keys)

    async def test_given_anything_changed_then_it_is_refused(self, proof: Proof, subtests: pytest.Subtests) -> None:
        for name, change in CHANGES.items():
            shown = orjson.loads(orjson.dumps(proof_to_json(proof)))
            change(shown)
            with subtests.test(name), pytest.raises(ProofRefused):
                verify_proof(proof_from_json(shown), KEYS)

    @pytest.mark.parametrize("shown", [None, [], 1, "proof", {}, {"format": "seatledger proof 1"}])
    def test_given_something_else_then_it_is_refused(self, shown: object) -> None:
        with pytest.raises(ProofRefused):
            proof_from_json(shown)


def written_and_read(proof: Proof) -> Proof:
    return proof_from_json(orjson.loads(orjson.dumps(proof_to_json(proof))))
