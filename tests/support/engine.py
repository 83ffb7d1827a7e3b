"""What every scenario on a store needs: the codec, a command handler, and commands that can be sent again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.decision import Changes, DecisionContext
from domain.errors import Rejected
from domain.event_registry import EVENTS, STREAM_TYPES, UPCASTERS, VERSIONS, subject_ids
from eventstore.cache import StateCache
from eventstore.command import CommandContext
from eventstore.command_handler import Appender, Clock, CommandHandler
from eventstore.schema.codec import Codec
from eventstore.store import Append, Store, Verdict
from tests.support.scenario import NOW

START = NOW
CODEC = Codec(EVENTS, VERSIONS, UPCASTERS)
ACTOR = {"kind": "account", "id": "tester", "role": None}

Decide = Callable[[DecisionContext], Changes]


class UnbatchedAppender:
    """Asks the store for one verdict at a time: what the batcher does, without its concurrency."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def submit(self, append: Append) -> Verdict:
        """Return the store's verdict."""
        (verdict,) = await self._store.append([append])
        return verdict


@dataclass(frozen=True, slots=True)
class ScriptedCommand:
    """A command that can be sent again: the same id, the same decision."""

    decide: Decide
    command_id: UUID = field(default_factory=uuid7)

    def context(self) -> CommandContext:
        """Return what is kept beside its events."""
        return CommandContext(command_id=self.command_id, actor=ACTOR)


def command_handler(
    store: Store,
    clock: Clock,
    *,
    appender: Appender | None = None,
    cache: StateCache | None = None,
    handler: type[CommandHandler] = CommandHandler,
) -> CommandHandler:
    """Return a handler of the shop's commands.

    Args:
        appender: None: each append is sent alone.
        cache: None: nothing is cached, as in a worker beside others.
    """
    return handler(
        store=store,
        appender=appender or UnbatchedAppender(store),
        codec=CODEC,
        stream_types=STREAM_TYPES,
        refusal=Rejected,
        clock=clock,
        cache=StateCache(0) if cache is None else cache,
        subjects=subject_ids,
    )
