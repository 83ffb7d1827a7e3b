"""Loads streams from the store, folds them to states, and caches the states."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from eventstore.cache import StateCache
from eventstore.schema.codec import Codec
from eventstore.store import RecordedEvent, Store


class FoldableStream(Protocol):
    """How the events of a stream type are folded."""

    @property
    def initial(self) -> Any: ...

    @property
    def evolve(self) -> Callable[[Any, Any], Any]: ...


class StreamLoader:
    """Reads and folds streams.

    Args:
        stream_types: prefix of a stream's name → how it folds.
        cache: receives every loaded state.
    """

    def __init__(
        self, store: Store, codec: Codec, stream_types: Mapping[str, FoldableStream], cache: StateCache
    ) -> None:
        self._store = store
        self._codec = codec
        self._stream_types = stream_types
        self._cache = cache

    async def load(self, streams: list[str], loaded: dict[str, tuple[int, Any]]) -> None:
        """Add the current (version, state) of streams to `loaded`, from one snapshot of the store.

        Raises:
            StoreUnavailable.
            UnknownEvent: an event of a stream cannot be read.
        """
        for stream, recorded in (await self._store.read_streams(streams)).items():
            state = self._fold(self._stream_types[prefix_of(stream)], recorded)
            loaded[stream] = (len(recorded), state)
            self._cache.put(stream, len(recorded), state)

    async def reload(self, streams: list[str], loaded: dict[str, tuple[int, Any]]) -> None:
        """Load streams whose cached states are outdated, or ahead of a restored log; raises as `load` does."""
        for stream in streams:
            self._cache.forget(stream)
        await self.load(streams, loaded)

    def _fold(self, stream_type: FoldableStream, recorded: Sequence[RecordedEvent]) -> Any:
        state = stream_type.initial
        for event in recorded:
            state = stream_type.evolve(state, self._codec.decode(event.name, event.schema_version, event.data))
        return state


def prefix_of(stream: str) -> str:
    """Return the prefix of a stream's name, which identifies its type."""
    return stream.split("-", 1)[0]
