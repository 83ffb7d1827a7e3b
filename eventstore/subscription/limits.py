"""Limits of a subscription: when it reads the stream, when it leaves it, and how long it waits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionLimits:
    """Limits of one subscription.

    Args:
        near_events_max: at most this far behind, it starts to read the stream.
        behind_events_max: with more pending messages it leaves the stream, because ranges of the store are faster.
        silence_s: without a message for this time, it reads the store.
        follow_pause_s: the pause after a failure before it tries the stream again.
        heartbeat_s: the interval of the heartbeats requested from the server.
        heartbeats_missed_max: after this many missed heartbeats it leaves the stream.
    """

    near_events_max: int = 200
    behind_events_max: int = 2_000
    silence_s: float = 0.25
    follow_pause_s: float = 1.0
    heartbeat_s: float = 0.5
    heartbeats_missed_max: int = 3


LIMITS = SubscriptionLimits()
