"""Checks the log after the load: every invariant, and as many orders as 201 responses."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.event_registry import EVENTS, UPCASTERS, VERSIONS
from domain.invariants import Ledger, LoggedEvent, violations
from eventstore.postgres import PostgresStore
from eventstore.postgres.roles import APP_ROLE
from eventstore.schema.codec import Codec
from eventstore.store import RANGE_EVENTS_MAX, RecordedEvent
from runtime.database import url_of_role
from runtime.local.data_directory import local_settings

FOUND_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Counts of the log, and the violated invariants."""

    events: int
    orders: Counter[str]
    broken: list[str]


async def check_log(data: Path) -> Checked:
    """Fold the whole log of a running installation, and count orders per performance."""
    codec = Codec(EVENTS, VERSIONS, UPCASTERS)
    ledger, orders, found, events = Ledger(), Counter[str](), list[str](), 0
    async with PostgresStore(url_of_role(local_settings(data), APP_ROLE)) as store:
        while part := await store.read_range(after=events, limit=RANGE_EVENTS_MAX):
            events = part[-1].position
            for command in commands_of(part):
                facts = [fact_of(codec, recorded) for recorded in command]
                orders.update(fact.event.performance for fact in facts if type(fact.event).__name__ == "OrderPlaced")
                found += violations(ledger, facts)
    return Checked(events=events, orders=orders, broken=found[:FOUND_MAX])


def commands_of(recorded: Sequence[RecordedEvent]) -> Iterator[list[RecordedEvent]]:
    """Yield the commands of a range that ends with the last event of a command."""
    command: list[RecordedEvent] = []
    for event in recorded:
        command.append(event)
        if event.part == event.parts:
            yield command
            command = []


def fact_of(codec: Codec, recorded: RecordedEvent) -> LoggedEvent:
    """Return a stored event as the invariants read it."""
    event = codec.decode(recorded.name, recorded.schema_version, recorded.data)
    return LoggedEvent(
        stream=recorded.stream, event=event, recorded_at=recorded.recorded_at, command_id=recorded.command_id
    )
