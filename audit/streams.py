"""Streams as of a moment: events and the state folded from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from audit.as_of import AsOf
from domain.decision import StreamType
from domain.event_registry import STREAM_TYPES
from eventstore.schema.codec import Codec
from eventstore.store import EventFilter, RecordedEvent, Store

RANGE_EVENTS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamAsOf:
    """A stream as of a moment; `state` is None if its type has no state."""

    stream: str
    state: Any
    events: Sequence[RecordedEvent]

    @property
    def version(self) -> int:
        """The number of events."""
        return len(self.events)

    @property
    def kind(self) -> str:
        """The stream type: the prefix of the name."""
        return kind_of(self.stream)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPage:
    """A page of a stream as of a moment. `state`: on the first page only, and None if the type has no state."""

    stream: str
    version: int
    state: Any
    events: Sequence[RecordedEvent]
    more: bool

    @property
    def kind(self) -> str:
        """The stream type: the prefix of the name."""
        return kind_of(self.stream)


class HistoricalStreams:
    """Reads streams as of a moment.

    Args:
        codec: decodes the events that states are folded from.
    """

    def __init__(self, store: Store, codec: Codec) -> None:
        self.store = store
        self._codec = codec

    async def find(self, stream: str, then: AsOf) -> StreamAsOf | None:
        """Return a stream as of a moment; None if it does not exist now either."""
        (events,) = (await self.store.read_streams([stream])).values()
        return self._fold(stream, events, then) if events else None

    async def page(self, stream: str, then: AsOf, *, after: int, limit: int) -> StreamPage | None:
        """Return the events of a stream after a version, as of a moment; None if it does not exist now either.

        The first page also folds the whole stream, in ranges of `RANGE_EVENTS`.
        """
        events = await self.store.read_stream(stream, after_version=after, limit=limit + 1)
        if not events and not await self.store.read_stream(stream, limit=1):
            return None
        known = [event for event in events if then.includes(event)]
        version, state = await self._version(stream, then), None
        if after == 0:
            state = await self._state(stream, version)
        return StreamPage(stream=stream, version=version, state=state, events=known[:limit], more=len(known) > limit)

    async def _version(self, stream: str, then: AsOf) -> int:
        """Return the number of events of a stream as of a moment."""
        last = await self.store.search(
            EventFilter(stream=stream), after=0, until=then.position, limit=1, newest_first=True
        )
        return last[0].version if last else 0

    async def _state(self, stream: str, version: int) -> Any:
        """Fold the first `version` events of a stream, in ranges of `RANGE_EVENTS`."""
        kind: StreamType[Any] | None = STREAM_TYPES.get(kind_of(stream))
        if kind is None:
            return None
        state, reached = kind.initial, 0
        while reached < version:
            limit = min(RANGE_EVENTS, version - reached)
            for event in await self.store.read_stream(stream, after_version=reached, limit=limit):
                state, reached = kind.evolve(state, self.decode(event)), event.version
        return state

    async def read(self, streams: Sequence[str], then: AsOf) -> list[StreamAsOf]:
        """Return streams as of a moment, in the given order; one that did not exist has no events."""
        found = await self.store.read_streams(streams)
        return [self._fold(stream, found[stream], then) for stream in streams]

    def decode(self, event: RecordedEvent) -> Any:
        """Decode an event.

        Raises:
            UnknownEvent: the codec does not know its name or version.
        """
        return self._codec.decode(event.name, event.schema_version, event.data)

    def _fold(self, stream: str, events: Sequence[RecordedEvent], then: AsOf) -> StreamAsOf:
        known = [event for event in events if then.includes(event)]
        kind: StreamType[Any] | None = STREAM_TYPES.get(kind_of(stream))
        state = None if kind is None else kind.initial
        if kind is not None:
            for event in known:
                state = kind.evolve(state, self.decode(event))
        return StreamAsOf(stream=stream, state=state, events=known)


def kind_of(stream: str) -> str:
    """Return the stream type in a stream's name: the part before the first hyphen."""
    return stream.partition("-")[0]
