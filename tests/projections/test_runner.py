"""The runner: one owner each, checkpoints by compare-and-set, and an event that can't be applied stops one alone."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from domain.errors import NotFailed
from eventstore.checkpoint import Checkpoint
from eventstore.epoch import Epochs
from eventstore.feed import HybridSubscription, PollingSubscription
from eventstore.jetstream.link import NatsConnection
from eventstore.memory import MemoryStore
from eventstore.relay import Relay
from eventstore.store import NewEvent, RecordedEvent, Write
from projections import control
from projections.control import Lease, LeaseLost
from projections.every_model import EVERY_MODEL, reader_for
from projections.facts import ProjectionEventReader
from projections.keeper import Projector
from projections.model import ProjectedEvent, WriteStep
from projections.reading import ReadModelQueries
from projections.seat_map import SEAT_MAP, read_seat_map
from projections.switches import PAUSE, RESUME, RETRY, ProjectionOperations
from projections.tickets import TICKETS
from projections.window import SharedEventBuffer
from runtime.embedded import EmbeddedNats
from tests.eventstore.appends import wish
from tests.eventstore.jetstream.bookings import until_some
from tests.eventstore.jetstream.conftest import connected
from tests.projections.crew import SILENCE_S, Crew, Fragile, execute
from tests.projections.shelf import Shelf
from tests.projections.town import Town

NOTICED_WITHIN_S = 10.0
"""On any machine, however busy; see the feed's own tests for the second that is promised."""


FRESH = Lease(name="seat_map", version=1, schema="seat_map_v1_0", position=0, digest=b"", fence=0, state="running")


class TestRunner:
    async def test_it_folds_what_there_is_and_what_comes(
        self, town: Town, crew: Crew, models: ReadModelQueries
    ) -> None:
        _, performance = await town.open_shop()
        async with crew.working("one"):
            await crew.catches_up()
            await town.buy(performance, "ann", town.seats[0])
            await crew.catches_up()
            seats = await read_seat_map(models, performance=performance)
            assert dict(seats.states_at(town.clock.now())) == {town.seats[0]: "sold"}
            assert {state.owner for state in (await crew.states()).values()} == {"one"}

    async def test_each_event_is_decoded_once_for_all(self, town: Town, crew: Crew) -> None:
        @dataclass(frozen=True, kw_only=True)
        class CountingReader(ProjectionEventReader):
            seen: list[int]

            def read(self, events: Sequence[RecordedEvent]) -> list[ProjectedEvent]:
                self.seen.extend(event.position for event in events)
                return super().read(events)

        every = reader_for(EVERY_MODEL)
        reader = CountingReader(names=every.names, versions=every.versions, upcasters=every.upcasters, seen=[])
        async with crew.working("one", reader=reader):
            for _ in range(20):
                await town.open_shop()
            await crew.catches_up()
        assert sorted(reader.seen) == list(range(1, await town.store.head() + 1))

    async def test_after_a_clean_end_another_takes_over_at_once(self, town: Town, crew: Crew) -> None:
        await town.open_shop()
        async with crew.working("one"):
            await crew.catches_up()
        assert {state.owner for state in (await crew.states()).values()} == {None}
        await town.open_shop()
        async with crew.working("two"):
            await crew.catches_up()
            assert {state.owner for state in (await crew.states()).values()} == {"two"}

    async def test_of_two_one_owns_each_and_a_silent_owner_is_replaced(
        self, town: Town, crew: Crew, owner_url: str
    ) -> None:
        await town.open_shop()
        alive = "UPDATE projections.projection SET owner = 'another', heartbeat_at = clock_timestamp()"
        await execute(owner_url, alive)
        fences = {name: state.fence for name, state in (await crew.states()).items()}
        began_at = time.monotonic()
        async with crew.working("standby"):
            await crew.wait_for("the take-over", lambda states: states["sales"].owner == "standby")
            assert time.monotonic() - began_at >= SILENCE_S - 0.2
            await crew.catches_up()
        assert all(state.fence > fences[name] for name, state in (await crew.states()).items())

    async def test_a_living_owner_is_left_alone(self, town: Town, crew: Crew, owner_url: str) -> None:
        ages = "UPDATE projections.projection SET heartbeat_at = heartbeat_at - interval '12 seconds'"
        async with crew.working("one", silence_s=20), crew.working("two", silence_s=20):
            await crew.catches_up()
            for _ in range(3):
                await execute(owner_url, ages)
                await town.open_shop()
                await crew.beats()
            owners = {state.owner for state in (await crew.states()).values()}
            assert owners <= {"one", "two"}
            assert {state.fence for state in (await crew.states()).values()} == {1}

    async def test_pause_and_resume(self, town: Town, crew: Crew, projector_url: str) -> None:
        async with crew.working("one"):
            await crew.catches_up()
            rows = ProjectionOperations(projector_url)
            await rows.run("sales", PAUSE, town.do)
            await town.open_shop()
            await crew.catches_up("seat_map", "tickets")
            state = (await crew.states())["sales"]
            assert (state.state, state.position) == ("paused", 0)
            await rows.run("sales", PAUSE, town.do)
            with pytest.raises(NotFailed):
                await rows.run("sales", RETRY, town.do)
            await rows.run("sales", RESUME, town.do)
            await crew.catches_up()

    async def test_a_database_that_cuts_every_connection_is_only_an_interruption(
        self, town: Town, crew: Crew, owner_url: str
    ) -> None:
        async with crew.working("one"):
            await crew.catches_up()
            await execute(
                owner_url,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            await town.open_shop()
            await crew.catches_up()


class TestCompareAndSet:
    async def test_of_two_keepers_of_one_read_model_one_writes(
        self, town: Town, shelf: Shelf, projector_url: str
    ) -> None:
        await town.open_shop()
        await shelf.fold(town.store)
        contents = await shelf.contents()
        stale = Lease(
            name="seat_map", version=1, schema="seat_map_v1_0", position=0, digest=b"", fence=1, state="running"
        )
        beyond = Checkpoint(shelf.position + 1, b"")
        async with control.open_connection_for(projector_url, name="rival", schema=stale.schema) as connection:
            with pytest.raises(LeaseLost):
                await control.advance(connection, stale, after=0, until=shelf.checkpoint)
            fenced_off = replace(stale, fence=0)
            with pytest.raises(LeaseLost):
                await control.advance(connection, fenced_off, after=shelf.position, until=beyond)
            await control.advance(connection, stale, after=shelf.position, until=beyond)
        assert await shelf.contents() == contents

    async def test_a_paused_read_model_does_not_move(self, town: Town, shelf: Shelf, projector_url: str) -> None:
        await ProjectionOperations(projector_url).run("seat_map", PAUSE, town.do)
        await town.open_shop()
        with pytest.raises(LeaseLost):
            await shelf.fold(town.store)


class TestFailure:
    async def test_it_stops_one_alone_right_before_the_command_that_can_not_be_applied(
        self, town: Town, crew: Crew, models: ReadModelQueries, projector_url: str
    ) -> None:
        _, performance = await town.open_shop()
        for seat in town.seats[:5]:
            await town.buy(performance, "ann", seat)
        log = await town.store.read_range(after=0, limit=10_000)
        culprit = [event for event in log if event.name == "SeatSold"][3]
        before = max(
            event.position
            for event in log
            if event.command_id != culprit.command_id and event.position < culprit.position
        )
        fragile = Fragile(SEAT_MAP, lambda fact: fact.position == culprit.position)
        fleet = [fragile.model, TICKETS]
        async with crew.working("one", fleet):
            await crew.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            await crew.catches_up("tickets")
            failed = (await crew.states())["seat_map"]
            assert (failed.position, failed.failed_position) == (before, culprit.position)
            assert failed.error == "SeatSold: ValueError: this is too much"
            seats = dict((await read_seat_map(models, performance=performance)).states_at(town.clock.now()))
            assert sorted(seats.values()) == ["held", "sold", "sold", "sold"]
            await town.buy(performance, "ann", town.seats[6])
            await crew.catches_up("tickets")
            assert (await crew.states())["seat_map"] == replace(
                failed, heartbeat_at=(await crew.states())["seat_map"].heartbeat_at
            )
            fragile.broken = False
            await ProjectionOperations(projector_url).run("seat_map", RETRY, town.do)
            await crew.catches_up("seat_map")
            recovered = (await crew.states())["seat_map"]
            assert (recovered.state, recovered.error, recovered.failed_position) == ("running", None, None)

    async def test_what_the_database_can_not_store_is_a_failure_too(self, town: Town, crew: Crew) -> None:
        fold = SEAT_MAP.fold

        def nonsense(facts: Sequence[ProjectedEvent]) -> Sequence[WriteStep]:
            steps = fold(facts)
            return [WriteStep(step.statement, [{**row, "until": "one day"} for row in step.rows]) for step in steps]

        _, performance = await town.open_shop()
        await town.hold(performance, "ann", town.seats[0])
        async with crew.working("one", [replace(SEAT_MAP, fold=nonsense), TICKETS]):
            await crew.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            failed = (await crew.states())["seat_map"]
            assert failed.error is not None
            assert failed.error.startswith("SeatHeld: InvalidDatetimeFormat")
            await crew.catches_up("tickets")

    async def test_the_error_says_what_failed_and_nothing_of_the_row(
        self, town: Town, crew: Crew, owner_url: str
    ) -> None:
        _, performance = await town.open_shop()
        await town.hold(performance, "ann", town.seats[0])
        await execute(owner_url, "ALTER TABLE seat_map_v1_0.seat ADD CONSTRAINT never_held CHECK (state <> 'held')")
        async with crew.working("one", [SEAT_MAP]):
            await crew.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            error = (await crew.states())["seat_map"].error
        assert error is not None
        assert "never_held" in error
        assert performance not in error

    async def test_an_event_of_a_newer_program_stops_those_who_fold_it(self, projector_url: str) -> None:
        store = MemoryStore()
        newer = Write("seat-p-1", 0, (NewEvent("SeatHeld", 99, "{}"),))
        await store.append([wish(newer)])
        crew = Crew(projector_url, store)
        async with crew.working("one"):
            await crew.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            await crew.catches_up("tickets", "sales", "catalogue", "my_orders")
            error = (await crew.states())["seat_map"].error
            assert error == "SeatHeld: UnknownEvent: SeatHeld version 99 is newer than this program."


class TestVersion:
    async def test_another_version_of_the_code_folds_anew(
        self, town: Town, crew: Crew, models: ReadModelQueries
    ) -> None:
        _, performance = await town.open_shop()
        await town.hold(performance, "ann", town.seats[0])
        async with crew.working("one"):
            await crew.catches_up()
        async with crew.working("two", [replace(SEAT_MAP, version=2), TICKETS]):
            await crew.wait_for("the rebuild", lambda states: states["seat_map"].version == 2)
            await crew.catches_up("seat_map")
            assert (await crew.states())["seat_map"].schema == "seat_map_v2_1"
            seats = await read_seat_map(models, performance=performance)
            assert dict(seats.states_at(town.clock.now())) == {town.seats[0]: "held"}


class TestNats:
    async def test_stopped_from_the_start_read_models_keep_pace(
        self, town: Town, projector_url: str, nats: EmbeddedNats
    ) -> None:
        await asyncio.to_thread(nats.stop)
        epochs = Epochs(projector_url)
        async with NatsConnection(nats.app_url, name="project") as link:
            crew = Crew(
                projector_url,
                town.store,
                make_feed=lambda after: HybridSubscription(store=town.store, epochs=epochs, link=link, after=after),
            )
            async with crew.working("one"):
                await crew.catches_up()
                for _ in range(5):
                    await town.open_shop()
                    began_at = time.monotonic()
                    await crew.catches_up()
                    assert time.monotonic() - began_at < NOTICED_WITHIN_S
        await epochs.close()

    async def test_stopped_while_they_follow_its_silence_is_noticed(
        self, town: Town, projector_url: str, nats: EmbeddedNats
    ) -> None:
        epochs = Epochs(projector_url)
        feeds: list[HybridSubscription] = []
        async with (
            NatsConnection(nats.app_url, name="project") as link,
            NatsConnection(nats.relay_url, name="relay") as relay_link,
        ):

            def make_feed(after: int) -> HybridSubscription:
                feeds.append(HybridSubscription(store=town.store, epochs=epochs, link=link, after=after))
                return feeds[-1]

            await until_some(connected(link), "the connection")
            relay = asyncio.create_task(Relay(store=town.store, epochs=epochs, link=relay_link).run())
            crew = Crew(projector_url, town.store, make_feed=make_feed)
            async with crew.working("one"):

                async def following() -> bool:
                    await town.found()
                    return bool(feeds) and feeds[-1].is_streaming

                await until_some(following, "the feed to follow")
                await crew.catches_up()
                await asyncio.to_thread(nats.stop)
                await town.open_shop()
                began_at = time.monotonic()
                await crew.catches_up()
                assert time.monotonic() - began_at < NOTICED_WITHIN_S
            relay.cancel()
        await epochs.close()


class TestKeeper:
    async def test_one_that_lost_its_row_ends_quietly(self, town: Town, crew: Crew, projector_url: str) -> None:
        await town.open_shop()
        stale = Lease(
            name="seat_map", version=1, schema="seat_map_v1_0", position=0, digest=b"", fence=77, state="running"
        )
        async with crew.working("one"):
            await crew.catches_up()
            window = SharedEventBuffer(
                store=town.store,
                feed=PollingSubscription(store=town.store, after=0),
                start=0,
                reader=reader_for(EVERY_MODEL),
            )
            async with asyncio.timeout(10):
                await Projector(url=projector_url, store=town.store, model=SEAT_MAP, lease=stale, window=window).run()
            await window.close()


class BrokenFeed:
    """A feed that fails in a way that nobody foresaw."""

    def __init__(self) -> None:
        self.closed = False

    async def next(self) -> list[RecordedEvent]:
        """Fail."""
        raise ValueError("nobody foresaw this")

    async def close(self) -> None:
        """Note it."""
        self.closed = True


class TestWindow:
    async def test_given_a_feed_that_failed_then_it_can_be_closed(self, town: Town) -> None:
        feed = BrokenFeed()
        window = SharedEventBuffer(store=town.store, feed=feed, start=0, reader=reader_for(EVERY_MODEL))
        with pytest.raises(ValueError, match="nobody foresaw"):
            await window.after(0)
        await window.close()
        assert feed.closed
