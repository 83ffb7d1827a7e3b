"""Cache of recently used stream states, each with the version it was folded to.

An entry may be outdated: the append checks its version.
"""

from collections import OrderedDict
from typing import Any

CACHED_STREAMS_MAX = 50_000
"""The streams that about 12,000 bookings write. A larger cache would lengthen the garbage collection pauses of a busy
API.
"""


class StateCache:
    """A bounded map from stream to (version, state) that evicts the least recently used. Size 0 disables it."""

    def __init__(self, size: int = CACHED_STREAMS_MAX) -> None:
        self._size = size
        self._entries: OrderedDict[str, tuple[int, Any]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, stream: str) -> tuple[int, Any] | None:
        """Return (version, state), or None if the stream is not cached."""
        entry = self._entries.get(stream)
        if entry is not None:
            self._entries.move_to_end(stream)
        return entry

    def put(self, stream: str, version: int, state: Any) -> None:
        """Store a state, unless the cached version is as high."""
        known = self._entries.get(stream)
        if self._size == 0 or (known is not None and known[0] >= version):
            return
        self._entries[stream] = (version, state)
        if known is not None:
            self._entries.move_to_end(stream)
        elif len(self._entries) > self._size:
            self._entries.popitem(last=False)

    def forget(self, stream: str) -> None:
        """Remove a stream's entry, for example because it is outdated."""
        self._entries.pop(stream, None)
