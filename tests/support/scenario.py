"""Given events, when a command is decided, then events or a refusal: how the domain is tested.

`Scenario().given(stream, *events).when(HoldSeats(…)).then(*events)` covers every stream that a decision reads.
`Scenario().on(stream)` narrows it to one: `seat.given(held_by_ann).when(HoldSeats(…)).then_refused(SeatsTaken)`.
`at` and `later` set the clock. A decision that has no command class is named: `when(expire_hold, hold="h1")`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar, overload

from domain.decision import Changes
from domain.errors import Rejected
from domain.event_registry import STREAM_TYPES
from domain.pricing import Inventory
from eventstore.cache import StateCache
from eventstore.decision_context import LoadedStreams
from tests.support.commands import Command, decide_command

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Given = ParamSpec("Given")
Seen = TypeVar("Seen")
Decide = Callable[Concatenate[LoadedStreams, Given], Changes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome of a decision: its events by stream, or its refusal.

    `stream`: the only one whose events `then` compares; None: all.
    """

    changes: Changes
    refusal: Rejected | None
    stream: str | None = None

    def events(self) -> list[Any]:
        """Return the events of the compared streams, in the order in which the decision names the streams."""
        if self.refusal is not None:
            raise AssertionError(f"The decision was refused: {self.refusal!r}") from self.refusal
        streams = self.changes.values() if self.stream is None else [self.changes.get(self.stream, ())]
        return [event for events in streams for event in events]

    def then(self, *expected: Any) -> None:
        """Expect exactly these events."""
        assert self.events() == list(expected)

    def then_on(self, stream: str, *expected: Any) -> None:
        """Expect exactly these events on one stream."""
        replace(self, stream=stream).then(*expected)

    def then_nothing(self) -> None:
        """Expect neither an event, on any stream, nor a refusal."""
        replace(self, stream=None).then()

    def then_accepted(self) -> None:
        """Expect at least one event, on any stream."""
        assert replace(self, stream=None).events(), "The decision recorded nothing."

    def then_refused(self, refusal: type[Rejected], **details: object) -> None:
        """Expect this refusal, with at least these details."""
        assert self.refusal is not None, f"The decision was accepted: {self.changes}"
        assert type(self.refusal) is refusal, repr(self.refusal)
        assert {name: self.refusal.details.get(name) for name in details} == details


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The events of every stream so far, and the time; every method returns a new scenario.

    `inventory`: the places of the performance, for commands that name places.
    """

    history: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    now: datetime = NOW
    inventory: Inventory | None = None

    def on(self, stream: str) -> "StreamScenario":
        """Narrow the scenario to one stream."""
        return StreamScenario(scenario=self, stream=stream)

    def given(self, stream: str, *events: Any) -> "Scenario":
        """Append events to a stream."""
        return replace(self, history={**self.history, stream: (*self.history.get(stream, ()), *events)})

    @overload
    def given_done(self, decide: Command) -> "Scenario": ...

    @overload
    def given_done(self, decide: Decide[Given], *args: Given.args, **named: Given.kwargs) -> "Scenario": ...

    def given_done(self, decide: Any, *args: Any, **named: Any) -> "Scenario":
        """Append what an accepted decision records."""
        result: Result = self.when(decide, *args, **named)
        assert result.events(), "The decision recorded nothing."
        scenario = self
        for stream, events in result.changes.items():
            scenario = scenario.given(stream, *events)
        return scenario

    def at(self, now: datetime) -> "Scenario":
        """Set the clock."""
        return replace(self, now=now)

    def later(self, by: timedelta) -> "Scenario":
        """Advance the clock."""
        return self.at(self.now + by)

    @overload
    def when(self, decide: Command) -> Result: ...

    @overload
    def when(self, decide: Decide[Given], *args: Given.args, **named: Given.kwargs) -> Result: ...

    def when(self, decide: Any, *args: Any, **named: Any) -> Result:
        """Decide a command; a stream that is written without having been read must be new, as for an append."""
        context = self.decision_context()
        try:
            if callable(decide):
                decided = decide(context, *args, **named)
            else:
                decided = decide_command(context, decide, self.inventory)
        except Rejected as refusal:
            return Result(changes={}, refusal=refusal)
        changes = {stream: events for stream, events in decided.items() if events}
        unread = [stream for stream in changes if stream in self.history and stream not in context.reads]
        assert not unread, f"Written without having been read: {unread}"
        return Result(changes=changes, refusal=None)

    def decision_context(self) -> LoadedStreams:
        """Return the streams, folded, as one decision reads them."""
        loaded: dict[str, tuple[int, Any]] = {}
        for stream, events in self.history.items():
            kind = STREAM_TYPES[stream.split("-", 1)[0]]
            state = kind.initial
            for event in events:
                state = kind.evolve(state, event)
            loaded[stream] = (len(events), state)
        return LoadedStreams(loaded, StateCache(0), self.now, assume_new=frozenset(STREAM_TYPES))

    def state(
        self, view: Callable[Concatenate[LoadedStreams, Given], Seen], *args: Given.args, **named: Given.kwargs
    ) -> Seen:
        """Return what a function reads from the streams."""
        return view(self.decision_context(), *args, **named)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamScenario:
    """A scenario seen from one stream: events are given to it, and the events expected are its own."""

    scenario: Scenario
    stream: str

    def given(self, *events: Any) -> "StreamScenario":
        """Append events to the stream."""
        return replace(self, scenario=self.scenario.given(self.stream, *events))

    def at(self, now: datetime) -> "StreamScenario":
        """Set the clock."""
        return replace(self, scenario=self.scenario.at(now))

    def later(self, by: timedelta) -> "StreamScenario":
        """Advance the clock."""
        return replace(self, scenario=self.scenario.later(by))

    @overload
    def when(self, decide: Command) -> Result: ...

    @overload
    def when(self, decide: Decide[Given], *args: Given.args, **named: Given.kwargs) -> Result: ...

    def when(self, decide: Any, *args: Any, **named: Any) -> Result:
        """Decide a command; `then` compares the events of this stream alone."""
        result: Result = self.scenario.when(decide, *args, **named)
        return replace(result, stream=self.stream)

    def state(self) -> Any:
        """Return the stream's state."""
        prefix, _, key = self.stream.partition("-")
        return self.scenario.decision_context().read(STREAM_TYPES[prefix], key)
