"""One performance on any store, and a ledger that checks every invariant after every command."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import repeat
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from domain import event, organizer
from domain.decisions import ordering, scheduling, settling
from domain.decisions.holding import HoldSeats, hold_seats
from domain.decisions.ordering import PlaceOrder
from domain.decisions.seat_claims import AreaCandidates
from domain.errors import Rejected
from domain.event import EventCreated, EventDetails
from domain.invariants import Ledger, LoggedEvent, violations
from domain.layout.formats.reading import read_layout
from domain.layout.inventory import Inventory
from domain.layout.model import Area
from domain.layout.publishing import publish
from domain.performance import PerformanceScheduled
from domain.values import Limits, Price
from eventstore.cache import StateCache
from eventstore.command import DecidedCommand, Outcome
from eventstore.command_handler import Appender, Clock, CommandHandler
from eventstore.store import RANGE_EVENTS_MAX, RecordedEvent, Store, Verdict
from tests.support.engine import CODEC, ScriptedCommand, command_handler
from tests.support.shop import HOLD_LASTS, hold_command

BUYERS = ("ann", "bob", "cleo")
STALLS = read_layout("grid", {"sections": [{"name": "Stalls", "category": "A", "rows": 2, "seats_per_row": 3}]})
HOUSE = replace(STALLS, areas=(Area(label="Pit", category="A", capacity=4, source_id="pit"),))


class InvariantViolated(AssertionError):
    """The auditor found something in the log that must never be there."""


class AuditedScenario:
    """One performance with six seats and four standing places; every command is checked against the invariants.

    `handlers`: those of two processes, each with a cache of its own, and one without a cache. `turns`: which of them
    handles the next command; by default the first, so that no other handler writes behind its cache.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        cache_size: int,
        judge: Appender | None = None,
        handler: type[CommandHandler] = CommandHandler,
    ) -> None:
        self.store = store
        self.clock = clock
        self.handlers = [
            command_handler(store, clock, appender=judge, cache=StateCache(remembered), handler=handler)
            for remembered in (cache_size, cache_size, 0)
        ]
        self.handler = self.handlers[0]
        self.turns: Iterator[int] = repeat(0)
        self.inventory = Inventory(publish(HOUSE, None))
        self.seats: Sequence[str] = self.inventory.seat_keys
        self.initial_work = tuple(self.inventory.keys[len(self.seats) :])
        self.performance = str(uuid7())
        self.show = str(uuid7())
        self.organizer = str(uuid7())
        self.ledger = Ledger()
        self.audited = 0
        self.commands: set[UUID] = set()

    async def open(self, *, limits: Limits = Limits(), price: int = 4500) -> None:  # noqa: B008 - frozen
        """Found the organizer, publish the event, put the performance on sale."""
        start = await self.store.now()
        self.audited = await self.store.head()
        details = EventDetails(title="Hamlet")
        created = EventCreated(organizer=self.organizer, venue=str(uuid7()), details=details)
        scheduled = PerformanceScheduled(
            event=self.show,
            organizer=self.organizer,
            venue=created.venue,
            layout=str(uuid7()),
            seats=len(self.inventory),
            currency="EUR",
            starts_at=start + timedelta(days=30),
            doors_at=None,
            on_sale_at=start - timedelta(days=1),
            prices=(Price(category=self.inventory_category(), amount=price),),
            limits=limits,
        )
        await self.do(ScriptedCommand(partial(organizer.found_organizer, organizer=self.organizer, name="The Globe")))
        await self.do(ScriptedCommand(lambda context: event.create(context, self.show, created)))
        await self.do(ScriptedCommand(lambda context: event.publish(context, self.show)))
        await self.do(ScriptedCommand(lambda context: scheduling.schedule(context, self.performance, scheduled)))

    def inventory_category(self) -> str:
        """Return the category of every seat of the house."""
        place = self.inventory.place(self.seats[0])
        assert place is not None
        return place.category

    def hold_command(self, buyer: str, seats: Sequence[str], *, lasts: timedelta = HOLD_LASTS) -> tuple[str, HoldSeats]:
        """Return a new hold's id and the wish for it."""
        hold = str(uuid7())
        return hold, hold_command(hold, buyer, *seats, performance=self.performance, duration=lasts)

    def standing_command(self, buyer: str, quantity: int, seats: Sequence[str]) -> HoldSeats:
        """Return the wish for places of the standing area, beside seats."""
        _, command = self.hold_command(buyer, seats)
        (area,) = self.inventory.areas
        draw = AreaCandidates(area=area, quantity=quantity, candidates=self.initial_work)
        return replace(command, area_candidates=(draw,))

    def hold(self, buyer: str, seats: Sequence[str], *, lasts: timedelta = HOLD_LASTS) -> tuple[str, ScriptedCommand]:
        """Return a new hold's id and the command for it."""
        hold, command = self.hold_command(buyer, seats, lasts=lasts)
        return hold, ScriptedCommand(lambda context: hold_seats(context, command, self.inventory))

    def one_step(
        self, buyer: str, seats: Sequence[str], *, lasts: timedelta = HOLD_LASTS
    ) -> tuple[str, ScriptedCommand]:
        """Return a new order's id and the command that holds and orders in one step."""
        _, command = self.hold_command(buyer, seats, lasts=lasts)
        place = PlaceOrder(order=str(uuid7()), account=buyer, contact=None)
        return place.order, ScriptedCommand(
            lambda context: ordering.hold_and_order(context, place, command, self.inventory)
        )

    def order(self, buyer: str, hold: str) -> tuple[str, ScriptedCommand]:
        """Return a new order's id and the command that orders a hold."""
        place = PlaceOrder(order=str(uuid7()), account=buyer, contact=None)
        return place.order, ScriptedCommand(lambda context: ordering.order_hold(context, place, hold=hold))

    async def do(self, command: ScriptedCommand) -> Outcome:
        """Carry a command out; the auditor looks afterwards."""
        self.ledger.refused.discard(command.command_id)
        try:
            return await self.handlers[next(self.turns)].handle(command.decide, command.context())
        except Rejected:
            self.ledger.refused.add(command.command_id)
            raise
        finally:
            await self.audit()

    async def expect_refusal(self, command: ScriptedCommand) -> str:
        """Carry out a command that must be refused and leave no trace; return the refusal's code."""
        before = await self.store.head()
        try:
            await self.do(command)
        except Rejected as refusal:
            assert await self.store.head() == before
            return refusal.code
        raise AssertionError("The command was accepted.")

    async def prepare(self, command: ScriptedCommand, *, process: int = 0) -> DecidedCommand:
        """Load and decide now, to append later."""
        return await self.handlers[process].prepare(command.decide, command.context(), {})

    async def prepare_from_log(self, command: ScriptedCommand) -> DecidedCommand:
        """Load everything and decide now, to append later."""
        return await self.prepare(command, process=2)

    async def append(self, attempt: DecidedCommand) -> Verdict:
        """Append what was decided some time ago; the auditor looks afterwards."""
        (verdict,) = await self.store.append([attempt.append])
        await self.audit()
        return verdict

    async def audit(self) -> None:
        """Read what is new in the log, command by command, and check every promise."""
        while new := await self.store.read_range(after=self.audited, limit=RANGE_EVENTS_MAX):
            for command in commands(new):
                found = violations(self.ledger, [fact(recorded) for recorded in command])
                if command[0].command_id in self.commands:
                    found.append(f"command {command[0].command_id} took effect twice")
                self.commands.add(command[0].command_id)
                if found:
                    raise InvariantViolated(found)
            assert [recorded.position for recorded in new] == list(range(self.audited + 1, new[-1].position + 1))
            self.audited = new[-1].position

    async def events(self) -> list[Any]:
        """Return every event of the log, in order."""
        found: list[Any] = []
        after = 0
        while new := await self.store.read_range(after=after, limit=RANGE_EVENTS_MAX):
            found += [fact(recorded).event for recorded in new]
            after = new[-1].position
        return found

    async def settle_all(self) -> None:
        """Let the process decide every capture; none may stay undecided."""
        for payment in self.ledger.undecided():
            await self.do(ScriptedCommand(partial(settling.settle, payment=payment)))
        assert self.ledger.undecided() == []


def commands(recorded: Sequence[RecordedEvent]) -> list[list[RecordedEvent]]:
    """Split a range into its commands."""
    split: list[list[RecordedEvent]] = []
    for one in recorded:
        if one.part == 1:
            split.append([])
        split[-1].append(one)
    return split


def fact(recorded: RecordedEvent) -> LoggedEvent:
    """Return what the auditor sees of a stored event."""
    event_ = CODEC.decode(recorded.name, recorded.schema_version, recorded.data)
    return LoggedEvent(
        stream=recorded.stream, event=event_, recorded_at=recorded.recorded_at, command_id=recorded.command_id
    )
