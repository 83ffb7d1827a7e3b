"""One stream as it was: its events up to then, folded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.books import Kind
from domain.history import KINDS
from eventstore.codec import Codec
from eventstore.store import Recorded, Store
from projections.past.moment import AsOf


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamThen:
    """A stream at a moment. `state` is None for a kind of streams that nothing is decided on."""

    stream: str
    state: Any
    events: Sequence[Recorded]

    @property
    def version(self) -> int:
        """How many events it had."""
        return len(self.events)

    @property
    def kind(self) -> str:
        """How its name begins."""
        return kind_of(self.stream)


class PastStreams:
    """Streams as they were.

    Args:
        codec: reads the events that states are folded from.
    """

    def __init__(self, store: Store, codec: Codec) -> None:
        self.store = store
        self._codec = codec

    async def find(self, stream: str, then: AsOf) -> StreamThen | None:
        """Return a stream as it was; None if it does not exist even now."""
        (events,) = (await self.store.read_streams([stream])).values()
        return self._fold(stream, events, then) if events else None

    async def read(self, streams: Sequence[str], then: AsOf) -> list[StreamThen]:
        """Return streams as they were, in the order asked for; one that did not exist has no events."""
        found = await self.store.read_streams(streams)
        return [self._fold(stream, found[stream], then) for stream in streams]

    def decode(self, event: Recorded) -> Any:
        """Return what an event says.

        Raises:
            UnknownEvent: this program cannot read it.
        """
        return self._codec.decode(event.name, event.schema_version, event.data)

    def _fold(self, stream: str, events: Sequence[Recorded], then: AsOf) -> StreamThen:
        known = [event for event in events if then.holds(event)]
        kind: Kind[Any] | None = KINDS.get(kind_of(stream))
        state = None if kind is None else kind.initial
        if kind is not None:
            for event in known:
                state = kind.evolve(state, self.decode(event))
        return StreamThen(stream=stream, state=state, events=known)


def kind_of(stream: str) -> str:
    """Return how a stream's name begins."""
    return stream.partition("-")[0]
