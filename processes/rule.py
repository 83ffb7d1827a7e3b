"""What every process is made of: notes taken from the log, and commands with ids that a second run makes again."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import uuid5

from domain.decision import Changes, DecisionContext
from eventstore.command import CommandContext, Outcome
from eventstore.command_handler import CommandHandler
from eventstore.store import RecordedEvent
from processes.work import WorkItem

Seen = TypeVar("Seen")

WorkChanges = Mapping[str, WorkItem | None]
"""Subject → the work it now has; None: none any more."""

NO_CHANGES: WorkChanges = {}


class Rule(Protocol):
    """When X, then Y.

    Attributes:
        name: what the rule is called, in its state and in its commands' ids.
        events: the stored names of the events it takes notes of.
        at_once: how many pieces of work are done side by side.
        pause_s: how long it rests after them, so that buyers come first.
    """

    @property
    def name(self) -> str: ...

    @property
    def events(self) -> frozenset[str]: ...

    @property
    def concurrency(self) -> int: ...

    @property
    def pause_s(self) -> float: ...

    def initial_work(self) -> Sequence[WorkItem]:
        """Return the work that is there from the beginning."""
        ...

    def on_event(self, event: Any, recorded: RecordedEvent) -> WorkChanges:
        """Return what one event changes in the work; asks nobody."""
        ...

    async def execute(self, work: WorkItem, now: datetime) -> WorkItem | None:
        """Do what is due, and return what is left of it; safe to run again from the start after a crash anywhere.

        Raises:
            Rejected: a command was refused.
            PaymentError, EventStoreError: no answer; the runner tries again later.
        """
        ...


class Commands:
    """Sends one rule's commands; what takes effect carries the rule as its actor and the causing event's position."""

    def __init__(self, handler: CommandHandler, rule: str) -> None:
        self._handler = handler
        self._rule = rule

    async def send(self, work: WorkItem, part: str, decide: Callable[[DecisionContext], Changes]) -> Outcome:
        """Carry a command out, once for this rule, cause, subject and `part`, however often it is sent."""
        context = CommandContext(
            command_id=uuid5(work.cause, f"{self._rule}/{work.subject}/{part}"),
            actor={"kind": "process", "id": self._rule, "role": None},
            causation=work.cause_position or None,
            channel="process",
        )
        return await self._handler.handle(decide, context)

    async def query(self, view: Callable[[DecisionContext], Seen]) -> Seen:
        """Return what a function reads from the books now."""
        return await self._handler.query(view)
