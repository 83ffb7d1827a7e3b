"""What the season keeps of each performance and of each story under way."""

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
    """One showing: its names, the parties whose seats are free, and the orders that were sold."""

    values: dict[str, object]
    doors_us: int
    free: list[SeatGroup]
    sold: list["TemplateInstance"] = field(default_factory=list)
    versions: dict[bytes, int] = field(default_factory=dict)
    open: bool = True


@dataclass(slots=True)
class TemplateInstance:
    """One scene under way, with what its blanks are filled with; of two at one moment the lower `serial` goes first."""

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
    """How much is told, from when to when (µs since 1970), after which position.

    `seats_alone`: the share of bookings replaced by blocked seats, which leave events of seats and nothing else.
    """

    events: int
    after: int
    since_us: int
    until_us: int
    performances: int
    seats_alone: float


def group_kind_of(group: SeatGroup) -> tuple[str, int]:
    """Return what a party's scenes are found by."""
    return group.category, len(group.seats)


def remove_random(things: list[Thing], random: Random) -> Thing:
    """Take one out at random; the others lose their order."""
    chosen = random.randrange(len(things))
    things[chosen], things[-1] = things[-1], things[chosen]
    return things.pop()


def iso(at_us: int) -> str:
    """Write a moment as events do."""
    return (_EPOCH + timedelta(microseconds=at_us)).isoformat()
