"""When may a read model be rebuilt, rolled back, or its old versions dropped?"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from domain.decision import Changes
from domain.errors import NoRetiredVersion, PartialRebuildUnsupported, RebuildInProgress
from domain.operations.projection import (
    ProjectionSnapshot,
    ReadModelState,
    RebuildRequested,
    RollbackRequested,
    VersionsDropRequested,
)
from domain.operations.rebuilding import BuildState, request_drop, request_rebuild, request_rollback
from tests.support.scenario import Scenario

LIVE = ProjectionSnapshot(
    name="seat_map",
    version=1,
    schema="seat_map_v1_0",
    position=40,
    state=ReadModelState.RUNNING,
    failed_position=None,
)
ALONE = BuildState(requested=False, in_progress=False, retired=False, partial_supported=False)
rebuild = partial(request_rebuild, performance=None, swap_anyway=False)


class TestRequestRebuild:
    def test_given_a_live_version_then_the_request_is_recorded(self) -> None:
        Scenario().when(rebuild, LIVE, ALONE).then(RebuildRequested(performance=None, swap_anyway=False))

    def test_given_one_performance_then_only_a_partitioned_read_model_is_rebuilt_for_it(self) -> None:
        one = partial(request_rebuild, performance="hamlet", swap_anyway=False)
        Scenario().when(one, LIVE, ALONE).then_refused(PartialRebuildUnsupported)
        partitioned = replace(ALONE, partial_supported=True)
        Scenario().when(one, LIVE, partitioned).then(RebuildRequested(performance="hamlet", swap_anyway=False))


class TestRequestRollback:
    def test_given_a_retired_version_then_the_request_is_recorded(self) -> None:
        Scenario().when(request_rollback, LIVE, replace(ALONE, retired=True)).then(RollbackRequested())

    def test_given_no_retired_version_then_it_is_refused(self) -> None:
        Scenario().when(request_rollback, LIVE, ALONE).then_refused(NoRetiredVersion)


class TestRequestDrop:
    def test_given_a_live_version_then_the_request_is_recorded(self) -> None:
        Scenario().when(request_drop, LIVE, ALONE).then(VersionsDropRequested())


class TestOneRequestAtATime:
    @pytest.mark.parametrize("decide", [rebuild, request_rollback, request_drop])
    @pytest.mark.parametrize("busy", [replace(ALONE, requested=True), replace(ALONE, in_progress=True)])
    def test_given_a_request_or_a_rebuild_under_way_then_another_is_refused(
        self, decide: Callable[..., Changes], busy: BuildState
    ) -> None:
        Scenario().when(decide, LIVE, busy).then_refused(RebuildInProgress)
