"""The state of the schedule: performances, and instances of templates in progress."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple, TypeVar

from bench.log_generator.template_recorder import CommandTemplate, Template
from bench.log_generator.venue import SeatGroup

Thing = TypeVar("Thing")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Command(NamedTuple):
    """One filled-in command; `lines` as in `Deed.text`, `versions` of its events, in their order."""

    deed: CommandTemplate
    position: int
    at_us: int
    command_id: bytes
    account: str
    lines: list[bytes]
    versions: list[int]


@dataclass(slots=True)
class Performance:
    """A performance: its ids, the groups whose seats are free, and the sold orders."""

    values: dict[str, object]
    doors_us: int
    free: list[SeatGroup]
    sold: list["TemplateInstance"] = field(default_factory=list)
    versions: dict[bytes, int] = field(default_factory=dict)
    open: bool = True


@dataclass(slots=True)
class TemplateInstance:
    """An instance of a template with the values of its placeholders; at equal times the lower `serial` comes first."""

    scene: Template
    values: dict[str, object]
    begins_us: int
    serial: int
    performance: Performance | None = None
    party: SeatGroup | None = None
    step: int = 0
    versions: dict[bytes, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationPlan:
    """The number of events, their times (µs since 1970) and the position before them.

    `seats_alone`: the share of bookings replaced by blocked seats, which leave only events of seats.
    """

    events: int
    after: int
    since_us: int
    until_us: int
    performances: int
    seats_alone: float


def group_kind_of(group: SeatGroup) -> tuple[str, int]:
    """Return the kind of a group, the key of its templates."""
    return group.category, len(group.seats)


def remove_random(things: list[Thing], random: Random) -> Thing:
    """Remove and return a random element; the order of the others changes."""
    chosen = random.randrange(len(things))
    things[chosen], things[-1] = things[-1], things[chosen]
    return things.pop()


def iso(at_us: int) -> str:
    """Format a time as in events."""
    return (_EPOCH + timedelta(microseconds=at_us)).isoformat()
