"""Runs a scenario once through the real domain and records it as a template with placeholders for ids, seats and times.

A log of millions of events consists of instances of a few scenarios: the domain decides once, while a template is
recorded; an instance only fills its placeholders.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from uuid_utils.compat import uuid7

from bench.log_generator.venue import GeneratedVenue
from domain.decision import DecisionContext
from domain.errors import Rejected
from domain.event_registry import STREAM_TYPES, subject_ids
from domain.values import derived_id, order_code
from eventstore.cache import StateCache
from eventstore.clock import FixedClock
from eventstore.command import CommandContext, Decide, Outcome
from eventstore.command_handler import CommandHandler
from eventstore.memory import MemoryStore
from eventstore.store import Append, RecordedEvent, RequestFingerprint, Verdict
from runtime.command_handling import build_codec

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
ON_SALE_AT = BEGIN - timedelta(days=1)
DOORS_AT = BEGIN + timedelta(days=400)
STARTS_AT = DOORS_AT + timedelta(hours=1)
NUMBER = "#number#"
SHARED = frozenset({"seat", "buyer"})
FREEING = frozenset({"SeatReleased", "SeatReturned", "SeatUnblocked"})
MICROSECOND = timedelta(microseconds=1)
ROLES = (
    *("organizer", "venue", "layout", "event", "performance", "account", "other", "staff"),
    *("hold", "other_hold", "order", "payment", "refund", "contact", "device"),
)
IDS: Mapping[str, str] = {
    role: str(UUID(int=0x7 << 76 | 0b10 << 62 | number)) for number, role in enumerate(ROLES, start=1)
}
"""A placeholder for every id of a scenario; each instance has its own values."""

Seen = TypeVar("Seen")

_TIME = re.compile(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00)"')
_CAUSE = re.compile(r'"causation":\d+')
_BLANK = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One event of a command; `shared`: other scenarios append to its stream too and count in its version."""

    name: bytes
    schema_version: int
    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandTemplate:
    """A command. `text` holds its metadata, then each event's stream and data, a line each."""

    after_us: int
    route: str
    account: str
    text: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A story's commands. `times`: blank → µs after its beginning; `seats_end`: the last event of its seats, if any."""

    deeds: tuple[CommandTemplate, ...]
    times: tuple[tuple[str, int], ...]
    seats_end: str | None
    blanks: frozenset[str]

    @property
    def sells(self) -> bool:
        """Whether its seats are sold when it ends."""
        return self.seats_end == "SeatSold"

    @property
    def frees(self) -> bool:
        """Whether its seats can be booked again when it ends."""
        return self.seats_end in FREEING

    @property
    def events(self) -> int:
        """The number of events of an instance."""
        return sum(len(template.parts) for template in self.deeds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The actor of a command; `id` is a placeholder, or the name of a process or a provider."""

    kind: str
    id: str
    role: str | None = None

    @property
    def account(self) -> str:
        """The account that the command is recorded with, if the actor is an account."""
        return self.id if self.role is not None else ""


class TemplateRecorder:
    """The real command handler over a store in memory, for a group of seats of one category.

    Args:
    seats: the size of the group.
    """

    def __init__(self, house: GeneratedVenue, category: str, seats: int) -> None:
        self.house = house
        self.seats = tuple(house.first_group(category, seats))
        self._clock = FixedClock(BEGIN)
        self._store = MemoryStore(now=self._clock.now)
        self._sent: list[tuple[str, str]] = []
        self._told = 0
        self._handler = CommandHandler(
            store=self._store,
            appender=_OneByOne(self._store),
            codec=build_codec(),
            stream_types=STREAM_TYPES,
            refusal=Rejected,
            clock=self._clock,
            cache=StateCache(),
            subjects=subject_ids,
        )
        self._blanks = self._stand_ins()

    @property
    def now(self) -> datetime:
        """The scenario's current time."""
        return self._clock.now()

    def wait(self, by: timedelta) -> None:
        """Advance the time."""
        self._clock.advance(by)

    async def record(self, decide: Decide, actor: Actor, *, route: str = "", caused: bool = False) -> Outcome:
        """Execute a decision, which must record events; `caused`: by the events recorded just before."""
        context = CommandContext(
            command_id=uuid7(),
            actor={"kind": actor.kind, "id": actor.id, "role": actor.role},
            causation=await self._store.head() if caused else None,
            channel="api" if route else "process",
            fingerprint=RequestFingerprint(account=actor.account, route=route),
        )
        outcome = await self._handler.handle(decide, context)
        assert outcome.events, "a rehearsed command records something"
        self._sent.append((route, actor.account))
        return outcome

    async def query(self, view: Callable[[DecisionContext], Seen]) -> Seen:
        """Return the result of a query on the current state."""
        return await self._handler.query(view)

    async def finish(self) -> Template:
        """Return the commands recorded since the last call as a template, whose time starts with the first command."""
        events = await self._store.read_range(after=self._told, limit=1_000_000)
        commands = [[event for event in events if event.command_id == each] for each in _ids_of(events)]
        begins = events[0].recorded_at
        times: dict[str, int] = {}
        templates = [
            self._template(command, sent, begins, times) for command, sent in zip(commands, self._sent, strict=True)
        ]
        self._told, self._sent = events[-1].position, []
        seats = [event.name for event in events if event.stream.startswith("seat-")]
        return Template(
            deeds=tuple(templates),
            times=tuple(times.items()),
            seats_end=seats[-1] if seats else None,
            blanks=frozenset(
                blank for template in templates for blank in _BLANK.findall(template.text + template.account)
            ),
        )

    def _template(
        self, command: Sequence[RecordedEvent], sent: tuple[str, str], begins: datetime, times: dict[str, int]
    ) -> CommandTemplate:
        lines = [command[0].metadata, *(line for event in command for line in (event.stream, event.data))]
        route, account = sent
        return CommandTemplate(
            after_us=(command[0].recorded_at - begins) // MICROSECOND,
            route=route,
            account=self._with_blanks(account, begins, times),
            text=self._with_blanks("\n".join(lines), begins, times),
            parts=tuple(
                Part(
                    name=event.name.encode(),
                    schema_version=event.schema_version,
                    shared=event.stream.split("-", 1)[0] in SHARED,
                )
                for event in command
            ),
        )

    def _with_blanks(self, text: str, begins: datetime, times: dict[str, int]) -> str:
        text = text.replace("%", "%%")
        for stand_in, blank in self._blanks.items():
            text = text.replace(stand_in, blank)
        text = _CAUSE.sub('"causation":%(cause)s', text)

        def moment(found: re.Match[str]) -> str:
            offset = (datetime.fromisoformat(found[1]) - begins) // MICROSECOND
            times.setdefault(f"at_{offset}", offset)
            return f'"%(at_{offset})s"'

        return _TIME.sub(moment, text)

    def _stand_ins(self) -> Mapping[str, str]:
        blanks = {
            NUMBER: "%(number)s",
            ON_SALE_AT.isoformat(): "%(on_sale_at)s",
            DOORS_AT.isoformat(): "%(doors_at)s",
            STARTS_AT.isoformat(): "%(starts_at)s",
            order_code(IDS["order"]): "%(order_code)s",
        }
        for number, key in enumerate(self.seats, start=1):
            place = self.house.places[self.house.keys.index(key)]
            blanks[place] = f"%(place_{number})s"
            blanks[f"seat-{IDS['performance']}-{key}\n"] = f"seat-%(performance)s-%(seat_{number})s\n"
            blanks[derived_id(IDS["order"], "ticket", str(number))] = f"%(ticket_{number})s"
        return blanks | {stand_in: f"%({role})s" for role, stand_in in IDS.items()}


def _ids_of(events: Sequence[RecordedEvent]) -> list[UUID]:
    return list(dict.fromkeys(event.command_id for event in events))


class _OneByOne:
    """Appends one command at a time."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def submit(self, append: Append) -> Verdict:
        """Return the store's verdict."""
        (verdict,) = await self._store.append([append])
        return verdict
