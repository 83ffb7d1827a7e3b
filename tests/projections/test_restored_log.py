"""A log that was restored to an older backup: read models that know more than it are found out and heal."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import NotFailed
from eventstore.feed import PollingSubscription
from eventstore.roles import PROJECTOR_ROLE, role_url
from projections import control
from projections.control import ProjectionState
from projections.every_model import EVERY_MODEL, reader_for
from projections.keeper import Projector
from projections.rebuilding.course import rebuild
from projections.reports import list_statuses
from projections.seat_map import SEAT_MAP
from projections.switches import PAUSE, RETRY, ProjectionOperations
from projections.tickets import TICKETS
from projections.window import SharedEventBuffer
from runtime.embedded import EmbeddedPostgres
from tests.databases import fresh_database, role_password
from tests.projections.conftest import TEMPLATE
from tests.projections.crew import Crew, execute
from tests.projections.shelf import Shelf, tables_of
from tests.projections.town import Town

ENDS_WITHIN_S = 10

Restore = Callable[[], None]


@pytest.fixture
async def performance(town: Town) -> str:
    """What is sold in the town."""
    _, performance = await town.open_shop()
    await town.buy(performance, "ann", town.seats[0])
    return performance


@pytest.fixture
def folded_fresh(projections_server: EmbeddedPostgres) -> Iterator[Callable[[Town], Awaitable[Any]]]:
    """Return the rows that a log makes in tables of their own."""
    with fresh_database(projections_server, template=TEMPLATE) as url:

        async def fold(town: Town) -> Any:
            async with Shelf(role_url(url, PROJECTOR_ROLE, role_password(PROJECTOR_ROLE))) as shelf:
                await shelf.fold(town.store)
                return await shelf.contents()

        yield fold


async def contents(url: str) -> dict[str, object]:
    """Return every row of every live table."""
    found: dict[str, object] = {}
    async with control.open_connection_for(url, name="test") as connection:
        for state in await control.states(connection):
            async with control.open_connection_for(url, name="test", schema=state.schema) as inside:
                found |= {f"{state.name}.{table}": rows for table, rows in await tables_of(inside)}
    return found


async def lose(town: Town, performance: str, restore: Restore, *, new: int) -> None:
    """Restore the log, and sell some other seats in what follows."""
    restore()
    town.wait(timedelta(seconds=1))
    town.forget()
    for seat in town.seats[5 : 5 + new]:
        await town.buy(performance, "ben", seat)


def healed(town_head: int) -> Callable[[dict[str, ProjectionState]], bool]:
    """Return what says whether every read model runs at the log's end."""
    return lambda states: all((state.state, state.position) == ("running", town_head) for state in states.values())


class TestWhileNothingRan:
    @pytest.mark.parametrize("new", [0, 1, 4])
    async def test_rows_of_a_lost_future_are_replaced_by_what_the_log_says(
        self,
        town: Town,
        performance: str,
        crew: Crew,
        projector_url: str,
        folded_fresh: Callable[[Town], Awaitable[Any]],
        new: int,
    ) -> None:
        restore = town.store.backup()
        for seat in town.seats[1:4]:
            await town.buy(performance, "zoe", seat)
        async with crew.working("one"):
            await crew.catches_up()
        await lose(town, performance, restore, new=new)
        async with crew.working("two"):
            await crew.wait_for("the read models to heal", healed(await town.store.head()))
        assert await contents(projector_url) == await folded_fresh(town)

    async def test_it_is_shown_before_and_while_it_heals(
        self, town: Town, performance: str, crew: Crew, projector_url: str
    ) -> None:
        restore = town.store.backup()
        await town.buy(performance, "zoe", town.seats[1])
        async with crew.working("one"):
            await crew.catches_up()
        await lose(town, performance, restore, new=0)
        async with control.open_connection_for(projector_url, name="test") as connection:
            reports = await list_statuses(await control.states(connection), town.store, town.clock.now())
            head = await town.store.head()
            assert {(report.diverged, report.lag) for report in reports} == {(True, head)}
            (held,) = await control.acquire_or_renew(connection, owner="test", names=["seat_map"], silence_s=0)
            await control.fail(connection, held, after=held.position, failed_position=None, error="restored")
        with pytest.raises(NotFailed, match="seatledger projections rebuild seat_map"):
            await ProjectionOperations(projector_url).run("seat_map", RETRY, town.do)

    async def test_one_that_was_paused_is_rebuilt_and_stays_paused(
        self, town: Town, performance: str, crew: Crew, projector_url: str
    ) -> None:
        restore = town.store.backup()
        await town.buy(performance, "zoe", town.seats[1])
        async with crew.working("one"):
            await crew.catches_up()
            await ProjectionOperations(projector_url).run("sales", PAUSE, town.do)
        await lose(town, performance, restore, new=1)
        head = await town.store.head()
        async with crew.working("two"):
            await crew.wait_for("sales to be rebuilt", lambda states: states["sales"].position == head)
            assert (await crew.states())["sales"].state == "paused"

    async def test_an_operator_may_rebuild_it_at_once(
        self, town: Town, performance: str, crew: Crew, projector_url: str, owner_url: str
    ) -> None:
        restore = town.store.backup()
        await town.buy(performance, "zoe", town.seats[1])
        async with crew.working("one", [SEAT_MAP, TICKETS]):
            await crew.catches_up("seat_map", "tickets")
        await execute(owner_url, "UPDATE projections.projection SET heartbeat_at = '-infinity'")
        await lose(town, performance, restore, new=1)
        rebuilt = await rebuild(url=projector_url, store=town.store, model=SEAT_MAP, reader=reader_for([SEAT_MAP]))
        assert rebuilt.position == await town.store.head()
        async with control.open_connection_for(projector_url, name="test") as connection:
            found = await connection.execute("SELECT count(*) FROM projections.build")
            assert await found.fetchone() == (0,), "the former version is of no use to anybody"


class TestWhileTheyRan:
    @pytest.mark.parametrize("new", [0, 1, 4])
    async def test_they_notice_and_heal(
        self,
        town: Town,
        performance: str,
        crew: Crew,
        projector_url: str,
        folded_fresh: Callable[[Town], Awaitable[Any]],
        new: int,
    ) -> None:
        restore = town.store.backup()
        async with crew.working("one"), crew.working("standby"):
            for seat in town.seats[1:4]:
                await town.buy(performance, "zoe", seat)
            await crew.catches_up()
            await lose(town, performance, restore, new=new)
            await crew.wait_for("the read models to heal", healed(await town.store.head()))
            await town.buy(performance, "eve", town.seats[10])
            await crew.catches_up()
        assert await contents(projector_url) == await folded_fresh(town)

    async def test_a_batch_read_before_the_restore_is_not_committed(
        self, town: Town, performance: str, projector_url: str
    ) -> None:
        restore = town.store.backup()
        await town.buy(performance, "zoe", town.seats[1])
        window = SharedEventBuffer(
            store=town.store,
            feed=PollingSubscription(store=town.store, after=0),
            start=0,
            reader=reader_for(EVERY_MODEL),
        )
        await window.after(0)
        restore()
        before = await contents(projector_url)
        async with control.open_connection_for(projector_url, name="test") as connection:
            (held,) = await control.acquire_or_renew(connection, owner="test", names=["seat_map"], silence_s=0)
        keeper = Projector(url=projector_url, store=town.store, model=SEAT_MAP, lease=held, window=window)
        async with asyncio.timeout(ENDS_WITHIN_S):
            await keeper.run()
        await window.close()
        assert window.is_stale
        assert await contents(projector_url) == before
