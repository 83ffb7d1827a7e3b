"""Resolution of a time or a position to a point in the log, for queries about the past."""

from dataclasses import dataclass
from datetime import datetime

from domain.errors import Invalid
from eventstore.store import LogPoint, RecordedEvent, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """The log up to `position`, which is the end of a command.

    Args:
        recorded_at: time of the event at `position`; None before the first event.
        moment: time that deadlines are compared with: the requested time, or the time of the event at `position`.
    """

    position: int
    recorded_at: datetime | None
    moment: datetime

    def includes(self, event: RecordedEvent) -> bool:
        """Return whether an event is in this part of the log."""
        return event.position <= self.position


async def as_of(store: Store, *, at: datetime | None = None, position: int | None = None) -> AsOf:
    """Return the point in the log for a time or a position; for now if neither is given.

    A position inside a command means the end of the command before, so that commands are included as a whole.

    Raises:
        Invalid: both are given, or the time or the position is in the future.
    """
    if at is not None and position is not None:
        raise Invalid("Give either a time or a position, not both.")
    if at is not None:
        return await as_of_time(store, at)
    head = await store.head()
    if position is not None and position > head:
        raise Invalid(f"No event has position {position}: the log ends at {head}.")
    point = await store.point_before(head if position is None else position)
    if position is None or point.recorded_at is None:
        return as_of_point(point, await store.now())
    return as_of_point(point, point.recorded_at)


async def as_of_time(store: Store, at: datetime) -> AsOf:
    """Return the point in the log for a time.

    Raises:
        Invalid: the time is in the future.
    """
    now = await store.now()
    if at > now:
        raise Invalid(f"{at:%Y-%m-%dT%H:%M:%S.%fZ} is in the future: it is {now:%Y-%m-%dT%H:%M:%S.%fZ}.")
    return as_of_point(await store.point_at(at), at)


def as_of_point(point: LogPoint, moment: datetime) -> AsOf:
    """Return the log up to a point, with deadlines compared with `moment`."""
    return AsOf(position=point.position, recorded_at=point.recorded_at, moment=moment)
