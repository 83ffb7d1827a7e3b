"""What a time, a position or neither means."""

from datetime import timedelta

import pytest

from domain.errors import Invalid
from projections.past.moment import as_of
from tests.projections.town import START, Town


@pytest.fixture
async def town() -> Town:
    """A town where a basket of two seats is filled a minute after the shop opened."""
    town = Town()
    _, performance = await town.open_shop()
    town.wait(timedelta(minutes=1))
    await town.hold(performance, "ann", *town.seats[:2])
    return town


async def test_now_is_the_end_of_the_log_and_the_clock(town: Town) -> None:
    town.wait(timedelta(hours=1))
    past = await as_of(town.store)
    assert past.position == await town.store.head()
    assert past.recorded_at == START + timedelta(minutes=1)
    assert past.moment == town.clock.now()


async def test_a_time_judges_deadlines_by_itself(town: Town) -> None:
    moment = START + timedelta(seconds=30)
    past = await as_of(town.store, at=moment)
    assert (past.recorded_at, past.moment) == (START, moment)


async def test_a_position_inside_a_command_means_the_command_before(town: Town) -> None:
    head = await town.store.head()
    before = await as_of(town.store, position=head - 1)
    assert before.recorded_at == before.moment == START
    assert before == await as_of(town.store, at=START)
    assert (await as_of(town.store, position=head)).moment == START + timedelta(minutes=1)


async def test_before_the_first_event_there_is_nothing(town: Town) -> None:
    for past in (await as_of(town.store, position=0), await as_of(town.store, at=START - timedelta(days=1))):
        assert (past.position, past.recorded_at) == (0, None)


async def test_what_is_yet_to_come_is_refused(town: Town) -> None:
    with pytest.raises(Invalid, match="yet to come"):
        await as_of(town.store, at=town.clock.now() + timedelta(microseconds=1))
    with pytest.raises(Invalid, match="the log ends at"):
        await as_of(town.store, position=await town.store.head() + 1)
    with pytest.raises(Invalid, match="either"):
        await as_of(town.store, at=START, position=1)
