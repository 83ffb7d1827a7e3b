"""Live seat maps: a performance's seats as one document at a position, and the changes after it."""

from api.live.messages import ClientPosition, read_event_id
from api.live.response import ABORT, EVENT_STREAM, LiveResponse
from api.live.seat_maps import LiveSeatMaps
from api.live.subscribers import WATCHERS_MAX, WatchLimits

__all__ = [
    "ABORT",
    "EVENT_STREAM",
    "WATCHERS_MAX",
    "ClientPosition",
    "LiveResponse",
    "LiveSeatMaps",
    "WatchLimits",
    "read_event_id",
]
