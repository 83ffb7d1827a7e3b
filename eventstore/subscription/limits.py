"""When a reader follows the stream, when it leaves it, and how long it waits for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionLimits:
    """The limits of one reader.

    Args:
        near_events_max: whoever is behind by no more than a range of so many begins to follow.
        behind_events_max: whoever has more than so many waiting leaves the stream: ranges are faster.
        silence_s: after so long without a message the store is asked.
        follow_pause_s: after a failure the stream is left alone for so long.
        heartbeat_s: how often the server shall say that it is there.
        heartbeats_missed_max: so many missed, and the stream is given up.
    """

    near_events_max: int = 200
    behind_events_max: int = 2_000
    silence_s: float = 0.25
    follow_pause_s: float = 1.0
    heartbeat_s: float = 0.5
    heartbeats_missed_max: int = 3


LIMITS = SubscriptionLimits()
