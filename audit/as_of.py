"""From a time or a position to the place in the log that an answer about the past is true at."""

from dataclasses import dataclass
from datetime import datetime

from domain.errors import Invalid
from eventstore.store import LogPoint, RecordedEvent, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """The part of the log that counts: everything up to `position`, which ends a command.

    Args:
        recorded_at: when its last event was recorded; None before the first.
        moment: what deadlines are compared with: the time that was asked for, or when the last event was recorded.
    """

    position: int
    recorded_at: datetime | None
    moment: datetime

    def includes(self, event: RecordedEvent) -> bool:
        """Say whether an event had happened by then."""
        return event.position <= self.position


async def as_of(store: Store, *, at: datetime | None = None, position: int | None = None) -> AsOf:
    """Return the place in the log that a time, a position or neither (now) means.

    A position inside a command stands for the end of the command before: what happened together is seen together.

    Raises:
        Invalid: both are given, or a time or a position that is yet to come.
    """
    if at is not None and position is not None:
        raise Invalid("Ask either for a time or for a position.")
    if at is not None:
        return await as_of_time(store, at)
    head = await store.head()
    if position is not None and position > head:
        raise Invalid(f"No event has position {position}: the log ends at {head}.")
    mark = await store.point_before(head if position is None else position)
    if position is None or mark.recorded_at is None:
        return as_of_mark(mark, await store.now())
    return as_of_mark(mark, mark.recorded_at)


async def as_of_time(store: Store, at: datetime) -> AsOf:
    """Return the place in the log that a time means.

    Raises:
        Invalid: it is yet to come.
    """
    now = await store.now()
    if at > now:
        raise Invalid(f"{at:%Y-%m-%dT%H:%M:%S.%fZ} is yet to come: it is {now:%Y-%m-%dT%H:%M:%S.%fZ}.")
    return as_of_mark(await store.point_at(at), at)


def as_of_mark(mark: LogPoint, moment: datetime) -> AsOf:
    """Judge deadlines at a moment, by what had happened up to a mark."""
    return AsOf(position=mark.position, recorded_at=mark.recorded_at, moment=moment)
