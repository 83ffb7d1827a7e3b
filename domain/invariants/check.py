"""Runs the promises over a log, command by command.

A new promise is a function decorated with `watch` (called with each event, before the ledger knows it) or `promise`
(called with each whole command, once the ledger knows it); it yields a sentence for everything it finds broken.
"""

from collections.abc import Callable, Iterable, Sequence

from domain.invariants.ledger import Ledger, apply
from domain.invariants.records import LoggedEvent

EventInvariant = Callable[[Ledger, LoggedEvent], Iterable[str]]
CommandInvariant = Callable[[Ledger, Sequence[LoggedEvent]], Iterable[str]]
EVENT_INVARIANTS: list[EventInvariant] = []
COMMAND_INVARIANTS: list[CommandInvariant] = []


def event_invariant(check: EventInvariant) -> EventInvariant:
    """Let a check see every event, before the ledger knows it."""
    EVENT_INVARIANTS.append(check)
    return check


def command_invariant(check: CommandInvariant) -> CommandInvariant:
    """Let a check see every command, once the ledger knows it."""
    COMMAND_INVARIANTS.append(check)
    return check


def violations(ledger: Ledger, command: Sequence[LoggedEvent]) -> list[str]:
    """Fold one command into the ledger; return a sentence for every promise it breaks."""
    found: list[str] = []
    for fact in command:
        for check in EVENT_INVARIANTS:
            found += check(ledger, fact)
        apply(ledger, fact)
    for judge in COMMAND_INVARIANTS:
        found += judge(ledger, command)
    return found
