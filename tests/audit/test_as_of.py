"""`as_of` resolves a time, a position, or neither."""

from datetime import timedelta

import pytest

from audit.as_of import as_of
from domain.errors import Invalid
from tests.support.engine import START
from tests.support.shop_scenario import ShopScenario


@pytest.fixture
async def shop_scenario() -> ShopScenario:
    """A scenario in which two seats are held a minute after the shop opened."""
    shop_scenario = ShopScenario()
    _, performance = await shop_scenario.open_shop()
    shop_scenario.wait(timedelta(minutes=1))
    await shop_scenario.hold(performance, "ann", *shop_scenario.seats[:2])
    return shop_scenario


async def test_now_is_the_end_of_the_log_and_the_clock(shop_scenario: ShopScenario) -> None:
    shop_scenario.wait(timedelta(hours=1))
    past = await as_of(shop_scenario.store)
    assert past.position == await shop_scenario.store.head()
    assert past.recorded_at == START + timedelta(minutes=1)
    assert past.moment == shop_scenario.clock.now()


async def test_a_time_is_also_the_moment_for_deadlines(shop_scenario: ShopScenario) -> None:
    moment = START + timedelta(seconds=30)
    past = await as_of(shop_scenario.store, at=moment)
    assert (past.recorded_at, past.moment) == (START, moment)


async def test_a_position_inside_a_command_means_the_command_before(shop_scenario: ShopScenario) -> None:
    head = await shop_scenario.store.head()
    before = await as_of(shop_scenario.store, position=head - 1)
    assert before.recorded_at == before.moment == START
    assert before == await as_of(shop_scenario.store, at=START)
    assert (await as_of(shop_scenario.store, position=head)).moment == START + timedelta(minutes=1)


async def test_before_the_first_event_there_is_nothing(shop_scenario: ShopScenario) -> None:
    for past in (
        await as_of(shop_scenario.store, position=0),
        await as_of(shop_scenario.store, at=START - timedelta(days=1)),
    ):
        assert (past.position, past.recorded_at) == (0, None)


async def test_the_future_is_refused(shop_scenario: ShopScenario) -> None:
    with pytest.raises(Invalid, match="in the future"):
        await as_of(shop_scenario.store, at=shop_scenario.clock.now() + timedelta(microseconds=1))
    with pytest.raises(Invalid, match="the log ends at"):
        await as_of(shop_scenario.store, position=await shop_scenario.store.head() + 1)
    with pytest.raises(Invalid, match="either"):
        await as_of(shop_scenario.store, at=START, position=1)
