"""Contract of append, for every store: a server clock that is behind the last event."""

from datetime import timedelta

import pytest

from eventstore.errors import ClockBehind
from eventstore.store import (
    Append,
    Appended,
    RecordedEvent,
    Store,
)
from tests.eventstore.appends import at, to_append
from tests.eventstore.backends import Backend

HOUR = timedelta(hours=1)


@pytest.fixture
def store(backend: Backend) -> Store:
    return backend.store


class TestClockBehind:
    async def test_more_than_two_seconds_behind_the_last_event_nothing_is_taken(self, backend: Backend) -> None:
        await backend.record_ahead(timedelta(seconds=60))
        head = await backend.store.head()
        with pytest.raises(ClockBehind):
            await backend.store.append([to_append(at("seat-1", 0))])
        assert await backend.store.head() == head

    async def test_a_little_behind_events_get_the_time_of_the_last_one(self, backend: Backend) -> None:
        last = await backend.record_ahead(timedelta(seconds=1.9))
        (verdict,) = await backend.store.append([to_append(at("seat-1", 0))])
        assert isinstance(verdict, Appended)
        assert verdict.recorded_at == last


class TestAcceptedClock:
    async def test_the_state_has_the_delay_and_whether_appends_are_refused(self, backend: Backend) -> None:
        assert not (await backend.store.clock()).refuses
        last = await backend.record_ahead(HOUR)
        state = await backend.store.clock()
        assert (state.position, state.recorded_at) == (await backend.store.head(), last)
        assert state.refuses
        assert timedelta(minutes=59) < state.behind <= HOUR

    async def test_once_accepted_events_get_the_time_of_the_last_one(self, backend: Backend) -> None:
        last = await backend.record_ahead(HOUR)
        await backend.accept_clock()
        for number in range(2):
            (verdict,) = await backend.store.append([to_append(at("seat-1", number))])
            assert isinstance(verdict, Appended)
            assert verdict.recorded_at == last
        state = await backend.store.clock()
        assert (state.accepted, state.refuses) == (True, False)

    async def test_one_that_runs_ahead_again_is_an_alarm_again(self, backend: Backend) -> None:
        await backend.record_ahead(HOUR)
        await backend.accept_clock()
        await backend.record_ahead(2 * HOUR)
        with pytest.raises(ClockBehind):
            await backend.store.append([to_append(at("seat-1", 0))])
        assert (await backend.store.clock()).refuses


async def whole(store: Store) -> list[RecordedEvent]:
    return await store.read_range(after=0, limit=10_000)


async def refuses(store: Store, error: type[Exception], *batch: Append) -> None:
    with pytest.raises(error):
        await store.append(batch)
    assert await store.head() == 0
