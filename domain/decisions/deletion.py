"""Deletion in steps: close a thing to new uses, check the log for existing uses, then archive or reopen it.

The check and the archiving are two commands. If the deletion was abandoned in between, the result of the check is
outdated, and the second command records nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

Event = TypeVar("Event")


class DeletionStatus(StrEnum):
    """The status of a thing's deletion."""

    OPEN = "open"
    CLOSING = "closing"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionState:
    """The state of a thing's deletion; `closings` counts the deletions begun."""

    status: DeletionStatus = DeletionStatus.OPEN
    closings: int = 0

    def closed(self) -> "DeletionState":
        """Return the state after a deletion was begun."""
        return DeletionState(status=DeletionStatus.CLOSING, closings=self.closings + 1)

    def reopened(self) -> "DeletionState":
        """Return the state after a deletion was abandoned."""
        return replace(self, status=DeletionStatus.OPEN)

    def archived(self) -> "DeletionState":
        """Return the state after a deletion was finished."""
        return replace(self, status=DeletionStatus.ARCHIVED)


def close_events(state: DeletionState, closed: Event) -> Sequence[Event]:
    """Return the event that begins a deletion; none if one is in progress or finished."""
    return [closed] if state.status is DeletionStatus.OPEN else []


def finish_events(
    state: DeletionState, *, closing: int, in_use: bool, reopened: Event, archived: Event
) -> Sequence[Event]:
    """Return the event that ends deletion number `closing`; none if that one was abandoned."""
    if state.status is not DeletionStatus.CLOSING or state.closings != closing:
        return []
    return [reopened if in_use else archived]


def give_up_events(state: DeletionState, reopened: Event) -> Sequence[Event]:
    """Return the event that abandons a deletion in progress; none if there is none."""
    return [reopened] if state.status is DeletionStatus.CLOSING else []
