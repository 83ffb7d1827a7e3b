"""What people do to a read model: let it stand still, go on, try again, or leave something out.

The row is locked before anybody decides, and what was decided stands in the log before the row moves. So nobody folds
past the position that was decided on, and whoever folds afterwards has another fence and reads the decision.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from psycopg.rows import kwargs_row

from domain.decision import Changes, DecisionContext
from domain.errors import NotFound
from domain.operations import projection
from domain.operations.projection import ExclusionReason, ProjectionSnapshot, ReadModelState
from eventstore.command import Outcome
from projections.engine import checkpoints, sql
from projections.engine.checkpoints import Connection

SECONDS_MAX = 10.0
"""How long the server may take for a statement, before people are told that nobody answers."""

SendCommand = Callable[[Callable[[DecisionContext], Changes]], Awaitable[Outcome]]
"""Carries a decision out as a command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing people do: how it is decided, and the state it leads to."""

    decide: Callable[[DecisionContext, ProjectionSnapshot], Changes]
    next_state: Callable[[ProjectionSnapshot], ReadModelState]


def state_after_exclusion(standing: ProjectionSnapshot) -> ReadModelState:
    """Leave it stands, with other things left out; one that failed tries again."""
    return ReadModelState.RUNNING if standing.state is ReadModelState.FAILED else standing.state


PAUSE = Operation(decide=projection.pause, next_state=lambda _: ReadModelState.PAUSED)
RESUME = Operation(decide=projection.resume, next_state=lambda _: ReadModelState.RUNNING)
RETRY = Operation(decide=projection.retry, next_state=lambda _: ReadModelState.RUNNING)


def skip(position: int, reason: ExclusionReason) -> Operation:
    """Leave out the event it failed on."""
    return Operation(
        decide=partial(projection.skip_event, position=position, reason=reason), next_state=state_after_exclusion
    )


def park(stream: str, reason: ExclusionReason) -> Operation:
    """Leave a stream out."""
    return Operation(
        decide=partial(projection.park_stream, stream=stream, reason=reason), next_state=state_after_exclusion
    )


def unpark(stream: str) -> Operation:
    """Let the next tables have a stream again."""
    return Operation(decide=partial(projection.unpark_stream, stream=stream), next_state=state_after_exclusion)


class ProjectionOperations:
    """The rows of all read models, switched one at a time.

    Args:
        url: of the projector's role; a connection is opened for each deed, as people do few.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._one_at_a_time = asyncio.Lock()

    async def run(self, name: str, operation: Operation, send: SendCommand) -> Outcome:
        """Do something to a read model; a command that was done before moves nothing again.

        Raises:
            NotFound: there is no such read model.
            What the decision refuses with; what `send` raises.
            StoreUnavailable, psycopg.Error: it may stand in the log, but the row has not moved; do it again.
        """
        async with self._locked(name) as (connection, standing):
            outcome = await send(lambda books: operation.decide(books, standing))
            if not outcome.replayed:
                await connection.execute(sql.SET_STATE, {"name": name, "state": operation.next_state(standing).value})
            return outcome

    @asynccontextmanager
    async def _locked(self, name: str) -> AsyncIterator[tuple[Connection, ProjectionSnapshot]]:
        async with (
            self._one_at_a_time,
            checkpoints.open_connection_for(self._url, name="operator", seconds_max=SECONDS_MAX) as connection,
            connection.transaction(),
        ):
            yield connection, await lock(connection, name)


async def lock(connection: Connection, name: str) -> ProjectionSnapshot:
    """Lock a read model's row, and return how it stands.

    Raises:
        NotFound: there is none.
    """
    async with connection.cursor(row_factory=kwargs_row(to_snapshot)) as cursor:
        await cursor.execute(sql.LOCK_SNAPSHOT, {"name": name})
        found = await cursor.fetchone()
    if found is None:
        raise NotFound(f"There is no read model {name}.")
    return found


def to_snapshot(
    *, name: str, version: int, schema: str, position: int, state: str, failed_position: int | None
) -> ProjectionSnapshot:
    """Return what a row says."""
    return ProjectionSnapshot(
        name=name,
        version=version,
        schema=schema,
        position=position,
        state=ReadModelState(state),
        failed_position=failed_position,
    )
