"""Checks the invariants over a log, command by command.

An invariant is a function decorated with `event_invariant` (called with each event before it is folded into the
ledger) or `command_invariant` (called with each whole command after it was folded). It yields a sentence for each
violation.
"""

from collections.abc import Callable, Iterable, Sequence

from domain.invariants.ledger import Ledger, apply
from domain.invariants.records import LoggedEvent

EventInvariant = Callable[[Ledger, LoggedEvent], Iterable[str]]
CommandInvariant = Callable[[Ledger, Sequence[LoggedEvent]], Iterable[str]]
EVENT_INVARIANTS: list[EventInvariant] = []
COMMAND_INVARIANTS: list[CommandInvariant] = []


def event_invariant(check: EventInvariant) -> EventInvariant:
    """Register a check of every event, called before the event is folded into the ledger."""
    EVENT_INVARIANTS.append(check)
    return check


def command_invariant(check: CommandInvariant) -> CommandInvariant:
    """Register a check of every command, called after its events were folded into the ledger."""
    COMMAND_INVARIANTS.append(check)
    return check


def violations(ledger: Ledger, command: Sequence[LoggedEvent]) -> list[str]:
    """Fold one command into the ledger; return a sentence for each invariant it violates."""
    found: list[str] = []
    for fact in command:
        for check in EVENT_INVARIANTS:
            found += check(ledger, fact)
        apply(ledger, fact)
    for check_command in COMMAND_INVARIANTS:
        found += check_command(ledger, command)
    return found
