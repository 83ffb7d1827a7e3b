"""Contract of append, for every store."""

from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from eventstore.digest import digest_of, event_content
from eventstore.errors import BatchRefused, Unencodable
from eventstore.store import (
    BATCH_BYTES_MAX,
    COMMANDS_PER_BATCH_MAX,
    EVENT_BYTES_MAX,
    EVENTS_PER_COMMAND_MAX,
    STREAM_CHARACTERS_MAX,
    Append,
    Appended,
    Conflict,
    NewEvent,
    OutsideTimeWindow,
    RecordedEvent,
    Store,
    Write,
)
from tests.eventstore.appends import at, to_append
from tests.eventstore.backends import Backend

HOUR = timedelta(hours=1)


@pytest.fixture
def store(backend: Backend) -> Store:
    return backend.store


class TestAppending:
    async def test_positions_are_dense_and_versions_count_the_stream(self, store: Store) -> None:
        await store.append([to_append(at("seat-1", 0, 2), at("seat-2", 0)), to_append(at("seat-3", 0))])
        await store.append([to_append(at("seat-1", 2))])
        log = await whole(store)
        assert [(event.position, event.stream, event.version) for event in log] == [
            (1, "seat-1", 1),
            (2, "seat-1", 2),
            (3, "seat-2", 1),
            (4, "seat-3", 1),
            (5, "seat-1", 3),
        ]
        assert await store.head() == 5

    async def test_an_event_has_its_part_number_in_its_command(self, store: Store) -> None:
        command = to_append(at("seat-1", 0, 2), at("seat-2", 0))
        await store.append([to_append(at("seat-9", 0)), command])
        assert [(event.part, event.parts) for event in await whole(store)] == [(1, 1), (1, 3), (2, 3), (3, 3)]
        assert {event.command_id for event in await store.read_stream("seat-1")} == {command.command_id}

    async def test_a_verdict_names_the_positions_and_the_time(self, store: Store) -> None:
        first, second = await store.append([to_append(at("seat-1", 0, 2)), to_append(at("seat-2", 0))])
        recorded_at = (await whole(store))[0].recorded_at
        assert first == Appended(first=1, last=2, recorded_at=recorded_at)
        assert second == Appended(first=3, last=3, recorded_at=recorded_at)
        assert recorded_at.utcoffset() == timedelta()

    async def test_an_empty_batch_has_no_verdicts(self, store: Store) -> None:
        assert await store.append([]) == []

    async def test_data_and_metadata_are_kept_byte_for_byte(self, store: Store) -> None:
        data = '{ "b":1,\t"a" : 1.50, "a":2, "seat": "Größe \\u00e4 🎟" }'
        await store.append([to_append(at("seat-1", 0, data=data), metadata='{ "actor" : null }')])
        (event,) = await whole(store)
        assert (event.data, event.metadata) == (data, '{ "actor" : null }')

    async def test_the_digest_can_be_computed_from_what_is_stored(self, store: Store) -> None:
        await store.append(
            [to_append(at("seat-1", 0, 2, data='{"name": "Zoë"}'), at("seat-2", 0), metadata='{"ö": 1}')]
        )
        log = await whole(store)
        assert [event.digest for event in log] == [digest_of(**event_content(event)) for event in log]
        assert len({event.digest for event in log}) == 3

    async def test_the_largest_command_that_is_admitted_is_stored(self, store: Store) -> None:
        writes = [at(f"seat-{number}", 0) for number in range(EVENTS_PER_COMMAND_MAX - 1)]
        longest = Write("s" * STREAM_CHARACTERS_MAX, 0, (NewEvent("Long", 1, f'"{"x" * (EVENT_BYTES_MAX - 2)}"'),))
        (verdict,) = await store.append([to_append(*writes, longest)])
        assert isinstance(verdict, Appended)
        assert verdict.last == EVENTS_PER_COMMAND_MAX

    async def test_a_full_batch_is_taken(self, store: Store) -> None:
        verdicts = await store.append([to_append(at(f"seat-{n}", 0)) for n in range(COMMANDS_PER_BATCH_MAX)])
        assert [verdict.first for verdict in verdicts if isinstance(verdict, Appended)] == list(range(1, 201))


class TestExpectations:
    @pytest.mark.parametrize("expected", [0, 1, 3])
    async def test_a_write_at_another_version_is_a_conflict(self, store: Store, expected: int) -> None:
        await store.append([to_append(at("seat-1", 0, 2))])
        assert await store.append([to_append(at("seat-1", expected))]) == [Conflict(stream="seat-1", version=2)]

    async def test_a_write_ahead_of_a_stream_that_does_not_exist_is_a_conflict(self, store: Store) -> None:
        assert await store.append([to_append(at("seat-1", 1))]) == [Conflict(stream="seat-1", version=0)]

    async def test_a_guard_that_moved_is_a_conflict(self, store: Store) -> None:
        await store.append([to_append(at("performance-1", 0))])
        verdicts = await store.append([to_append(at("seat-1", 0), guards={"performance-1": 0, "event-1": 0})])
        assert verdicts == [Conflict(stream="performance-1", version=1)]
        assert await store.read_stream("seat-1") == []

    async def test_one_stale_stream_of_many_keeps_all_from_being_written(self, store: Store) -> None:
        await store.append([to_append(at("seat-2", 0))])
        verdicts = await store.append(
            [to_append(at("seat-1", 0), at("seat-2", 0), at("seat-3", 0)), to_append(at("seat-4", 0))]
        )
        assert verdicts[0] == Conflict(stream="seat-2", version=1)
        assert isinstance(verdicts[1], Appended)
        assert [event.stream for event in await whole(store)] == ["seat-2", "seat-4"]

    async def test_the_first_of_several_stale_streams_is_named(self, store: Store) -> None:
        await store.append([to_append(at("seat-1", 0), at("seat-2", 0), at("hold-1", 0))])
        stale = to_append(at("seat-2", 0), at("seat-1", 0), guards={"hold-1": 0})
        assert await store.append([stale]) == [Conflict(stream="seat-2", version=1)]

    async def test_guards_are_shared_by_the_commands_of_a_batch(self, store: Store) -> None:
        verdicts = await store.append([to_append(at(f"seat-{n}", 0), guards={"performance-1": 0}) for n in range(5)])
        assert all(isinstance(verdict, Appended) for verdict in verdicts)

    async def test_guards_alone_are_checked_and_not_stored(self, store: Store) -> None:
        await store.append([to_append(at("seat-1", 0, 2))])
        command = to_append(guards={"seat-1": 2})
        for _ in range(2):
            (verdict,) = await store.append([command])
            assert isinstance(verdict, Appended)
            assert (verdict.first, verdict.last) == (3, 2)
        assert await store.append([to_append(guards={"seat-1": 1})]) == [Conflict(stream="seat-1", version=2)]
        assert await store.head() == 2


class TestWindows:
    async def test_outside_its_window_a_command_is_late(self, store: Store) -> None:
        now = await store.now()
        early = to_append(at("seat-1", 0), not_before=now + HOUR)
        late = to_append(at("seat-2", 0), not_after=now - HOUR)
        inside = to_append(at("seat-3", 0), not_before=now - HOUR, not_after=now + HOUR)
        verdicts = await store.append([early, late, inside])
        assert [type(verdict) for verdict in verdicts] == [OutsideTimeWindow, OutsideTimeWindow, Appended]
        assert all(verdict.now >= now for verdict in verdicts if isinstance(verdict, OutsideTimeWindow))
        assert [event.stream for event in await whole(store)] == ["seat-3"]

    async def test_the_window_includes_its_beginning_and_not_its_end(self, backend: Backend) -> None:
        now = await backend.record_ahead(timedelta(seconds=1.9))
        tick = timedelta(microseconds=1)
        verdicts = await backend.store.append(
            [
                to_append(at("seat-1", 0), not_before=now),
                to_append(at("seat-2", 0), not_after=now),
                to_append(at("seat-3", 0), not_before=now + tick),
                to_append(at("seat-4", 0), not_after=now + tick),
            ]
        )
        assert [type(verdict) for verdict in verdicts] == [Appended, OutsideTimeWindow, OutsideTimeWindow, Appended]

    async def test_guards_alone_have_a_window_too(self, store: Store) -> None:
        now = await store.now()
        (verdict,) = await store.append([to_append(guards={"seat-1": 0}, not_after=now - HOUR)])
        assert isinstance(verdict, OutsideTimeWindow)


class TestInvalidAppends:
    async def test_two_commands_with_one_id(self, store: Store) -> None:
        command_id = uuid7()
        await refuses(
            store, BatchRefused, to_append(at("a", 0), command_id=command_id), to_append(command_id=command_id)
        )

    async def test_a_stream_written_twice_in_a_batch(self, store: Store) -> None:
        await refuses(store, BatchRefused, to_append(at("seat-1", 0)), to_append(at("seat-1", 1)))
        await refuses(store, BatchRefused, to_append(at("seat-1", 0), at("seat-1", 1)))

    async def test_a_stream_written_and_guarded_in_a_batch(self, store: Store) -> None:
        await refuses(store, BatchRefused, to_append(at("seat-1", 0)), to_append(at("seat-2", 0), guards={"seat-1": 0}))

    async def test_more_commands_than_a_batch_holds(self, store: Store) -> None:
        commands = [to_append(at(f"seat-{n}", 0)) for n in range(COMMANDS_PER_BATCH_MAX + 1)]
        await refuses(store, BatchRefused, *commands)

    async def test_text_that_is_not_json(self, store: Store) -> None:
        await refuses(store, BatchRefused, to_append(at("seat-1", 0, data="{")))
        await refuses(store, BatchRefused, to_append(at("seat-1", 0), metadata="no"))

    @pytest.mark.parametrize(
        "data",
        ['"\0"', '"\\u0000"', '"\\\\\\u0000"', '"\ud800"', '"\\ud800"', '"\\udc00x"', f'"{"x" * EVENT_BYTES_MAX}"'],
        ids=["nul", "escaped nul", "backslash and nul", "surrogate", "escaped surrogate", "low surrogate", "long"],
    )
    async def test_data_that_cannot_be_stored(self, store: Store, data: str) -> None:
        await refuses(store, Unencodable, to_append(at("seat-1", 0, data=data)))
        await refuses(store, Unencodable, to_append(at("seat-1", 0), metadata=data))

    @pytest.mark.parametrize("data", ['"\\\\u0000"', '"\\ud83c\\udf9f"'], ids=["a backslash, then u0000", "a pair"])
    async def test_text_that_resembles_an_escape_is_stored(self, store: Store, data: str) -> None:
        (verdict,) = await store.append([to_append(at("seat-1", 0, data=data))])
        assert isinstance(verdict, Appended)

    @pytest.mark.parametrize("stream", ["", "seat\0", "sitz-ß", "seat\n", "s" * (STREAM_CHARACTERS_MAX + 1)])
    async def test_a_stream_with_such_a_name(self, store: Store, stream: str) -> None:
        await refuses(store, Unencodable, to_append(at(stream, 0)))
        await refuses(store, Unencodable, to_append(at("seat-1", 0), guards={stream: 0}))

    async def test_a_version_that_cannot_be(self, store: Store) -> None:
        await refuses(store, Unencodable, to_append(at("seat-1", -1)))
        await refuses(store, Unencodable, to_append(guards={"seat-1": 2**63}))

    async def test_a_naive_window(self, store: Store) -> None:
        now = await store.now()
        await refuses(store, Unencodable, to_append(at("seat-1", 0), not_before=now.replace(tzinfo=None)))

    async def test_more_than_a_command_may_hold(self, store: Store) -> None:
        await refuses(store, Unencodable, to_append(at("seat-1", 0, EVENTS_PER_COMMAND_MAX + 1)))
        await refuses(store, Unencodable, to_append(guards={f"seat-{number}": 0 for number in range(1_001)}))
        heavy = BATCH_BYTES_MAX // EVENT_BYTES_MAX + 1
        await refuses(store, Unencodable, to_append(at("seat-1", 0, heavy, data=f'"{"x" * (EVENT_BYTES_MAX - 2)}"')))

    async def test_a_batch_of_too_many_bytes(self, store: Store) -> None:
        half = f'"{"x" * (EVENT_BYTES_MAX - 2)}"', BATCH_BYTES_MAX // EVENT_BYTES_MAX // 2 + 1
        await refuses(store, BatchRefused, *(to_append(at(f"seat-{n}", 0, half[1], data=half[0])) for n in range(2)))


async def whole(store: Store) -> list[RecordedEvent]:
    return await store.read_range(after=0, limit=10_000)


async def refuses(store: Store, error: type[Exception], *batch: Append) -> None:
    with pytest.raises(error):
        await store.append(batch)
    assert await store.head() == 0
