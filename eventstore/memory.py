"""The log in memory, with the same contract as on PostgreSQL; for tests."""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson

from eventstore.digest import digest_of
from eventstore.errors import BatchRefused, ClockBehind
from eventstore.store import (
    CLOCK_BEHIND_MAX_S,
    RANGE_EVENTS_MAX,
    START_OF_LOG,
    Append,
    Appended,
    ClockState,
    Conflict,
    EventColumns,
    EventFilter,
    LogPoint,
    NewEvent,
    OutsideTimeWindow,
    RecordedEvent,
    Refused,
    Replayed,
    RequestFingerprint,
    Verdict,
)
from eventstore.validation import check_batch


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    first: int
    last: int
    fingerprint: RequestFingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    part: int
    parts: int
    recorded_at: datetime


class MemoryStore:
    """A `Store` without persistence.

    Args:
        now: the clock that serves as the server's.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._log: list[RecordedEvent] = []
        self._streams: dict[str, list[RecordedEvent]] = {}
        self._done: dict[UUID, _Done] = {}
        self._refused: dict[UUID, datetime] = {}
        self._accepted: datetime | None = None

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        """Append a batch, as specified by `Store.append`."""
        check_batch(batch)
        for append in batch:
            _check_json(append)
        recorded_at = self._clock()
        judged = [self._decide(append, recorded_at) for append in batch]
        head = len(self._log)
        return [
            verdict or self._record(append, recorded_at, head) for append, verdict in zip(batch, judged, strict=True)
        ]

    async def read_streams(self, streams: Sequence[str]) -> dict[str, list[RecordedEvent]]:
        """Return the events of each stream in version order."""
        return {stream: list(self._streams.get(stream, ())) for stream in streams}

    async def read_stream(
        self, stream: str, *, after_version: int = 0, limit: int = RANGE_EVENTS_MAX
    ) -> list[RecordedEvent]:
        """Return at most `limit` events of one stream with version > `after_version`, in order."""
        return self._streams.get(stream, [])[after_version : after_version + limit]

    async def read_latest(self, prefix: str, *, limit: int) -> list[RecordedEvent]:
        """Return the last event of each of the first `limit` streams whose names begin with `prefix`, by name."""
        names = sorted(stream for stream, events in self._streams.items() if events and stream.startswith(prefix))
        return [self._streams[name][-1] for name in names[:limit]]

    async def read_range(self, *, after: int, limit: int) -> list[RecordedEvent]:
        """Return events with position > `after` in order, ending on a command's last part."""
        if after >= len(self._log):
            return []
        whole = self._log[after].parts - self._log[after].part + 1
        events = self._log[after : after + max(limit, whole)]
        return events if events[-1].part == events[-1].parts else events[: -events[-1].part]

    async def read_named(self, names: Collection[str], *, after: int, limit: int) -> tuple[list[RecordedEvent], int]:
        """Return the events with these names among the next `limit` positions, and the last position examined."""
        examined = self._log[after : after + limit]
        return [event for event in examined if event.name in names], after + len(examined)

    async def read_columns(self, prefix: str, *, fields: Mapping[str, str], after: int, until: int) -> EventColumns:
        """Return the events with `after` < position ≤ `until` of the streams that begin with `prefix`, in order."""
        found = [event for event in self._log[after : max(after, until)] if event.stream.startswith(prefix)]
        return EventColumns(
            positions=array("q", [event.position for event in found]),
            streams=[event.stream.removeprefix(prefix) for event in found],
            values=[_value(event, fields.get(event.name)) for event in found],
        )

    async def search(
        self, event_filter: EventFilter, *, after: int, until: int, limit: int, newest_first: bool = False
    ) -> list[RecordedEvent]:
        """Return the first (or the last) `limit` matching events with `after` < position ≤ `until`."""
        found = [event for event in self._log[after : max(after, until)] if _is_wanted(event, event_filter)]
        return (found[::-1] if newest_first else found)[:limit]

    async def point_before(self, position: int) -> LogPoint:
        """Return the end of the last complete command up to a position."""
        if not self._log or position <= 0:
            return START_OF_LOG
        found = self._log[min(position, len(self._log)) - 1]
        return self._point(found.position if found.part == found.parts else found.position - found.part)

    async def point_at(self, moment: datetime) -> LogPoint:
        """Return the last position recorded at or before a time."""
        return self._point(bisect_right(self._log, moment, key=lambda event: event.recorded_at))

    async def head(self) -> int:
        """Return the last position, 0 for an empty log."""
        return len(self._log)

    async def now(self) -> datetime:
        """Return the clock's time."""
        return self._now()

    async def clock(self) -> ClockState:
        """Return the clock and the time of the last event."""
        end = self._point(len(self._log))
        accepted = self._is_accepted(end.recorded_at)
        return ClockState(now=self._now(), position=end.position, recorded_at=end.recorded_at, accepted=accepted)

    def accept_clock(self) -> None:
        """Allow appends at the time of the last event until the clock has caught up."""
        self._accepted = self._point(len(self._log)).recorded_at

    def _is_accepted(self, recorded_at: datetime | None) -> bool:
        return recorded_at is not None and self._accepted is not None and recorded_at <= self._accepted

    def _point(self, position: int) -> LogPoint:
        return LogPoint(position, self._log[position - 1].recorded_at) if position else START_OF_LOG

    def _clock(self) -> datetime:
        now = self._now()
        if not self._log:
            return now
        last = self._log[-1].recorded_at
        accepted = self._is_accepted(last)
        if now < last - timedelta(seconds=CLOCK_BEHIND_MAX_S) and not accepted:
            raise ClockBehind(f"the clock stands at {now}, the last event was recorded at {last}")
        return max(now, last)

    def _decide(self, append: Append, now: datetime) -> Verdict | None:
        if done := self._done.get(append.command_id):
            recorded_at = self._log[done.first - 1].recorded_at
            return Replayed(first=done.first, last=done.last, recorded_at=recorded_at, fingerprint=done.fingerprint)
        refused_at = self._refused.get(append.command_id)
        if refused_at is not None and append.asked_at is not None and refused_at >= append.asked_at:
            return Refused(refused_at=refused_at, now=now)
        for stream, expected in _expectations(append):
            version = len(self._streams.get(stream, ()))
            if version != expected:
                return Conflict(stream=stream, version=version)
        early = append.not_before is not None and now < append.not_before
        if early or (append.not_after is not None and now >= append.not_after):
            return OutsideTimeWindow(now=now)
        return None

    def _record(self, append: Append, recorded_at: datetime, head: int) -> Appended:
        events = [(write.stream, event) for write in append.writes for event in write.events]
        if not events:
            if append.asked_at is not None:
                self._refused[append.command_id] = recorded_at
            return Appended(first=head + 1, last=head, recorded_at=recorded_at)
        first = len(self._log) + 1
        for part, (stream, event) in enumerate(events, 1):
            self._store_event(append, stream, event, _Place(part=part, parts=len(events), recorded_at=recorded_at))
        last = len(self._log)
        self._done[append.command_id] = _Done(first=first, last=last, fingerprint=append.fingerprint)
        return Appended(first=first, last=last, recorded_at=recorded_at)

    def _store_event(self, append: Append, stream: str, event: NewEvent, place: _Place) -> None:
        position = len(self._log) + 1
        version = len(self._streams.get(stream, ())) + 1
        digest = digest_of(
            position=position,
            stream=stream,
            version=version,
            name=event.name,
            schema_version=event.schema_version,
            command_id=append.command_id,
            part=place.part,
            recorded_at=place.recorded_at,
            data=event.data,
            metadata=append.metadata,
        )
        recorded = RecordedEvent(
            position=position,
            stream=stream,
            version=version,
            name=event.name,
            schema_version=event.schema_version,
            command_id=append.command_id,
            part=place.part,
            parts=place.parts,
            recorded_at=place.recorded_at,
            data=event.data,
            metadata=append.metadata,
            digest=digest,
        )
        self._log.append(recorded)
        self._streams.setdefault(stream, []).append(recorded)


def _expectations(append: Append) -> list[tuple[str, int]]:
    return [*((write.stream, write.expected) for write in append.writes), *append.guards.items()]


def _value(event: RecordedEvent, field: str | None) -> str:
    value = None if field is None else orjson.loads(event.data).get(field)
    return event.name if value is None else f"{event.name} {value}"


def _is_wanted(event: RecordedEvent, event_filter: EventFilter) -> bool:
    metadata = orjson.loads(event.metadata)
    actor = metadata.get("actor") or {}
    return (
        (event_filter.names is None or event.name in event_filter.names)
        and (event_filter.stream is None or event.stream == event_filter.stream)
        and (event_filter.prefix is None or event.stream.startswith(event_filter.prefix))
        and (event_filter.actor is None or event_filter.actor in {actor.get("id"), actor.get("kind")})
        and all(metadata.get(name) == value or value in event.stream for name, value in event_filter.subjects.items())
    )


def _check_json(append: Append) -> None:
    try:
        orjson.loads(append.metadata)
        for write in append.writes:
            for event in write.events:
                orjson.loads(event.data)
    except orjson.JSONDecodeError as error:
        raise BatchRefused(f"not JSON: {error}") from error
