"""Read models equal the fold of the log, whatever damage the stream has; on a real nats-server."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, TypeVar

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as some
from psycopg_pool import AsyncConnectionPool

from eventstore.nats.message import parse_headers, parse_payload
from eventstore.store import RecordedEvent
from eventstore.subscription import HybridSubscription, jetstream_reader
from eventstore.subscription.jetstream_reader import JetStreamReader, VerifiedStart
from projections.engine.queries import ReadModelQueries
from runtime.local.embedded import EmbeddedNats
from tests.projections.damaged_stream import DamagedStream, open_damaged_stream

EXAMPLES = 25
STEPS_MAX = 12
FOLLOWED_MIN = 300
CONTROL_SCRIPTS = 8

Answer = TypeVar("Answer")
Script = Sequence[str]

FAULTS = (
    "twice",
    "out_of_order",
    "with_a_hole",
    "altered",
    "stranger",
    "one_deleted",
    "wiped",
    "gone",
    "forgotten",
    "mute",
    "older_copy",
    "of_another_log",
)
OPENING: Script = ("live", "relay", "read", "live", "relay", "read", "live")
"""A start at which the reader follows the stream, and the log has events that the stream lacks."""

STEPS = some.sampled_from(["live", "relay", "read"]) | some.sampled_from(FAULTS)
SCRIPTS = some.lists(STEPS, min_size=2, max_size=STEPS_MAX)


class Loop:
    """One event loop and one set of servers for all scripts of a test; counts events from the stream."""

    def __init__(self, stack: ExitStack, models: ReadModelQueries) -> None:
        self._loop = asyncio.new_event_loop()
        self._models = models
        stack.callback(self._loop.close)
        self.followed = 0

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Run one coroutine."""
        return self._loop.run_until_complete(work)

    def run_script(self, damaged_stream: DamagedStream, script: Script, seed: int) -> None:
        """Run one script, read everything, and assert that the rows equal the fold of the log."""
        self.run(self._run_script(damaged_stream, script, seed))

    async def _run_script(self, damaged_stream: DamagedStream, script: Script, seed: int) -> None:
        async with damaged_stream.run(seed) as run:
            for step in (*OPENING, *script, "live", "read"):
                await getattr(run, step)()
            self.followed += run.followed
            await run.rows_equal_the_fold(self._models)


Servers = tuple[Loop, DamagedStream]


@pytest.fixture
def servers(projector_url: str, owner_url: str, app_url: str, nats_server: EmbeddedNats) -> Iterator[Servers]:
    """An event loop with its servers."""
    with ExitStack() as stack:
        pool = AsyncConnectionPool(app_url, min_size=1, kwargs={"autocommit": True}, open=False)
        loop = Loop(stack, ReadModelQueries(pool))
        loop.run(pool.open())
        opening = open_damaged_stream(projector_url=projector_url, owner_url=owner_url, nats=nats_server)
        yield loop, loop.run(opening.__aenter__())
        loop.run(opening.__aexit__(None, None, None))
        loop.run(pool.close())


class TestDamagedStream:
    def test_read_models_equal_the_fold_of_the_log(self, servers: Servers) -> None:
        loop, damaged_stream = servers

        @seed(20_261_121)
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(script=SCRIPTS, number=some.integers(0, 1_000))
        def every_script(script: Script, number: int) -> None:
            loop.run_script(damaged_stream, script, number)

        every_script()
        assert loop.followed >= FOLLOWED_MIN, "the stream was hardly followed, so its faults were hardly met"

    @pytest.mark.parametrize("fault", FAULTS)
    def test_each_fault_while_the_reader_follows_the_stream(self, servers: Servers, fault: str) -> None:
        loop, damaged_stream = servers
        loop.run_script(damaged_stream, [fault, "live", "relay", "read", "live", "relay", "read"], 7)
        assert loop.followed > 0


def without_digest(sequence: int, block: bytes, payload: bytes) -> RecordedEvent:
    """Read a message without verifying its digest."""
    claim = parse_headers(block)
    assert claim is not None
    return parse_payload(claim.position, payload)


def without_sequence_check(self: JetStreamReader, reply: bytes, headers: bytes, payload: bytes) -> RecordedEvent:
    """Accept a message without comparing its sequence."""
    return without_digest(0, headers, payload)


async def without_verification(*_: Any, **__: Any) -> VerifiedStart:
    """Follow a stream without verifying it."""
    return VerifiedStart(sequence=0, created="")


async def without_confirmation(*_: Any) -> None:
    """Accept the stream's events without comparing them with the log."""


class TestReadersWithoutACheck:
    """Readers without one of the checks; at least one of a few scripts detects each."""

    def detects(self, servers: Servers, script: Script) -> None:
        with pytest.raises((AssertionError, psycopg.Error, TimeoutError)):
            self.run_some(servers, script)

    def run_some(self, servers: Servers, script: Script) -> None:
        loop, damaged_stream = servers
        for number in range(CONTROL_SCRIPTS):
            loop.run_script(damaged_stream, script, number)

    @pytest.mark.parametrize("fault", ["twice", "out_of_order", "with_a_hole"])
    def test_without_the_sequence_check(self, servers: Servers, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
        monkeypatch.setattr(JetStreamReader, "_event", without_sequence_check)
        self.detects(servers, [fault, "read", "live", "relay", "read"])

    def test_without_the_digest(self, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(jetstream_reader, "event_of", without_digest)
        self.detects(servers, ["altered", "read"])

    def test_without_comparing_the_stream_with_the_log(self, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(jetstream_reader, "verify", without_verification)
        monkeypatch.setattr(HybridSubscription, "_confirm", without_confirmation)
        self.detects(servers, ["of_another_log", "read", "live", "relay", "read"])
