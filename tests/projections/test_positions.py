"""Waiting for a position: returns at once if it is reached, soon after it is, and has a limit."""

import asyncio
import time
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from projections.engine.positions import ProjectionPositions
from projections.registry import EVERY_MODEL
from tests.projections.manual_projector import ManualProjector
from tests.support.shop_scenario import ShopScenario


@pytest.fixture
def positions(pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]) -> ProjectionPositions:
    """The positions, with the application's role."""
    return ProjectionPositions(pool)


class TestPositions:
    async def test_a_reached_position_is_not_waited_for(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, positions: ProjectionPositions
    ) -> None:
        await shop_scenario.open_shop()
        await manual_projector.fold(shop_scenario.store)
        head = await shop_scenario.store.head()
        assert await positions.wait_for("seat_map", head, 0)
        assert not await positions.wait_for("seat_map", head + 1, 0)
        assert not await positions.wait_for("no such model", 1, 0)
        assert set((await positions.all()).values()) == {head}

    async def test_many_waiters_return_once_the_position_is_reached(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, positions: ProjectionPositions
    ) -> None:
        await shop_scenario.open_shop()
        head = await shop_scenario.store.head()
        async with asyncio.timeout(20):
            waiting = [asyncio.create_task(positions.wait_for("sales", head, 10)) for _ in range(50)]
            await asyncio.sleep(0.05)
            assert not any(task.done() for task in waiting)
            await manual_projector.fold(shop_scenario.store)
            assert all(await asyncio.gather(*waiting))

    async def test_the_wait_has_a_limit(self, positions: ProjectionPositions) -> None:
        began_at = time.monotonic()
        assert not await positions.wait_for("seat_map", 10, 0.2)
        assert 0.2 <= time.monotonic() - began_at < 5

    async def test_states_returns_every_control_row(
        self, manual_projector: ManualProjector, positions: ProjectionPositions
    ) -> None:
        states = await positions.states()
        assert [state.name for state in states] == sorted(model.name for model in EVERY_MODEL)
        assert {state.state for state in states} == {"running"}
