"""Contract of reading, for every store."""

import pytest

from eventstore.store import NewEvent, Store, Write
from tests.eventstore.appends import at, to_append
from tests.eventstore.backends import Backend


@pytest.fixture
async def store(backend: Backend) -> Store:
    """A log of commands with 1, 3, 1 and 2 events."""
    await backend.store.append([to_append(at("seat-1", 0)), to_append(at("seat-2", 0, 2), at("hold-1", 0))])
    await backend.store.append([to_append(at("seat-1", 1)), to_append(at("seat-2", 2), at("hold-1", 1))])
    return backend.store


class TestReadRange:
    @pytest.mark.parametrize(
        ("after", "limit", "positions"),
        [
            (0, 100, [1, 2, 3, 4, 5, 6, 7]),
            (0, 1, [1]),
            (0, 2, [1]),
            (0, 3, [1]),
            (0, 4, [1, 2, 3, 4]),
            (1, 1, [2, 3, 4]),
            (1, 2, [2, 3, 4]),
            (1, 5, [2, 3, 4, 5]),
            (2, 1, [3, 4]),
            (5, 1, [6, 7]),
            (7, 10, []),
            (99, 10, []),
        ],
    )
    async def test_it_ends_with_a_command(self, store: Store, after: int, limit: int, positions: list[int]) -> None:
        assert [event.position for event in await store.read_range(after=after, limit=limit)] == positions


class TestReadNamed:
    @pytest.mark.parametrize(
        ("after", "limit", "positions", "until"),
        [
            (0, 100, [2, 4], 5),
            (0, 1, [], 1),
            (0, 2, [2], 2),
            (2, 1, [], 3),
            (2, 2, [4], 4),
            (4, 100, [], 5),
            (5, 100, [], 5),
            (99, 100, [], 99),
        ],
    )
    async def test_it_returns_the_last_position_examined(
        self, backend: Backend, after: int, limit: int, positions: list[int], until: int
    ) -> None:
        names = ["SeatHeld", "HoldPlaced", "SeatHeld", "HoldReleased", "SeatHeld"]
        await backend.store.append(
            [to_append(Write(f"seat-{number}", 0, (NewEvent(name, 1, "{}"),))) for number, name in enumerate(names)]
        )
        found = await backend.store.read_named({"HoldPlaced", "HoldReleased"}, after=after, limit=limit)
        assert ([event.position for event in found[0]], found[1]) == (positions, until)


class TestReadStreams:
    async def test_each_has_its_events_in_order_and_none_is_missing(self, store: Store) -> None:
        streams = await store.read_streams(["seat-2", "no-such", "seat-1", "seat-2"])
        assert {name: [event.version for event in events] for name, events in streams.items()} == {
            "seat-2": [1, 2, 3],
            "no-such": [],
            "seat-1": [1, 2],
        }

    async def test_of_no_streams_there_are_none(self, store: Store) -> None:
        assert await store.read_streams([]) == {}

    async def test_one_stream_can_be_read_in_pages(self, store: Store) -> None:
        assert [event.version for event in await store.read_stream("seat-2")] == [1, 2, 3]
        assert [event.version for event in await store.read_stream("seat-2", after_version=1, limit=1)] == [2]
        assert await store.read_stream("seat-2", after_version=3) == []
        assert await store.read_stream("no-such") == []


class TestHead:
    async def test_it_is_the_last_position(self, store: Store) -> None:
        assert await store.head() == 7

    async def test_of_an_empty_log_it_is_0(self, backend: Backend) -> None:
        assert await backend.store.head() == 0


class TestNow:
    async def test_it_is_in_utc_and_advances(self, store: Store) -> None:
        first, second = await store.now(), await store.now()
        assert first.utcoffset() is not None
        assert first <= second
        assert (await store.read_range(after=6, limit=1))[0].recorded_at <= first
