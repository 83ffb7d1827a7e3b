"""Deleting what nobody uses: close it to every use, check the log, then archive or reopen it.

A check and the archiving are two commands. What one closing learned says nothing about another, so a deletion that was
given up in between records nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

Event = TypeVar("Event")


class DeletionStatus(StrEnum):
    """Where the deletion of a thing stands."""

    OPEN = "open"
    CLOSING = "closing"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionState:
    """Where the deletion of a thing stands; `closings` counts how often one was begun."""

    status: DeletionStatus = DeletionStatus.OPEN
    closings: int = 0

    def closed(self) -> "DeletionState":
        """Return the state after a deletion was begun."""
        return DeletionState(status=DeletionStatus.CLOSING, closings=self.closings + 1)

    def reopened(self) -> "DeletionState":
        """Return the state after a deletion was given up."""
        return replace(self, status=DeletionStatus.OPEN)

    def archived(self) -> "DeletionState":
        """Return the state after the deletion."""
        return replace(self, status=DeletionStatus.ARCHIVED)


def close_events(state: DeletionState, closed: Event) -> Sequence[Event]:
    """Return what begins a deletion; a second time records nothing."""
    return [closed] if state.status is DeletionStatus.OPEN else []


def finish_events(
    state: DeletionState, *, closing: int, in_use: bool, reopened: Event, archived: Event
) -> Sequence[Event]:
    """Return what ends the `closing`-th deletion; one that was given up meanwhile records nothing."""
    if state.status is not DeletionStatus.CLOSING or state.closings != closing:
        return []
    return [reopened if in_use else archived]


def give_up_events(state: DeletionState, reopened: Event) -> Sequence[Event]:
    """Return what gives a deletion up that is under way."""
    return [reopened] if state.status is DeletionStatus.CLOSING else []
