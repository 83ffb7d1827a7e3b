"""A command on its way to the log: its context, the decided append, and the outcome."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from eventstore.decision_context import LoadedStreams
from eventstore.store import NO_FINGERPRINT, Append, RequestFingerprint

Changes = Mapping[str, Sequence[Any]]
"""Stream → the events to append to it."""

Decide = Callable[[LoadedStreams], Changes]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDeadline:
    """When a command was requested and until when it may take effect, both in `ticks` of this machine.

    `is_repeatable`: the client may repeat the request under the same id, here or on another server.
    `is_abandoned`: tells whether the client has disconnected.
    """

    requested_at: float
    until: float
    is_repeatable: bool
    is_abandoned: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """Who sends a command and why; recorded in the metadata of its events.

    `guards`: streams that the sender's rights were read from, with their versions.
    `deadline`: None for a command without a waiting client.
    """

    command_id: UUID
    actor: Mapping[str, str | None]
    causation: int | None = None
    correlation: str | None = None
    channel: str = "api"
    fingerprint: RequestFingerprint = NO_FINGERPRINT
    guards: Mapping[str, int] = field(default_factory=dict)
    deadline: CommandDeadline | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of a command: its events as (stream, event) at positions `first` … `last`; none if nothing changed."""

    events: Sequence[tuple[str, Any]]
    first: int
    last: int
    recorded_at: datetime
    replayed: bool = False

    def of(self, kind: type[Any]) -> Any:
        """Return the command's only event of a class.

        Raises:
            ValueError: there is none, or more than one.
        """
        (event,) = (event for _, event in self.events if isinstance(event, kind))
        return event


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedCommand:
    """A decision and the append that carries it out.

    `error`: the exception that the decision raised, a refusal or any other.
    """

    loaded: dict[str, tuple[int, Any]]
    streams: LoadedStreams
    changes: Changes
    error: Exception | None
    append: Append


class GuardConflict(Exception):
    """The sender's rights changed while the command ran; read them again."""
