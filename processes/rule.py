"""The interface of a rule, and the deterministic ids of the commands that rules send."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import uuid5

from domain.decision import Changes, DecisionContext
from eventstore.command import CommandContext, Outcome
from eventstore.command_handler import CommandHandler
from eventstore.store import RecordedEvent
from processes.work import WorkItem

Result = TypeVar("Result")

WorkChanges = Mapping[str, WorkItem | None]
"""Subject → its new work item; None: its work is removed."""

NO_CHANGES: WorkChanges = {}


class Rule(Protocol):
    """When X happens, do Y.

    Attributes:
        name: identifies the rule in its stored state and in the ids of its commands.
        events: the stored names of the events that change its work.
        concurrency: how many work items are executed concurrently.
        pause_s: pause after each batch of work items, which leaves capacity to customers' requests.
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
        """Return the work items that no event causes."""
        ...

    def on_event(self, event: Any, recorded: RecordedEvent) -> WorkChanges:
        """Return how one event changes the work; a pure function."""
        ...

    async def execute(self, work: WorkItem, now: datetime) -> WorkItem | None:
        """Execute one due work item and return what remains of it; safe to repeat after a crash at any point.

        Raises:
            Rejected: a command was refused.
            PaymentError, EventStoreError: no answer; the runner retries later.
        """
        ...


class Commands:
    """Sends a rule's commands; their events name the rule as actor and the position of the causing event."""

    def __init__(self, handler: CommandHandler, rule: str) -> None:
        self._handler = handler
        self._rule = rule

    async def send(self, work: WorkItem, part: str, decide: Callable[[DecisionContext], Changes]) -> Outcome:
        """Send a command; it takes effect once per rule, cause, subject and `part`, however often it is sent."""
        context = CommandContext(
            command_id=uuid5(work.cause, f"{self._rule}/{work.subject}/{part}"),
            actor={"kind": "process", "id": self._rule, "role": None},
            causation=work.cause_position or None,
            channel="process",
        )
        return await self._handler.handle(decide, context)

    async def query(self, view: Callable[[DecisionContext], Result]) -> Result:
        """Return the result of a function over current streams."""
        return await self._handler.query(view)
