"""What an event store promises: positions, versions, atomic appends over many streams, one verdict per command.

The two backends (`memory`, `postgres`) pass one contract of tests. Nothing here knows a business word.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

COMMANDS_PER_BATCH_MAX = 200
EVENTS_PER_COMMAND_MAX = 500
STREAMS_PER_COMMAND_MAX = 1_000
STREAM_CHARACTERS_MAX = 200
EVENT_BYTES_MAX = 128 * 1024
"""An order of fifty places takes 64 KiB if its labels are as long as they may be, in letters of four bytes."""

BATCH_BYTES_MAX = 4 * 1024 * 1024
RANGE_EVENTS_MAX = 10_000
CLOCK_BEHIND_MAX_S = 2
REFUSAL_RETENTION_S = 60


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One encoded event on its way into the log; `data` is stored byte for byte."""

    name: str
    schema_version: int
    data: str


@dataclass(frozen=True, slots=True)
class Write:
    """Events for one stream, valid only while that stream's version is `expected` (0: the stream does not exist)."""

    stream: str
    expected: int
    events: tuple[NewEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFingerprint:
    """Who sent a command and what it said, so that the same idempotency key with another body is noticed."""

    account: str = ""
    route: str = ""
    body_sha256: bytes = b""


NO_FINGERPRINT = RequestFingerprint()


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """One command's wish: all of its writes or none, if every guard holds and the server's clock is inside the window.

    `guards` maps a stream that was read but is not written to the version it was read at. A command without writes
    asks only whether its guards hold; it is never stored. `not_before` ≤ server time < `not_after`.

    `asked_at`: when a client asked for it under a key that it may send again, by the server's clock and rather too
    early than too late; None: nobody may. If such a command comes to nothing, no attempt that was asked for before has
    an effect.

    `abandoned`: says whether whoever asked for it is gone; while it has not been sent, it is dropped then.

    `size`: what it counts for in a batch, in bytes, once `encoding.check_append` has judged it.
    """

    command_id: UUID
    writes: tuple[Write, ...]
    guards: Mapping[str, int] = field(default_factory=dict)
    metadata: str = "{}"
    not_before: datetime | None = None
    not_after: datetime | None = None
    asked_at: datetime | None = None
    fingerprint: RequestFingerprint = NO_FINGERPRINT
    abandoned: Callable[[], bool] | None = field(default=None, compare=False, repr=False)
    size: int = field(default=0, init=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """The command's events stand at positions `first` … `last` (a guard-only command: `first` > `last` = the head)."""

    first: int
    last: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The command had already been done; its events stand at `first` … `last`."""

    first: int
    last: int
    recorded_at: datetime
    fingerprint: RequestFingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """`stream` was at `version`, not where the command believed it; nothing was written."""

    stream: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideTimeWindow:
    """The server's clock, `now`, lies outside the command's window; nothing was written. Decide again."""

    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The command came to nothing at `refused_at`, after this attempt was asked for; nothing was written."""

    refused_at: datetime
    now: datetime


Verdict = Appended | Replayed | Conflict | OutsideTimeWindow | Refused


class RecordedEvent(NamedTuple):
    """One event as it stands in the log. `part` (1 …) of `parts`: its place in its command.

    A tuple, because readers make one for every event there is: a frozen dataclass takes eight times as long.
    """

    position: int
    stream: str
    version: int
    name: str
    schema_version: int
    command_id: UUID
    part: int
    parts: int
    recorded_at: datetime
    data: str
    metadata: str
    digest: bytes


class LogPoint(NamedTuple):
    """A place in the log between two commands: everything up to `position` has happened, the last at `recorded_at`.

    Before the first event: position 0, at no time.
    """

    position: int
    recorded_at: datetime | None


START_OF_LOG = LogPoint(0, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventColumns:
    """Many events in little room.

    Args:
        positions: an array of integers of eight bytes.
        streams: what their streams' names end with.
        said: the event's name, then a space and one field of its data as text, unless it has none or it is null.

    Raises:
        ValueError: the columns differ in length: a name or a field held what was meant to part them.
    """

    positions: Sequence[int]
    streams: Sequence[str]
    values: Sequence[str]

    def __post_init__(self) -> None:
        if len({len(self.positions), len(self.streams), len(self.values)}) > 1:
            raise ValueError("the columns differ in length")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """The server's clock beside the time of the last event.

    `accepted`: an operator lets the log's time stand still at `recorded_at` until the clock has caught up with it.
    """

    now: datetime
    position: int
    recorded_at: datetime | None
    accepted: bool

    @property
    def behind(self) -> timedelta:
        """How far the clock is behind the last event."""
        return timedelta(0) if self.recorded_at is None else max(timedelta(0), self.recorded_at - self.now)

    @property
    def refuses(self) -> bool:
        """Whether nothing can be appended because of that."""
        return not self.accepted and self.behind > timedelta(seconds=CLOCK_BEHIND_MAX_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events of the log somebody looks for; what is None or empty does not matter.

    Args:
        stream: their stream. `prefix`: how its name begins.
        actor: the id or the kind of who caused them.
        subjects: what their metadata says under a name, unless the name of their stream says it already.
    """

    names: Collection[str] | None = None
    stream: str | None = None
    prefix: str | None = None
    actor: str | None = None
    subjects: Mapping[str, str] = field(default_factory=dict)


class Store(Protocol):
    """The log. Every method raises `StoreUnavailable` when the server cannot be asked."""

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        """Judge every command of the batch, in order, in one transaction; the verdicts come in the same order.

        No two commands of a batch may share a command id, and none may write what another one writes or guards
        (the batcher sees to that).

        Raises:
            OutcomeUnknown: the connection was lost after the batch was sent; the same batch may be sent again.
            BatchRefused: the server refused the batch as a whole (a malformed command); nothing was written.
            ClockBehind: the server's clock is more than 2 s behind the last event, and no operator has accepted that;
                nothing was written.
            StoreUnavailable: nothing was sent.
        """
        ...

    async def read_streams(self, streams: Sequence[str]) -> dict[str, list[RecordedEvent]]:
        """Return every named stream's events in version order; a stream that does not exist gets an empty list."""
        ...

    async def read_stream(
        self, stream: str, *, after_version: int = 0, limit: int = RANGE_EVENTS_MAX
    ) -> list[RecordedEvent]:
        """Return at most `limit` events of one stream with version > `after_version`, in order."""
        ...

    async def read_latest(self, prefix: str, *, limit: int) -> list[RecordedEvent]:
        """Return the last event of each of the first `limit` streams whose name begins with `prefix`, by name."""
        ...

    async def read_range(self, *, after: int, limit: int) -> list[RecordedEvent]:
        """Return events with position > `after` in order, ending on a command's last part.

        At most `limit` events, except that a single command larger than `limit` is returned whole.
        """
        ...

    async def read_named(self, names: Collection[str], *, after: int, limit: int) -> tuple[list[RecordedEvent], int]:
        """Return the events of these names among the next `limit` positions after one, in order, and the last of those.

        It may end within a command. At the end of the log the last position looked at is `after` itself.
        """
        ...

    async def read_columns(self, prefix: str, *, fields: Mapping[str, str], after: int, until: int) -> EventColumns:
        """Return the events with `after` < position ≤ `upto` of the streams whose names begin so, in order.

        Args:
            fields: name of an event → the field of its data that is wanted; other events come without one.
        """
        ...

    async def search(
        self, event_filter: EventFilter, *, after: int, until: int, limit: int, newest_first: bool = False
    ) -> list[RecordedEvent]:
        """Return the first (or the last) `limit` of the wanted events with `after` < position ≤ `upto`.

        Every position between is looked at, unless one stream is named: the caller keeps the range short.
        """
        ...

    async def point_before(self, position: int) -> LogPoint:
        """Return the end of the last whole command up to a position."""
        ...

    async def point_at(self, moment: datetime) -> LogPoint:
        """Return the last position recorded at or before a time; a command has one time, so it ends one."""
        ...

    async def head(self) -> int:
        """Return the last position, 0 for an empty log."""
        ...

    async def now(self) -> datetime:
        """Return the server's clock."""
        ...

    async def clock(self) -> ClockState:
        """Return the server's clock beside the time of the last event."""
        ...
