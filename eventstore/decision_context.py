"""What a decision sees: states at versions, one moment in time, and a record of all it looked at."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from eventstore.cache import StateCache

ESTIMATE_OFF_MAX = timedelta(seconds=5)
"""What a deadline may be off by, because the server's clock is estimated when it is stamped."""

State_co = TypeVar("State_co", covariant=True)


class StreamType(Protocol[State_co]):
    """A kind of stream: its name's beginning, its first state, its step."""

    @property
    def prefix(self) -> str: ...

    @property
    def initial(self) -> State_co: ...

    def stream(self, *key: str) -> str: ...


class StreamsNotLoaded(Exception):
    """The decision asked for streams that are not loaded yet; load them and decide again."""

    def __init__(self, streams: list[str]) -> None:
        super().__init__(streams)
        self.streams = streams


class LoadedStreams:
    """States for one decision. Everything read is noted with its version, everything asked of the clock as a window.

    Args:
        loaded: streams loaded for this command, by name; they win over the cache.
        cache: streams known from before.
        now: the estimated server time.
        presumed: prefixes of streams that are taken for new where nothing is known of them; the append finds out.
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
        """The estimated server time, for stamping deadlines; the append is bound to a server that agrees within 5 s."""
        self._bind(self._now - ESTIMATE_OFF_MAX, self._now + ESTIMATE_OFF_MAX)
        return self._now

    def deadline_passed(self, moment: datetime) -> bool:
        """Say whether `moment` has come, and bind the append to that answer staying true."""
        if self._now >= moment:
            self._bind(moment, None)
            return True
        self._bind(None, moment)
        return False

    def read(self, kind: StreamType[State_co], *key: str) -> State_co:
        """Return the state of one stream.

        Raises:
            Unread: it has to be loaded first.
        """
        stream = kind.stream(*key)
        entry = self.reads.get(stream) or self._find(kind, stream)
        if entry is None:
            raise StreamsNotLoaded([stream])
        state: State_co = entry[1]
        return state

    def read_many(self, kind: StreamType[State_co], keys: Iterable[tuple[str, ...]]) -> list[State_co]:
        """Return the states of many streams of one kind, in the order of `keys`.

        Raises:
            Unread: names all that have to be loaded first.
        """
        states: list[State_co] = []
        missing: list[str] = []
        for key in keys:
            stream = kind.stream(*key)
            entry = self.reads.get(stream) or self._find(kind, stream)
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

    def _find(self, kind: StreamType[Any], stream: str) -> tuple[int, Any] | None:
        entry = self._loaded.get(stream) or self._cache.get(stream)
        if entry is None and kind.prefix in self._assume_new:
            entry = (0, kind.initial)
        if entry is not None:
            self.reads[stream] = entry
        return entry
