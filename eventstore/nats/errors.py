"""What can go wrong with NATS. Nothing of it ever touches a booking.

EventStoreError
├── NatsUnavailable   it cannot be asked, or does not answer in time
├── NatsRefused       it answered with an error
└── NatsTooOld        it cannot do what the relay needs
"""

from eventstore.errors import EventStoreError


class NatsUnavailable(EventStoreError):
    """NATS cannot be asked, or does not answer in time."""


class NatsRefused(EventStoreError):
    """JetStream answered with an error."""

    def __init__(self, error_code: int, description: str) -> None:
        super().__init__(f"JetStream: {description} ({error_code})")
        self.error_code = error_code


class NatsTooOld(EventStoreError):
    """A nats-server that is older than the oldest we support."""
