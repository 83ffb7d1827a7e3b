"""The states of streams that were in use lately, each at the version it was folded to. Only ever a guess:
the append judges whether it still holds.
"""

from collections import OrderedDict
from typing import Any

CACHED_STREAMS_MAX = 50_000
"""What 12,000 bookings write. More would keep buyers waiting for longer when a busy API looks for garbage."""


class StateCache:
    """A bounded map from stream to (version, state); the least recently used go first. Size 0 keeps nothing."""

    def __init__(self, size: int = CACHED_STREAMS_MAX) -> None:
        self._size = size
        self._entries: OrderedDict[str, tuple[int, Any]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, stream: str) -> tuple[int, Any] | None:
        """Return (version, state) if the stream is known."""
        entry = self._entries.get(stream)
        if entry is not None:
            self._entries.move_to_end(stream)
        return entry

    def put(self, stream: str, version: int, state: Any) -> None:
        """Remember a state, unless a later one is known."""
        known = self._entries.get(stream)
        if self._size == 0 or (known is not None and known[0] >= version):
            return
        self._entries[stream] = (version, state)
        if known is not None:
            self._entries.move_to_end(stream)
        elif len(self._entries) > self._size:
            self._entries.popitem(last=False)

    def forget(self, stream: str) -> None:
        """Drop what was found to be out of date."""
        self._entries.pop(stream, None)
