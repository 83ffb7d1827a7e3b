"""Publishes the log to JetStream."""

from eventstore.nats.relay.relay import Relay, RelayStopped
from eventstore.nats.wake_up import NotifyingAppender, WakeUpNotifier

__all__ = ["NotifyingAppender", "Relay", "RelayStopped", "WakeUpNotifier"]
