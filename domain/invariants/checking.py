"""Runs the promises over a log, command by command.

A new promise is a function decorated with `watch` (called with each event, before the ledger knows it) or `promise`
(called with each whole command, once the ledger knows it); it yields a sentence for everything it finds broken.
"""

from collections.abc import Callable, Iterable, Sequence

from domain.invariants.ledger import Ledger, note
from domain.invariants.records import Fact

Watch = Callable[[Ledger, Fact], Iterable[str]]
Promise = Callable[[Ledger, Sequence[Fact]], Iterable[str]]
WATCHES: list[Watch] = []
PROMISES: list[Promise] = []


def watch(check: Watch) -> Watch:
    """Let a check see every event, before the ledger knows it."""
    WATCHES.append(check)
    return check


def promise(check: Promise) -> Promise:
    """Let a check see every command, once the ledger knows it."""
    PROMISES.append(check)
    return check


def broken(ledger: Ledger, command: Sequence[Fact]) -> list[str]:
    """Fold one command into the ledger; return a sentence for every promise it breaks."""
    found: list[str] = []
    for fact in command:
        for check in WATCHES:
            found += check(ledger, fact)
        note(ledger, fact)
    for judge in PROMISES:
        found += judge(ledger, command)
    return found
