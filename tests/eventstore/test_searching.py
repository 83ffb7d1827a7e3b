"""Contract of searching the log, for every store: by time, by position, by criteria."""

from array import array
from datetime import datetime, timedelta

import pytest

from eventstore.postgres import store as postgres_store
from eventstore.store import START_OF_LOG, EventColumns, EventFilter, LogPoint, NewEvent, Store, Write
from tests.eventstore.appends import at, to_append
from tests.eventstore.backends import Backend

EVERYTHING = EventFilter()
SECOND = timedelta(seconds=1)
ANN = '{"actor": {"kind": "account", "id": "ann"}, "organizer": "globe", "performance": "p1"}'
SWEEPER = '{"actor": {"kind": "process", "id": "sweeper"}, "organizer": "globe", "performance": "p2"}'


@pytest.fixture
async def store(backend: Backend) -> Store:
    """A log of commands with 1, 3 and 2 events: the first two at one time, the third later."""
    await backend.store.append([to_append(at("seat-1", 0)), to_append(at("seat-2", 0, 2), at("hold-1", 0))])
    await backend.store.append([to_append(at("seat-1", 1), at("hold-1", 1))])
    return backend.store


async def times(store: Store) -> list[datetime]:
    """Return the time of each event."""
    return [event.recorded_at for event in await store.read_range(after=0, limit=100)]


class TestPointAt:
    async def test_it_is_the_last_position_recorded_by_then(self, store: Store) -> None:
        first, *_, last = await times(store)
        assert await store.point_at(first) == LogPoint(4, first)
        assert await store.point_at(last - timedelta(microseconds=1)) == LogPoint(4, first)
        assert await store.point_at(last) == LogPoint(6, last)
        assert await store.point_at(last + SECOND) == LogPoint(6, last)

    async def test_before_the_first_event_there_is_nothing(self, store: Store) -> None:
        first, *_ = await times(store)
        assert await store.point_at(first - SECOND) == START_OF_LOG

    async def test_of_an_empty_log_there_is_nothing(self, backend: Backend) -> None:
        assert await backend.store.point_at(await backend.store.now()) == START_OF_LOG

    @pytest.mark.parametrize("commands", [1, 2, 3, 8, 21])
    async def test_it_is_found_in_a_log_of_any_length(self, backend: Backend, commands: int) -> None:
        for number in range(commands):
            await backend.store.append([to_append(at(f"seat-{number}", 0))])
        recorded = await times(backend.store)
        for moment in recorded:
            position = sum(other <= moment for other in recorded)
            assert await backend.store.point_at(moment) == LogPoint(position, moment)


class TestPointBefore:
    @pytest.mark.parametrize(
        ("position", "ends"), [(-1, 0), (0, 0), (1, 1), (2, 1), (3, 1), (4, 4), (5, 4), (6, 6), (7, 6), (2**62, 6)]
    )
    async def test_it_is_the_end_of_a_command(self, store: Store, position: int, ends: int) -> None:
        recorded = await times(store)
        assert await store.point_before(position) == (LogPoint(ends, recorded[ends - 1]) if ends else START_OF_LOG)

    async def test_of_an_empty_log_there_is_nothing(self, backend: Backend) -> None:
        assert await backend.store.point_before(5) == START_OF_LOG


def write_of(stream: str, name: str) -> Write:
    """Return a write of one named event to a new stream."""
    return Write(stream, 0, (NewEvent(name, 1, "{}"),))


class TestSearch:
    @pytest.fixture
    async def filled(self, backend: Backend) -> Store:
        """Five events by two actors on two performances; the last one has no metadata about its subjects."""
        await backend.store.append(
            [
                to_append(write_of("seat-p1-a", "SeatHeld"), write_of("hold-1", "HoldPlaced"), metadata=ANN),
                to_append(write_of("seat-p2-a", "SeatHeld"), metadata=SWEEPER),
                to_append(write_of("seat-p1-b", "SeatSold"), metadata=ANN),
                to_append(write_of("venue-1", "VenueOpened")),
            ]
        )
        return backend.store

    @pytest.mark.parametrize(
        ("wanted", "positions"),
        [
            (EVERYTHING, [1, 2, 3, 4, 5]),
            (EventFilter(names=["SeatHeld"]), [1, 3]),
            (EventFilter(names=["SeatHeld", "VenueOpened"]), [1, 3, 5]),
            (EventFilter(stream="seat-p1-a"), [1]),
            (EventFilter(stream="seat-p1"), []),
            (EventFilter(prefix="seat-p1"), [1, 4]),
            (EventFilter(prefix="seat_p1"), []),
            (EventFilter(actor="ann"), [1, 2, 4]),
            (EventFilter(actor="process"), [3]),
            (EventFilter(subjects={"performance": "p1"}), [1, 2, 4]),
            (EventFilter(subjects={"performance": "p1", "organizer": "globe"}), [1, 2, 4]),
            (EventFilter(subjects={"performance": "hold-1"}), [2]),
            (EventFilter(subjects={"performance": "p1", "organizer": "rose"}), []),
            (EventFilter(actor="ann", names=["SeatSold"], prefix="seat-"), [4]),
        ],
    )
    async def test_it_finds_what_is_wanted_in_either_direction(
        self, filled: Store, wanted: EventFilter, positions: list[int]
    ) -> None:
        forwards = await filled.search(wanted, after=0, until=5, limit=10)
        backwards = await filled.search(wanted, after=0, until=5, limit=10, newest_first=True)
        assert [event.position for event in forwards] == positions
        assert [event.position for event in backwards] == positions[::-1]

    async def test_it_keeps_to_its_range_and_its_limit(self, filled: Store) -> None:
        assert [event.position for event in await filled.search(EVERYTHING, after=1, until=4, limit=2)] == [2, 3]
        back = await filled.search(EVERYTHING, after=1, until=4, limit=2, newest_first=True)
        assert [event.position for event in back] == [4, 3]
        assert await filled.search(EventFilter(stream="seat-p1-a"), after=1, until=5, limit=9) == []
        assert await filled.search(EVERYTHING, after=4, until=2, limit=9) == []


class TestReadColumns:
    @pytest.fixture(params=["by stream", "by position"])
    async def seats(self, backend: Backend, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Store:
        """Events of three seats of two performances, read by either statement."""
        monkeypatch.setattr(postgres_store, "SHORT_RANGE", 0 if request.param == "by stream" else 1_000)
        until = NewEvent("SeatHeld", 1, '{"until": "noon", "price": 5}')
        never = NewEvent("SeatHeld", 1, '{"until": null}')
        sold = NewEvent("SeatSold", 1, '{"until": "midnight"}')
        await backend.store.append(
            [
                to_append(
                    Write("seat-p2-b", 0, (until,)), Write("seat-p1-b", 0, (until,)), Write("seat-p1-a", 0, (never,))
                ),
                to_append(Write("hold-1", 0, (sold,))),
            ]
        )
        await backend.store.append([to_append(Write("seat-p1-b", 1, (sold,)))])
        return backend.store

    async def test_it_gives_the_streams_events_in_order_each_with_its_field(self, seats: Store) -> None:
        columns = await seats.read_columns("seat-p1-", fields={"SeatHeld": "until", "Other": "price"}, after=0, until=5)
        assert columns == EventColumns(
            positions=array("q", [2, 3, 5]),
            streams=["b", "a", "b"],
            values=["SeatHeld noon", "SeatHeld", "SeatSold"],
        )

    async def test_it_keeps_to_its_range(self, seats: Store) -> None:
        columns = await seats.read_columns("seat-", fields={}, after=1, until=3)
        assert list(columns.positions) == [2, 3]

    async def test_of_nothing_every_column_is_empty(self, seats: Store) -> None:
        nothing = EventColumns(positions=array("q"), streams=[], values=[])
        assert await seats.read_columns("seat-p3-", fields={"SeatHeld": "until"}, after=0, until=5) == nothing
        assert await seats.read_columns("seat-p1-", fields={}, after=5, until=5) == nothing


def test_given_columns_of_different_lengths_then_they_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        EventColumns(positions=array("q", [1]), streams=["s"], values=["n a line", "and another"])
