"""From a time or a position to the place in the log that an answer about the past is true at."""

from dataclasses import dataclass
from datetime import datetime

from domain.errors import Invalid
from eventstore.store import Recorded, Store


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

    def holds(self, event: Recorded) -> bool:
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
    now = await store.now()
    if at is not None and at > now:
        raise Invalid(f"{at.isoformat()} is yet to come: it is {now.isoformat()}.")
    if at is not None:
        mark = await store.mark_at(at)
        return AsOf(position=mark.position, recorded_at=mark.recorded_at, moment=at)
    head = await store.head()
    if position is None:
        mark = await store.mark_of(head)
        return AsOf(position=mark.position, recorded_at=mark.recorded_at, moment=now)
    if position > head:
        raise Invalid(f"No event has position {position}: the log ends at {head}.")
    mark = await store.mark_of(position)
    return AsOf(position=mark.position, recorded_at=mark.recorded_at, moment=mark.recorded_at or now)
