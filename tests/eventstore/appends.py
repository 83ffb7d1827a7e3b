"""Short constructors for writes and appends."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from eventstore.store import Append, NewEvent, RequestFingerprint, Write


def at(stream: str, expected: int, events: int = 1, data: str = '{"seat": "A-1"}') -> Write:
    """Return a write of some events to a stream with version `expected`."""
    return Write(stream, expected, tuple(NewEvent("SeatHeld", 1, data) for _ in range(events)))


def to_append(
    *writes: Write,
    guards: Mapping[str, int] | None = None,
    command_id: UUID | None = None,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    asked_at: datetime | None = None,
    metadata: str = "{}",
    fingerprint: RequestFingerprint | None = None,
) -> Append:
    """Return a command's append, with a new id unless one is given."""
    return Append(
        command_id=command_id or uuid7(),
        writes=writes,
        guards=guards or {},
        not_before=not_before,
        not_after=not_after,
        asked_at=asked_at,
        metadata=metadata,
        fingerprint=fingerprint or RequestFingerprint(),
    )
