"""The command handler: outdated states, errors of decisions, and commands over many streams."""

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from domain.decision import StreamType
from eventstore.cache import StateCache
from eventstore.clock import FixedClock
from eventstore.command import Changes, CommandContext, Decide, GuardConflict
from eventstore.command_handler import CommandHandler
from eventstore.decision_context import LoadedStreams
from eventstore.memory import MemoryStore
from eventstore.schema.codec import Codec
from eventstore.store import Append, Appended, Verdict
from tests.support.engine import START


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A count was increased by one."""


class Refused(Exception):
    """The domain refused the command."""


def evolve(count: int, _: Counted) -> int:
    return count + 1


COUNT: StreamType[int] = StreamType("count", 0, evolve)
OTHER: StreamType[int] = StreamType("other", 0, evolve)


@dataclass(slots=True)
class Counting:
    """An appender that records its verdicts, and runs a concurrent command before each of them."""

    store: MemoryStore
    verdicts: list[Verdict] = field(default_factory=list)
    rivals: Iterator[Awaitable[None]] = field(default_factory=lambda: iter(()))

    async def submit(self, append: Append) -> Verdict:
        """Return the store's verdict."""
        for rival in self.rivals:
            await rival
            break
        (verdict,) = await self.store.append([append])
        self.verdicts.append(verdict)
        return verdict


class Process:
    """A process: a handler with its own cache."""

    def __init__(self, store: MemoryStore, clock: FixedClock) -> None:
        self.appender = Counting(store)
        self.handler = CommandHandler(
            store=store,
            appender=self.appender,
            codec=Codec({"Counted": Counted}, {"Counted": 1}, {}),
            stream_types={"count": COUNT, "other": OTHER},
            refusal=Refused,
            clock=clock,
            cache=StateCache(),
            subjects=lambda _: {},
        )

    async def do(
        self, decide: Decide, *, guards: Mapping[str, int] | None = None, assume_new: frozenset[str] = frozenset()
    ) -> None:
        """Execute a command."""
        context = CommandContext(command_id=uuid7(), actor={}, guards=guards or {})
        await self.handler.handle(decide, context, assume_new=assume_new)


@pytest.fixture
def processes() -> tuple[Process, Process]:
    clock = FixedClock(START)
    store = MemoryStore(now=clock.now)
    return Process(store, clock), Process(store, clock)


def add(*keys: str) -> Decide:
    """Return a decision that adds one to each of some counts."""

    def decide(context: LoadedStreams) -> Changes:
        context.read_many(COUNT, [(key,) for key in keys])
        return {COUNT.stream(key): [Counted()] for key in keys}

    return decide


def add_only_where(key: str, expected: int, error: type[Exception]) -> Decide:
    """Return a decision that adds one, or raises an error if the count is not the expected one."""

    def decide(context: LoadedStreams) -> Changes:
        if context.read(COUNT, key) != expected:
            raise error
        return {COUNT.stream(key): [Counted()]}

    return decide


class TestOutdatedStates:
    @pytest.mark.parametrize("error", [Refused, AssertionError, KeyError, ValueError])
    async def test_given_an_error_on_outdated_states_then_it_is_decided_again(
        self, processes: tuple[Process, Process], error: type[Exception]
    ) -> None:
        first, second = processes
        await first.do(add("a"))
        await second.do(add("a"))
        await first.do(add_only_where("a", 2, error))
        assert await first.handler.query(lambda context: context.read(COUNT, "a")) == 3

    @pytest.mark.parametrize("error", [Refused, AssertionError, KeyError])
    async def test_given_an_error_on_states_that_hold_then_it_is_raised(
        self, processes: tuple[Process, Process], error: type[Exception]
    ) -> None:
        first, _ = processes
        await first.do(add("a"))
        with pytest.raises(error):
            await first.do(add_only_where("a", 2, error))
        assert await first.handler.query(lambda context: context.read(COUNT, "a")) == 1

    async def test_given_an_error_without_any_state_then_it_is_raised_at_once(
        self, processes: tuple[Process, Process]
    ) -> None:
        def broken(_: LoadedStreams) -> Changes:
            raise ZeroDivisionError

        first, _ = processes
        with pytest.raises(ZeroDivisionError):
            await first.do(broken)
        assert first.appender.verdicts == []


class TestUnreadWrites:
    @pytest.mark.parametrize("unread_first", [True, False])
    async def test_given_another_process_has_done_it_then_the_decision_sees_that(
        self, processes: tuple[Process, Process], *, unread_first: bool
    ) -> None:
        """The conflict concerns the stream that the first process created, not the one named in the verdict."""

        def close_once(context: LoadedStreams) -> Changes:
            if context.read(COUNT, "a") > 1:
                raise Refused
            streams = ["other-a", "count-a"] if unread_first else ["count-a", "other-a"]
            return {stream: [Counted()] for stream in streams}

        first, second = processes
        await second.do(add("a"))
        await first.do(close_once)
        with pytest.raises(Refused):
            await second.do(close_once)
        assert len(second.appender.verdicts) <= 3

    async def test_given_the_other_process_was_faster_after_the_states_were_loaded_then_they_are_loaded_again(
        self, processes: tuple[Process, Process]
    ) -> None:
        def make(context: LoadedStreams) -> Changes:
            if context.read(COUNT, "a") > 0:
                raise Refused
            return {"other-a": [Counted()], "count-a": [Counted()]}

        first, second = processes
        second.appender.rivals = iter([first.do(make)])
        with pytest.raises(Refused):
            await second.do(make)


class TestRights:
    async def test_given_rights_newer_than_the_cache_then_the_decision_sees_them(
        self, processes: tuple[Process, Process]
    ) -> None:
        first, second = processes
        await first.do(add("a"))
        await second.do(add("a"))
        await first.do(add_only_where("a", 2, Refused), guards={"count-a": 2})
        assert await first.handler.query(lambda context: context.read(COUNT, "a")) == 3

    async def test_given_a_stream_that_is_only_read_then_it_is_guarded_as_it_was_seen(
        self, processes: tuple[Process, Process]
    ) -> None:
        def decide(context: LoadedStreams) -> Changes:
            if context.read(COUNT, "a") != 2:
                raise AssertionError("decided on an outdated state")
            return {OTHER.stream("b"): [Counted()]}

        first, second = processes
        await first.do(add("a"))
        await second.do(add("a"))
        await first.do(decide, guards={"count-a": 2})

    async def test_given_rights_that_moved_then_the_sender_must_ask_again(
        self, processes: tuple[Process, Process]
    ) -> None:
        first, second = processes
        await first.do(add("a"))
        await second.do(add("a"))
        with pytest.raises(GuardConflict):
            await first.do(add("a"), guards={"count-a": 1})


class TestManyStreams:
    KEYS: Sequence[str] = [f"k{number}" for number in range(50)]

    async def touched(self, process: Process) -> None:
        for key in self.KEYS:
            await process.do(add(key))

    async def test_given_fifty_presumed_streams_that_exist_then_one_conflict_is_enough(
        self, processes: tuple[Process, Process]
    ) -> None:
        first, second = processes
        await self.touched(second)
        await first.do(add(*self.KEYS), assume_new=frozenset({"count"}))
        assert len(first.appender.verdicts) == 2

    async def test_given_fifty_outdated_streams_then_one_conflict_is_enough(
        self, processes: tuple[Process, Process]
    ) -> None:
        first, second = processes
        await self.touched(first)
        await self.touched(second)
        first.appender.verdicts.clear()
        await first.do(add(*self.KEYS))
        assert len(first.appender.verdicts) == 2

    async def test_given_rivals_on_every_try_then_it_still_succeeds(self, processes: tuple[Process, Process]) -> None:
        first, second = processes
        await self.touched(second)
        first.appender.rivals = (second.do(add(key)) for key in self.KEYS[:20])
        await first.do(add(*self.KEYS), assume_new=frozenset({"count"}))
        assert isinstance(first.appender.verdicts[-1], Appended)


class TestQuery:
    async def test_given_a_writer_between_two_reads_then_both_are_of_one_moment(
        self, processes: tuple[Process, Process]
    ) -> None:
        first, second = processes
        views: list[tuple[Any, ...]] = []
        load = first.handler._loader.load

        async def load_then_let_another_write(streams: list[str], loaded: dict[str, tuple[int, Any]]) -> None:
            await load(streams, loaded)
            await second.do(add("a", "b"))

        first.handler._loader.load = load_then_let_another_write  # type: ignore[method-assign]

        def view(context: LoadedStreams) -> None:
            a = context.read(COUNT, "a")
            views.append((a, context.read(COUNT, "b")))

        await first.handler.query(view)
        assert views == [(1, 1)]
