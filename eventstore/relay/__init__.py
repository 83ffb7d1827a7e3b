"""Postgres → JetStream: the relay, and the hints that wake it."""

from eventstore.relay.relay import Relay, RelayStopped
from eventstore.relay.wake import NotifyingAppender, WakeUpNotifier

__all__ = ["NotifyingAppender", "Relay", "RelayStopped", "WakeUpNotifier"]
