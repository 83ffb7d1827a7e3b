"""Errors of NATS. They never affect a command.

EventStoreError
├── NatsUnavailable   the server cannot be reached, or does not answer in time
├── NatsRefused       JetStream answered with an error
└── NatsTooOld        nats-server is older than the oldest supported version
"""

from eventstore.errors import EventStoreError


class NatsUnavailable(EventStoreError):
    """NATS cannot be reached, or does not answer in time."""


class NatsRefused(EventStoreError):
    """JetStream answered with an error."""

    def __init__(self, error_code: int, description: str) -> None:
        super().__init__(f"JetStream: {description} ({error_code})")
        self.error_code = error_code


class NatsTooOld(EventStoreError):
    """nats-server is older than the oldest supported version."""
