"""The contract of the event stores `memory` and `postgres`: commands, verdicts, recorded events, and the methods."""

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
"""An order of fifty places takes 64 KiB if its labels have their maximum length, in letters of four bytes."""

BATCH_BYTES_MAX = 4 * 1024 * 1024
RANGE_EVENTS_MAX = 10_000
CLOCK_BEHIND_MAX_S = 2
REFUSAL_RETENTION_S = 60


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One encoded event to append; `data` is stored byte for byte."""

    name: str
    schema_version: int
    data: str


@dataclass(frozen=True, slots=True)
class Write:
    """Events to append to one stream if its version is `expected` (0: the stream does not exist)."""

    stream: str
    expected: int
    events: tuple[NewEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFingerprint:
    """The sender of a command and the hash of its body, which detect an idempotency key used for another request."""

    account: str = ""
    route: str = ""
    body_sha256: bytes = b""


NO_FINGERPRINT = RequestFingerprint()


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """The writes of one command: all or none, if every guard holds and the server's clock is inside the window.

    `guards` maps a stream that was read but is not written to the version it was read at. An append without writes
    only checks its guards; it is never stored. `not_before` ≤ server time < `not_after`.

    `asked_at`: when a client requested the command under a key that it may send again, by the server's clock and
    rather too early than too late; None: it will not be sent again. If such a command is refused, no attempt that was
    requested before has an effect.

    `is_abandoned`: tells whether the client has disconnected; a queued append is dropped then.

    `size`: what it counts for in a batch, in bytes; set by `validation.check_append`.
    """

    command_id: UUID
    writes: tuple[Write, ...]
    guards: Mapping[str, int] = field(default_factory=dict)
    metadata: str = "{}"
    not_before: datetime | None = None
    not_after: datetime | None = None
    asked_at: datetime | None = None
    fingerprint: RequestFingerprint = NO_FINGERPRINT
    is_abandoned: Callable[[], bool] | None = field(default=None, compare=False, repr=False)
    size: int = field(default=0, init=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """The command's events have positions `first` … `last` (a guard-only command: `first` > `last` = the head)."""

    first: int
    last: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The command was appended earlier; its events have positions `first` … `last`."""

    first: int
    last: int
    recorded_at: datetime
    fingerprint: RequestFingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """`stream` is at `version`, not at the expected one; nothing was written."""

    stream: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideTimeWindow:
    """The server's clock, `now`, is outside the command's window; nothing was written. Decide again."""

    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An attempt of the command was refused at `refused_at`, after this one was requested; nothing was written."""

    refused_at: datetime
    now: datetime


Verdict = Appended | Replayed | Conflict | OutsideTimeWindow | Refused


class RecordedEvent(NamedTuple):
    """One event of the log. It is part `part` (1 …) of the `parts` events of its command.

    A tuple, because readers create one for every event: a frozen dataclass takes eight times as long.
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
    """The position and time of a command's last event; at the start of the log 0 and None."""

    position: int
    recorded_at: datetime | None


START_OF_LOG = LogPoint(0, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventColumns:
    """Many events in compact form, one element of each column per event.

    Args:
        positions: an array of 8-byte integers.
        streams: the names of the streams without the common prefix.
        values: `"<name> <field value>"`; the name alone if there is no value.

    Raises:
        ValueError: the columns differ in length, because a name or a value contains the separator.
    """

    positions: Sequence[int]
    streams: Sequence[str]
    values: Sequence[str]

    def __post_init__(self) -> None:
        if len({len(self.positions), len(self.streams), len(self.values)}) > 1:
            raise ValueError("the columns differ in length")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """The server's clock and the time of the last event.

    `accepted`: an operator has allowed appends at the time `recorded_at` until the clock has caught up with it.
    """

    now: datetime
    position: int
    recorded_at: datetime | None
    accepted: bool

    @property
    def behind(self) -> timedelta:
        """How far the clock is behind the last event, at least zero."""
        return timedelta(0) if self.recorded_at is None else max(timedelta(0), self.recorded_at - self.now)

    @property
    def refuses(self) -> bool:
        """Whether appends are refused because the clock is behind."""
        return not self.accepted and self.behind > timedelta(seconds=CLOCK_BEHIND_MAX_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Criteria for a search in the log; None or empty means any.

    Args:
        stream: the name of the stream. `prefix`: how that name begins.
        actor: the id or the kind of the actor that caused the events.
        subjects: metadata key → value; an event whose stream name contains the value matches as well.
    """

    names: Collection[str] | None = None
    stream: str | None = None
    prefix: str | None = None
    actor: str | None = None
    subjects: Mapping[str, str] = field(default_factory=dict)


class Store(Protocol):
    """The log. Every method raises `StoreUnavailable` when the server cannot be reached."""

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        """Append the commands of a batch in one transaction; return one verdict per command, in the same order.

        No two commands of a batch may share a command id, and none may write a stream that another one writes or
        guards (the batcher ensures that).

        Raises:
            OutcomeUnknown: the connection was lost after the batch was sent; the same batch may be sent again.
            BatchRefused: the server refused the batch as a whole (a malformed command); nothing was written.
            ClockBehind: the server's clock is more than 2 s behind the last event, without an operator's acceptance;
                nothing was written.
            StoreUnavailable: nothing was sent.
        """
        ...

    async def read_streams(self, streams: Sequence[str]) -> dict[str, list[RecordedEvent]]:
        """Return the events of each stream in version order; an empty list for a stream that does not exist."""
        ...

    async def read_stream(
        self, stream: str, *, after_version: int = 0, limit: int = RANGE_EVENTS_MAX
    ) -> list[RecordedEvent]:
        """Return at most `limit` events of one stream with version > `after_version`, in order."""
        ...

    async def read_latest(self, prefix: str, *, limit: int) -> list[RecordedEvent]:
        """Return the last event of each of the first `limit` streams whose names begin with `prefix`, by name."""
        ...

    async def read_range(self, *, after: int, limit: int) -> list[RecordedEvent]:
        """Return events with position > `after` in order, ending on a command's last part.

        At most `limit` events, except that a single command larger than `limit` is returned whole.
        """
        ...

    async def read_named(self, names: Collection[str], *, after: int, limit: int) -> tuple[list[RecordedEvent], int]:
        """Return the events with these names among the next `limit` positions, and the last position examined.

        The result may end within a command. At the end of the log the last position examined is `after` itself.
        """
        ...

    async def read_columns(self, prefix: str, *, fields: Mapping[str, str], after: int, until: int) -> EventColumns:
        """Return the events with `after` < position ≤ `until` of the streams that begin with `prefix`, in order.

        Args:
            fields: name of an event → the field of its data to return; other events are returned without a value.
        """
        ...

    async def search(
        self, event_filter: EventFilter, *, after: int, until: int, limit: int, newest_first: bool = False
    ) -> list[RecordedEvent]:
        """Return the first (or the last) `limit` matching events with `after` < position ≤ `until`.

        Every position of the range is examined, unless the filter names a stream: keep the range short.
        """
        ...

    async def point_before(self, position: int) -> LogPoint:
        """Return the end of the last complete command up to a position."""
        ...

    async def point_at(self, moment: datetime) -> LogPoint:
        """Return the last position recorded at or before a time; always the end of a command, which has one time."""
        ...

    async def head(self) -> int:
        """Return the last position, 0 for an empty log."""
        ...

    async def now(self) -> datetime:
        """Return the server's time."""
        ...

    async def clock(self) -> ClockState:
        """Return the server's clock and the time of the last event."""
        ...
