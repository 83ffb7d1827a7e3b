"""Postgres → JetStream: the relay, and the hints that wake it."""

from eventstore.relay.relay import Relay, RelayStopped
from eventstore.relay.wake import AnnouncingJudge, WakeUp

__all__ = ["AnnouncingJudge", "Relay", "RelayStopped", "WakeUp"]
