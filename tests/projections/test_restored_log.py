"""A log restored to an older backup: read models ahead of it are detected and rebuilt."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import NotFailed
from eventstore.postgres.roles import PROJECTOR_ROLE, role_url
from eventstore.subscription import PollingSubscription
from projections.engine import checkpoints
from projections.engine.checkpoints import ProjectionState
from projections.engine.event_buffer import SharedEventBuffer
from projections.engine.projector import Projector
from projections.engine.status import list_statuses
from projections.operations.operations import PAUSE, RETRY, ProjectionOperations
from projections.rebuild.commands import rebuild
from projections.registry import EVERY_MODEL, reader_for
from projections.seat_map.fold import SEAT_MAP
from projections.tickets.fold import TICKETS
from runtime.local.embedded import EmbeddedPostgres
from tests.databases import fresh_database, role_password
from tests.projections.manual_projector import ManualProjector, tables_of
from tests.projections.workers import ProjectionWorkers, execute
from tests.read_models import TEMPLATE
from tests.support.shop_scenario import ShopScenario

ENDS_WITHIN_S = 10

Restore = Callable[[], None]


@pytest.fixture
async def performance(shop_scenario: ShopScenario) -> str:
    """The scenario whose log is restored."""
    _, performance = await shop_scenario.open_shop()
    await shop_scenario.buy(performance, "ann", shop_scenario.seats[0])
    return performance


@pytest.fixture
def folded_fresh(projections_server: EmbeddedPostgres) -> Iterator[Callable[[ShopScenario], Awaitable[Any]]]:
    """Return the rows of a log, folded into separate tables."""
    with fresh_database(projections_server, template=TEMPLATE) as url:

        async def fold(shop_scenario: ShopScenario) -> Any:
            async with ManualProjector(
                role_url(url, PROJECTOR_ROLE, role_password(PROJECTOR_ROLE))
            ) as manual_projector:
                await manual_projector.fold(shop_scenario.store)
                return await manual_projector.contents()

        yield fold


async def contents(url: str) -> dict[str, object]:
    """Return every row of every live table."""
    found: dict[str, object] = {}
    async with checkpoints.open_connection_for(url, name="test") as connection:
        for state in await checkpoints.states(connection):
            async with checkpoints.open_connection_for(url, name="test", schema=state.schema) as inside:
                found |= {f"{state.name}.{table}": rows for table, rows in await tables_of(inside)}
    return found


async def lose(shop_scenario: ShopScenario, performance: str, restore: Restore, *, new: int) -> None:
    """Restore the log, and append other sales."""
    restore()
    shop_scenario.wait(timedelta(seconds=1))
    shop_scenario.forget()
    for seat in shop_scenario.seats[5 : 5 + new]:
        await shop_scenario.buy(performance, "ben", seat)


def healed(town_head: int) -> Callable[[dict[str, ProjectionState]], bool]:
    """Return the condition that every read model is running at the end of the log."""
    return lambda states: all((state.state, state.position) == ("running", town_head) for state in states.values())


class TestRestoredWhileStopped:
    @pytest.mark.parametrize("new", [0, 1, 4])
    async def test_rows_of_lost_events_are_replaced_by_a_fold_of_the_log(
        self,
        shop_scenario: ShopScenario,
        performance: str,
        projection_workers: ProjectionWorkers,
        projector_url: str,
        folded_fresh: Callable[[ShopScenario], Awaitable[Any]],
        new: int,
    ) -> None:
        restore = shop_scenario.store.backup()
        for seat in shop_scenario.seats[1:4]:
            await shop_scenario.buy(performance, "zoe", seat)
        async with projection_workers.run_worker("one"):
            await projection_workers.wait_until_current()
        await lose(shop_scenario, performance, restore, new=new)
        async with projection_workers.run_worker("two"):
            await projection_workers.wait_for("the read models to heal", healed(await shop_scenario.store.head()))
        assert await contents(projector_url) == await folded_fresh(shop_scenario)

    async def test_the_status_is_diverged_until_the_rebuild_ends(
        self, shop_scenario: ShopScenario, performance: str, projection_workers: ProjectionWorkers, projector_url: str
    ) -> None:
        restore = shop_scenario.store.backup()
        await shop_scenario.buy(performance, "zoe", shop_scenario.seats[1])
        async with projection_workers.run_worker("one"):
            await projection_workers.wait_until_current()
        await lose(shop_scenario, performance, restore, new=0)
        async with checkpoints.open_connection_for(projector_url, name="test") as connection:
            reports = await list_statuses(
                await checkpoints.states(connection), shop_scenario.store, shop_scenario.clock.now()
            )
            head = await shop_scenario.store.head()
            assert {(report.diverged, report.lag) for report in reports} == {(True, head)}
            (held,) = await checkpoints.acquire_or_renew(connection, owner="test", names=["seat_map"], silence_s=0)
            await checkpoints.fail(connection, held, after=held.position, failed_position=None, error="restored")
        with pytest.raises(NotFailed, match="seatledger projections rebuild seat_map"):
            await ProjectionOperations(projector_url).run("seat_map", RETRY, shop_scenario.do)

    async def test_a_paused_read_model_is_rebuilt_and_stays_paused(
        self, shop_scenario: ShopScenario, performance: str, projection_workers: ProjectionWorkers, projector_url: str
    ) -> None:
        restore = shop_scenario.store.backup()
        await shop_scenario.buy(performance, "zoe", shop_scenario.seats[1])
        async with projection_workers.run_worker("one"):
            await projection_workers.wait_until_current()
            await ProjectionOperations(projector_url).run("sales", PAUSE, shop_scenario.do)
        await lose(shop_scenario, performance, restore, new=1)
        head = await shop_scenario.store.head()
        async with projection_workers.run_worker("two"):
            await projection_workers.wait_for("sales to be rebuilt", lambda states: states["sales"].position == head)
            assert (await projection_workers.states())["sales"].state == "paused"

    async def test_an_operator_may_rebuild_it_at_once(
        self,
        shop_scenario: ShopScenario,
        performance: str,
        projection_workers: ProjectionWorkers,
        projector_url: str,
        owner_url: str,
    ) -> None:
        restore = shop_scenario.store.backup()
        await shop_scenario.buy(performance, "zoe", shop_scenario.seats[1])
        async with projection_workers.run_worker("one", [SEAT_MAP, TICKETS]):
            await projection_workers.wait_until_current("seat_map", "tickets")
        await execute(owner_url, "UPDATE projections.projection SET heartbeat_at = '-infinity'")
        await lose(shop_scenario, performance, restore, new=1)
        rebuilt = await rebuild(
            url=projector_url, store=shop_scenario.store, model=SEAT_MAP, reader=reader_for([SEAT_MAP])
        )
        assert rebuilt.position == await shop_scenario.store.head()
        async with checkpoints.open_connection_for(projector_url, name="test") as connection:
            found = await connection.execute("SELECT count(*) FROM projections.build")
            assert await found.fetchone() == (0,), "the former version is of no use to anybody"


class TestRestoredWhileRunning:
    @pytest.mark.parametrize("new", [0, 1, 4])
    async def test_running_projectors_detect_it_and_are_rebuilt(
        self,
        shop_scenario: ShopScenario,
        performance: str,
        projection_workers: ProjectionWorkers,
        projector_url: str,
        folded_fresh: Callable[[ShopScenario], Awaitable[Any]],
        new: int,
    ) -> None:
        restore = shop_scenario.store.backup()
        async with projection_workers.run_worker("one"), projection_workers.run_worker("standby"):
            for seat in shop_scenario.seats[1:4]:
                await shop_scenario.buy(performance, "zoe", seat)
            await projection_workers.wait_until_current()
            await lose(shop_scenario, performance, restore, new=new)
            await projection_workers.wait_for("the read models to heal", healed(await shop_scenario.store.head()))
            await shop_scenario.buy(performance, "eve", shop_scenario.seats[10])
            await projection_workers.wait_until_current()
        assert await contents(projector_url) == await folded_fresh(shop_scenario)

    async def test_a_batch_read_before_the_restore_is_not_committed(
        self, shop_scenario: ShopScenario, performance: str, projector_url: str
    ) -> None:
        restore = shop_scenario.store.backup()
        await shop_scenario.buy(performance, "zoe", shop_scenario.seats[1])
        buffer = SharedEventBuffer(
            store=shop_scenario.store,
            subscription=PollingSubscription(store=shop_scenario.store, after=0),
            start=0,
            reader=reader_for(EVERY_MODEL),
        )
        await buffer.after(0)
        restore()
        before = await contents(projector_url)
        async with checkpoints.open_connection_for(projector_url, name="test") as connection:
            (held,) = await checkpoints.acquire_or_renew(connection, owner="test", names=["seat_map"], silence_s=0)
        projector = Projector(url=projector_url, store=shop_scenario.store, model=SEAT_MAP, lease=held, buffer=buffer)
        async with asyncio.timeout(ENDS_WITHIN_S):
            await projector.run()
        await buffer.close()
        assert buffer.is_stale
        assert await contents(projector_url) == before
