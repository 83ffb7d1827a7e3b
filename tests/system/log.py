"""The whole log of a running shop, read from its database and audited."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.invariants import Ledger, violations
from eventstore.postgres.roles import APP_ROLE
from eventstore.postgres.store import PostgresStore
from eventstore.store import RANGE_EVENTS_MAX, RecordedEvent, Store
from runtime.database import url_of_role
from tests.support.audited_scenario import commands, fact
from tests.support.engine import CODEC
from tests.system.shop import Shop


@dataclass(frozen=True, slots=True)
class DecodedEvent:
    """One stored event, decoded."""

    recorded: RecordedEvent
    event: Any

    @property
    def key(self) -> str:
        """The stream's name without its kind."""
        return self.recorded.stream.partition("-")[2]


async def read_log(shop: Shop) -> list[RecordedEvent]:
    """Read every event of a shop, in order."""
    async with PostgresStore(url_of_role(shop.settings, APP_ROLE)) as store:
        return await read_all(store)


async def read_all(store: Store) -> list[RecordedEvent]:
    """Read every event, in order."""
    found: list[RecordedEvent] = []
    while more := await store.read_range(after=len(found), limit=RANGE_EVENTS_MAX):
        found += more
    return found


def decoded(log: Sequence[RecordedEvent]) -> list[DecodedEvent]:
    """Decode every event of a log."""
    return [DecodedEvent(one, CODEC.decode(one.name, one.schema_version, one.data)) for one in log]


def audit(log: Sequence[RecordedEvent], refused: Iterable[UUID] = ()) -> tuple[Ledger, list[str]]:
    """Fold a log command by command; return what an auditor knows then, and every promise that was broken.

    Args:
        refused: the ids of commands that were answered with a refusal.
    """
    assert [one.position for one in log] == list(range(1, len(log) + 1))
    ledger = Ledger(refused=set(refused))
    found: list[str] = []
    seen: set[object] = set()
    for command in commands(log):
        found += violations(ledger, [fact(one) for one in command])
        if command[0].command_id in seen:
            found.append(f"command {command[0].command_id} took effect twice")
        seen.add(command[0].command_id)
    return ledger, found
