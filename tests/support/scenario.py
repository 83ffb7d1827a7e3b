"""Given events, when a decision, then events or a refusal: how the domain is tested.

`Scenario().given(stream, *events).when(decide, ...).then(*events)`. A decision reads the books that a handler uses, so
one scenario may hold as many streams as the decision reads; `at` sets the clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from domain.decision import Changes
from domain.errors import Rejected
from domain.event_registry import STREAM_TYPES
from eventstore.cache import StateCache
from eventstore.decision_context import LoadedStreams

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Given = ParamSpec("Given")
Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a decision came to: its events by stream, or its refusal."""

    changes: Changes
    refusal: Rejected | None

    def events(self) -> list[Any]:
        """Return the events of all streams, in the order in which the decision names the streams."""
        if self.refusal is not None:
            raise AssertionError(f"The decision was refused: {self.refusal!r}") from self.refusal
        return [event for events in self.changes.values() for event in events]

    def then(self, *expected: Any) -> None:
        """Expect exactly these events, over all streams."""
        assert self.events() == list(expected)

    def then_on(self, stream: str, *expected: Any) -> None:
        """Expect exactly these events on one stream."""
        self.events()
        assert list(self.changes.get(stream, ())) == list(expected)

    def then_nothing(self) -> None:
        """Expect neither an event nor a refusal."""
        self.then()

    def then_refused(self, refusal: type[Rejected], **details: object) -> None:
        """Expect this refusal, with at least these details."""
        assert self.refusal is not None, f"The decision was accepted: {self.changes}"
        assert type(self.refusal) is refusal, repr(self.refusal)
        assert {name: self.refusal.details.get(name) for name in details} == details


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The events of every stream so far, and the time; every method returns a new scenario."""

    history: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    now: datetime = NOW

    def given(self, stream: str, *events: Any) -> "Scenario":
        """Append events to a stream."""
        return replace(self, history={**self.history, stream: (*self.history.get(stream, ()), *events)})

    def given_done(
        self, decide: Callable[Concatenate[LoadedStreams, Given], Changes], *args: Given.args, **named: Given.kwargs
    ) -> "Scenario":
        """Append what an accepted decision records."""
        result = self.when(decide, *args, **named)
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

    def when(
        self, decide: Callable[Concatenate[LoadedStreams, Given], Changes], *args: Given.args, **named: Given.kwargs
    ) -> Result:
        """Make a decision; a stream that it writes to without having read it must be new, as for an append."""
        context = self.decision_context()
        try:
            changes = {stream: events for stream, events in decide(context, *args, **named).items() if events}
        except Rejected as refusal:
            return Result(changes={}, refusal=refusal)
        unread = [stream for stream in changes if stream in self.history and stream not in context.reads]
        assert not unread, f"Written without having been read: {unread}"
        return Result(changes=changes, refusal=None)

    def decision_context(self) -> LoadedStreams:
        """Return the books of one decision."""
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
        """Return what a function reads from the books."""
        return view(self.decision_context(), *args, **named)
