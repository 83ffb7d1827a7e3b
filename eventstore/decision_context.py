"""The streams and the clock as a decision reads them; every read is recorded for the append's guards and window."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from eventstore.cache import StateCache

CLOCK_ERROR_MAX = timedelta(seconds=5)
"""Tolerance for a deadline computed from the estimated server clock."""

State_co = TypeVar("State_co", covariant=True)


class StreamType(Protocol[State_co]):
    """A type of stream: the prefix of its names, and its initial state."""

    @property
    def prefix(self) -> str: ...

    @property
    def initial(self) -> State_co: ...

    def stream(self, *key: str) -> str: ...


class StreamsNotLoaded(Exception):
    """The decision read streams that are not loaded yet; load them and decide again."""

    def __init__(self, streams: list[str]) -> None:
        super().__init__(streams)
        self.streams = streams


class LoadedStreams:
    """States for one decision. Records each stream read with its version, and each question to the clock as a window.

    Args:
        loaded: stream → (version, state) loaded for this command; takes precedence over the cache.
        cache: states of earlier commands, possibly outdated.
        now: the estimated server time.
        assume_new: prefixes of streams that are taken to be empty if neither has them; the append checks that.
    """

    __slots__ = ("_assume_new", "_cache", "_loaded", "_now", "not_after", "not_before", "reads")

    def __init__(
        self,
        loaded: dict[str, tuple[int, Any]],
        cache: StateCache,
        now: datetime,
        assume_new: frozenset[str] = frozenset(),
    ) -> None:
        self._loaded = loaded
        self._cache = cache
        self._assume_new = assume_new
        self._now = now
        self.not_before: datetime | None = None
        self.not_after: datetime | None = None
        self.reads: dict[str, tuple[int, Any]] = {}

    @property
    def now(self) -> datetime:
        """Estimated server time, for computing deadlines; binds the append to a server clock within 5 s of it."""
        self._bind(self._now - CLOCK_ERROR_MAX, self._now + CLOCK_ERROR_MAX)
        return self._now

    def deadline_passed(self, moment: datetime) -> bool:
        """Tell whether `moment` has come, and bind the append to a server time for which the answer is the same."""
        if self._now >= moment:
            self._bind(moment, None)
            return True
        self._bind(None, moment)
        return False

    def read(self, stream_type: StreamType[State_co], *key: str) -> State_co:
        """Return the state of one stream.

        Raises:
            StreamsNotLoaded: the stream has to be loaded first.
        """
        stream = stream_type.stream(*key)
        entry = self.reads.get(stream) or self._find(stream_type, stream)
        if entry is None:
            raise StreamsNotLoaded([stream])
        state: State_co = entry[1]
        return state

    def read_many(self, stream_type: StreamType[State_co], keys: Iterable[tuple[str, ...]]) -> list[State_co]:
        """Return the states of many streams of one type, in the order of `keys`.

        Raises:
            StreamsNotLoaded: names all streams that have to be loaded first.
        """
        states: list[State_co] = []
        missing: list[str] = []
        for key in keys:
            stream = stream_type.stream(*key)
            entry = self.reads.get(stream) or self._find(stream_type, stream)
            if entry is None:
                missing.append(stream)
            else:
                states.append(entry[1])
        if missing:
            raise StreamsNotLoaded(missing)
        return states

    def _bind(self, not_before: datetime | None, not_after: datetime | None) -> None:
        if not_before is not None:
            self.not_before = not_before if self.not_before is None else max(self.not_before, not_before)
        if not_after is not None:
            self.not_after = not_after if self.not_after is None else min(self.not_after, not_after)

    def _find(self, stream_type: StreamType[Any], stream: str) -> tuple[int, Any] | None:
        entry = self._loaded.get(stream) or self._cache.get(stream)
        if entry is None and stream_type.prefix in self._assume_new:
            entry = (0, stream_type.initial)
        if entry is not None:
            self.reads[stream] = entry
        return entry
