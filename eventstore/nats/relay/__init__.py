"""Postgres → JetStream: the relay, and the hints that wake it."""

from eventstore.nats.relay.relay import Relay, RelayStopped
from eventstore.nats.wake_up import NotifyingAppender, WakeUpNotifier

__all__ = ["NotifyingAppender", "Relay", "RelayStopped", "WakeUpNotifier"]
