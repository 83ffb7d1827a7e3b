"""When may a read model be paused, resumed, retried, or leave out an event or a stream?"""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from typing import Any

import pytest

from domain.decision import Changes, DecisionContext
from domain.errors import (
    Conflict,
    ExclusionLimitReached,
    NotFailed,
    NotParked,
    NotPaused,
    NotRunning,
    NotSkipped,
    RebuildInProgress,
)
from domain.operations.exclusions import EventSkipped, EventUnskipped, ExclusionReason, StreamParked, StreamUnparked
from domain.operations.projection import (
    PARKED_MAX,
    PROJECTION,
    SKIPPED_MAX,
    Projection,
    ProjectionPaused,
    ProjectionResumed,
    ProjectionRetried,
    ProjectionSnapshot,
    ReadModelState,
    RebuildRequested,
    evolve,
    park_stream,
    pause,
    resume,
    retry,
    skip_event,
    unpark_stream,
)
from domain.operations.rebuilding import BuildState, unskip_event
from eventstore.cache import StateCache
from eventstore.decision_context import LoadedStreams
from tests.support.engine import START

STREAM = "projection-seat_map"
SEAT = "seat-p-s1"
DEFECT = ExclusionReason.DEFECT
RUNNING = ProjectionSnapshot(
    name="seat_map",
    version=1,
    schema="seat_map_v1_0",
    position=40,
    state=ReadModelState.RUNNING,
    failed_position=None,
)
PAUSED = replace(RUNNING, state=ReadModelState.PAUSED)
FAILED = replace(RUNNING, state=ReadModelState.FAILED, failed_position=42)
PARKED = StreamParked(version=1, stream=SEAT, after_position=40, reason=DEFECT)
UNPARKED = StreamUnparked(version=1, stream=SEAT, tables="seat_map_v1_0")


def after(*events: Any) -> Projection:
    """Return what the events leave."""
    return reduce(evolve, events, PROJECTION.initial)


def context_of(*events: Any) -> DecisionContext:
    """Return books in which these events stand."""
    return LoadedStreams({STREAM: (len(events), after(*events))}, StateCache(0), START)


def decided(changes: Changes) -> list[Any]:
    """Return the events of the one stream that a decision may write."""
    assert set(changes) <= {STREAM}
    return list(changes.get(STREAM, ()))


class TestPauseResumeRetry:
    @pytest.mark.parametrize(
        ("decide", "standing", "events"),
        [
            (pause, RUNNING, [ProjectionPaused()]),
            (pause, PAUSED, []),
            (resume, PAUSED, [ProjectionResumed()]),
            (resume, RUNNING, []),
            (retry, FAILED, [ProjectionRetried(position=42)]),
        ],
    )
    def test_given_it_stands_so_then_it_is_recorded_once(
        self,
        decide: Callable[[DecisionContext, ProjectionSnapshot], Changes],
        standing: ProjectionSnapshot,
        events: list[Any],
    ) -> None:
        assert decided(decide(context_of(), standing)) == events

    @pytest.mark.parametrize(
        ("decide", "standing", "refusal"),
        [
            (pause, FAILED, NotRunning),
            (resume, FAILED, NotPaused),
            (retry, RUNNING, NotFailed),
            (retry, PAUSED, NotFailed),
        ],
    )
    def test_given_it_stands_otherwise_then_refused(
        self,
        decide: Callable[[DecisionContext, ProjectionSnapshot], Changes],
        standing: ProjectionSnapshot,
        refusal: type[Conflict],
    ) -> None:
        with pytest.raises(refusal):
            decide(context_of(), standing)


class TestSkip:
    def test_given_it_failed_there_then_the_event_is_left_out_by_this_version(self) -> None:
        (event,) = decided(skip_event(context_of(), FAILED, position=42, reason=DEFECT))
        assert event == EventSkipped(version=1, position=42, reason=DEFECT)
        assert after(event).exclusions(1, "seat_map_v1_7").excludes(42, SEAT)
        assert not after(event).exclusions(1, "seat_map_v1_7").excludes(41, SEAT)
        assert not after(event).exclusions(2, "seat_map_v2_0").excludes(42, SEAT)

    @pytest.mark.parametrize(("standing", "position"), [(RUNNING, 42), (PAUSED, 42), (FAILED, 41)])
    def test_given_it_did_not_fail_there_then_refused(self, standing: ProjectionSnapshot, position: int) -> None:
        with pytest.raises(NotFailed):
            skip_event(context_of(), standing, position=position, reason=DEFECT)

    def test_given_it_is_skipped_then_nothing_is_recorded(self) -> None:
        skipped = EventSkipped(version=1, position=42, reason=DEFECT)
        assert decided(skip_event(context_of(skipped), RUNNING, position=42, reason=DEFECT)) == []

    def test_given_too_many_then_refused(self) -> None:
        many = [EventSkipped(version=1, position=1_000 + nth, reason=DEFECT) for nth in range(SKIPPED_MAX)]
        with pytest.raises(ExclusionLimitReached):
            skip_event(context_of(*many), FAILED, position=42, reason=DEFECT)


class TestUnskip:
    SKIPPED = EventSkipped(version=1, position=42, reason=DEFECT)
    NOTHING_BESIDE = BuildState(requested=False, in_progress=False, retired=False, partial_supported=False)

    def test_given_it_is_skipped_then_tables_made_from_here_on_have_it(self) -> None:
        changes = unskip_event(context_of(self.SKIPPED), RUNNING, self.NOTHING_BESIDE, position=42)
        ((unskipped, command),) = changes.values()
        assert unskipped == EventUnskipped(version=1, position=42)
        assert command == RebuildRequested(performance=None, swap_anyway=True)
        assert not after(self.SKIPPED, unskipped).exclusions(1, "seat_map_v1_8").excludes(42, SEAT)
        assert after(self.SKIPPED, unskipped, self.SKIPPED).exclusions(1, "seat_map_v1_8").excludes(42, SEAT)

    @pytest.mark.parametrize("position", [41, 43])
    def test_given_it_is_not_skipped_then_refused(self, position: int) -> None:
        with pytest.raises(NotSkipped):
            unskip_event(context_of(self.SKIPPED), RUNNING, self.NOTHING_BESIDE, position=position)

    def test_given_a_rebuild_then_refused(self) -> None:
        rebuilt = replace(self.NOTHING_BESIDE, in_progress=True)
        with pytest.raises(RebuildInProgress):
            unskip_event(context_of(self.SKIPPED), RUNNING, rebuilt, position=42)


class TestPark:
    def test_given_a_stream_then_what_follows_is_left_out_and_what_was_applied_is_not(self) -> None:
        (event,) = decided(park_stream(context_of(), FAILED, stream=SEAT, reason=DEFECT))
        assert event == PARKED
        left_out = after(event).exclusions(1, "seat_map_v1_0")
        assert (left_out.excludes(40, SEAT), left_out.excludes(41, SEAT), left_out.excludes(41, "seat-p-s2")) == (
            0,
            1,
            0,
        )
        assert not after(event).exclusions(2, "seat_map_v2_0").excludes(41, SEAT)

    def test_given_it_is_parked_then_nothing_is_recorded(self) -> None:
        assert decided(park_stream(context_of(PARKED), RUNNING, stream=SEAT, reason=DEFECT)) == []

    def test_given_too_many_then_refused(self) -> None:
        many = [replace(PARKED, stream=f"seat-p-{nth}") for nth in range(PARKED_MAX)]
        with pytest.raises(ExclusionLimitReached):
            park_stream(context_of(*many), RUNNING, stream=SEAT, reason=DEFECT)


class TestUnpark:
    def test_given_it_is_parked_then_only_the_tables_that_missed_it_leave_it_out(self) -> None:
        (event,) = decided(unpark_stream(context_of(PARKED), RUNNING, stream=SEAT))
        assert event == UNPARKED
        assert after(PARKED, event).exclusions(1, "seat_map_v1_0").excludes(99, SEAT)
        assert not after(PARKED, event).exclusions(1, "seat_map_v1_1").excludes(99, SEAT)
        assert after(PARKED, event).parked(1) == []

    @pytest.mark.parametrize("events", [(), (PARKED, UNPARKED)])
    def test_given_it_is_not_parked_then_refused(self, events: tuple[Any, ...]) -> None:
        with pytest.raises(NotParked):
            unpark_stream(context_of(*events), RUNNING, stream=SEAT)

    def test_given_it_is_parked_again_then_each_table_leaves_out_what_it_missed(self) -> None:
        again = after(PARKED, UNPARKED, replace(PARKED, after_position=70))
        assert again.exclusions(1, "seat_map_v1_0").streams == {SEAT: 40}
        assert again.exclusions(1, "seat_map_v1_1").streams == {SEAT: 70}
