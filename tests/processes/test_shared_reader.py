"""The shared reader of several rules."""

import asyncio
from collections.abc import Collection

import pytest

from eventstore.checkpoint import checkpoint_at
from eventstore.errors import LogRestored
from eventstore.store import Append, NewEvent, RecordedEvent, Write
from processes.shared_reader import SharedEventReader
from tests.eventstore.appends import to_append
from tests.eventstore.doubles import RestorableStore

NAMES = ["HoldPlaced", "SeatHeld", "OrderPlaced", "HoldReleased"]


class Counted(RestorableStore):
    """A log that counts its reads."""

    def __init__(self) -> None:
        super().__init__()
        self.readings = 0

    async def read_named(self, names: Collection[str], *, after: int, limit: int) -> tuple[list[RecordedEvent], int]:
        self.readings += 1
        return await super().read_named(names, after=after, limit=limit)


class Held(Counted):
    """A log that can block one comparison of a checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.holds_next = False
        self.waits = asyncio.Event()
        self.may_go_on = asyncio.Event()

    async def read_range(self, *, after: int, limit: int) -> list[RecordedEvent]:
        if self.holds_next:
            self.holds_next = False
            self.waits.set()
            await self.may_go_on.wait()
        return await super().read_range(after=after, limit=limit)


@pytest.fixture
async def log() -> Counted:
    """Four events with four names."""
    log = Counted()
    await log.append([named(name) for name in NAMES])
    return log


def named(*names: str) -> Append:
    """Return an append of named events."""
    return to_append(*(Write(f"s-{name}", 0, (NewEvent(name, 1, "{}"),)) for name in names))


async def read(shared: SharedEventReader, *names: str, after: int = 0, limit: int = 10) -> tuple[list[str], int]:
    """Return the names of the events that a rule reads after a position, and the position reached."""
    events, reached = await shared.read_after(await checkpoint_at(shared, after), names, limit=limit)
    return [event.name for event in events], reached.position


class TestSharedLog:
    async def test_rules_at_one_position_need_one_reading_and_get_their_own(self, log: Counted) -> None:
        shared = SharedEventReader(log, {"HoldPlaced", "OrderPlaced", "HoldReleased"})
        assert await read(shared, "HoldPlaced") == (["HoldPlaced"], 4)
        assert await read(shared, "OrderPlaced", "HoldReleased") == (
            ["OrderPlaced", "HoldReleased"],
            4,
        )
        assert log.readings == 1

    async def test_a_rule_at_another_position_reads_for_itself(self, log: Counted) -> None:
        shared = SharedEventReader(log, {"HoldPlaced", "HoldReleased"})
        await read(shared, "HoldPlaced")
        assert await read(shared, "HoldReleased", after=2) == (["HoldReleased"], 4)
        assert await read(shared, "HoldPlaced", limit=2) == (["HoldPlaced"], 2)

    async def test_at_the_end_what_comes_later_is_not_missed(self, log: Counted) -> None:
        shared = SharedEventReader(log, {"HoldPlaced"})
        assert await read(shared, "HoldPlaced", after=4) == ([], 4)
        await log.append([to_append(Write("later", 0, (NewEvent("HoldPlaced", 1, "{}"),)))])
        assert await read(shared, "HoldPlaced", after=4) == (["HoldPlaced"], 5)

    async def test_a_stretch_of_a_lost_future_is_forgotten(self, log: Counted) -> None:
        shared = SharedEventReader(log, {"HoldPlaced", "SeatSold", "SeatReturned"})
        restore = log.backup()
        await log.append([named("SeatSold", "EntryRecorded")])
        assert await read(shared, "SeatSold", after=4) == (["SeatSold"], 6)
        restore()
        await log.append([named("SeatReturned", "EntryRecorded")])
        assert await read(shared, "SeatSold", "SeatReturned", after=4) == (
            ["SeatReturned"],
            6,
        )

    async def test_a_checkpoint_of_lost_events_is_refused(self, log: Counted) -> None:
        shared = SharedEventReader(log, {"HoldPlaced", "SeatSold"})
        restore = log.backup()
        await log.append([named("SeatSold")])
        lost = await checkpoint_at(log, 5)
        restore()
        await log.append([named("EntryRecorded")])
        with pytest.raises(LogRestored):
            await shared.read_after(lost, {"SeatSold"}, limit=10)

    async def test_rules_that_ask_at_once_share_a_reading(self, log: Counted) -> None:
        shared = SharedEventReader(log, {"HoldPlaced", "OrderPlaced"})
        holds, orders = await asyncio.gather(read(shared, "HoldPlaced"), read(shared, "OrderPlaced"))
        assert (holds, orders) == ((["HoldPlaced"], 4), (["OrderPlaced"], 4))
        assert log.readings == 1

    async def test_a_cancelled_rule_does_not_cancel_a_shared_read(self) -> None:
        log = Held()
        await log.append([named("HoldPlaced")])
        shared, beginning = SharedEventReader(log, {"HoldPlaced"}), await checkpoint_at(log, 0)
        log.holds_next = True
        first, second = (asyncio.create_task(shared.read_after(beginning, {"HoldPlaced"}, limit=10)) for _ in range(2))
        await log.waits.wait()
        first.cancel()
        log.may_go_on.set()
        events, reached = await second
        assert ([event.name for event in events], reached.position) == (["HoldPlaced"], 1)

    async def test_at_its_end_nothing_is_read_any_more(self) -> None:
        log = Held()
        await log.append([named("HoldPlaced")])
        shared = SharedEventReader(log, {"HoldPlaced"})
        log.holds_next = True
        waiting = asyncio.create_task(read(shared, "HoldPlaced"))
        await log.waits.wait()
        await shared.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    async def test_a_rule_that_reads_on_meanwhile_takes_nothing_from_another(self) -> None:
        log = Held()
        await log.append([named("HoldPlaced")])
        shared = SharedEventReader(log, {"HoldPlaced", "OrderPlaced"})
        assert await read(shared, "HoldPlaced") == (["HoldPlaced"], 1)
        await log.append([named("OrderPlaced")])
        log.holds_next = True
        slow = asyncio.create_task(read(shared, "HoldPlaced", "OrderPlaced"))
        await log.waits.wait()
        assert await read(shared, "OrderPlaced", after=1) == (["OrderPlaced"], 2)
        log.may_go_on.set()
        assert await slow == (["HoldPlaced"], 1)
