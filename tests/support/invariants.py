"""A ledger of a scenario's events, and whether a command breaks an invariant."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from domain.invariants import Ledger, LoggedEvent, violations
from tests.support.scenario import Scenario

COMMAND = UUID(int=7)


def logged_events(events: Mapping[str, Any], scenario: Scenario, command_id: UUID | None = None) -> list[LoggedEvent]:
    """Return events by stream as one command's."""
    return [
        LoggedEvent(stream=stream, event=event, recorded_at=scenario.now, command_id=command_id)
        for stream, each in events.items()
        for event in each
    ]


def to_ledger(scenario: Scenario) -> Ledger:
    """Return what an auditor knows of places and quota after a scenario's events."""
    ledger = Ledger()
    for fact in logged_events(scenario.history, scenario):
        ledger.occupancy.apply(fact.stream, fact.event)
    return ledger


def is_found(ledger: Ledger, command: list[LoggedEvent], word: str) -> bool:
    """Say whether a command breaks a promise whose sentence has a word."""
    return any(word in sentence for sentence in violations(ledger, command))
