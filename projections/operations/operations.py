"""Operations on a read model: pause, resume, retry, skip an event, park a stream.

The control row is locked before the decision, and the event is recorded before the row changes. So no projector passes
the position that the decision is about; the next one has a new fence and reads the decision.
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
from domain.operations.exclusions import ExclusionReason
from domain.operations.projection import ProjectionSnapshot, ReadModelState
from eventstore.command import Outcome
from projections.engine import checkpoints, sql
from projections.engine.checkpoints import Connection

SECONDS_MAX = 10.0
"""Limit of a statement, after which the operation fails."""

SendCommand = Callable[[Callable[[DecisionContext], Changes]], Awaitable[Outcome]]
"""Executes a decision as a command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation: its decision, and the state of the control row after it."""

    decide: Callable[[DecisionContext, ProjectionSnapshot], Changes]
    next_state: Callable[[ProjectionSnapshot], ReadModelState]


def state_after_exclusion(snapshot: ProjectionSnapshot) -> ReadModelState:
    """Return the state after a change of exclusions: a failed read model runs again, others keep their state."""
    return ReadModelState.RUNNING if snapshot.state is ReadModelState.FAILED else snapshot.state


PAUSE = Operation(decide=projection.pause, next_state=lambda _: ReadModelState.PAUSED)
RESUME = Operation(decide=projection.resume, next_state=lambda _: ReadModelState.RUNNING)
RETRY = Operation(decide=projection.retry, next_state=lambda _: ReadModelState.RUNNING)


def skip(position: int, reason: ExclusionReason) -> Operation:
    """Return the operation that skips the event at which the read model failed."""
    return Operation(
        decide=partial(projection.skip_event, position=position, reason=reason), next_state=state_after_exclusion
    )


def park(stream: str, reason: ExclusionReason) -> Operation:
    """Return the operation that excludes a stream."""
    return Operation(
        decide=partial(projection.park_stream, stream=stream, reason=reason), next_state=state_after_exclusion
    )


def unpark(stream: str) -> Operation:
    """Return the operation that includes a parked stream again, from the next rebuild on."""
    return Operation(decide=partial(projection.unpark_stream, stream=stream), next_state=state_after_exclusion)


class ProjectionOperations:
    """Executes operations, one at a time.

    Args:
        url: connection string of the projector's role; operations are rare, so each opens a connection.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._one_at_a_time = asyncio.Lock()

    async def run(self, name: str, operation: Operation, send: SendCommand) -> Outcome:
        """Execute an operation on a read model; a replayed command does not change the control row again.

        Raises:
            NotFound: there is no such read model.
            Rejected: the decision refuses the operation.
            StoreUnavailable, psycopg.Error: the event may be recorded, but the row is unchanged; send it again.
        """
        async with self._lock(name) as (connection, snapshot):
            outcome = await send(lambda context: operation.decide(context, snapshot))
            if not outcome.replayed:
                await connection.execute(sql.SET_STATE, {"name": name, "state": operation.next_state(snapshot).value})
            return outcome

    @asynccontextmanager
    async def _lock(self, name: str) -> AsyncIterator[tuple[Connection, ProjectionSnapshot]]:
        async with (
            self._one_at_a_time,
            checkpoints.open_connection_for(self._url, name="operator", seconds_max=SECONDS_MAX) as connection,
            connection.transaction(),
        ):
            yield connection, await lock(connection, name)


async def lock(connection: Connection, name: str) -> ProjectionSnapshot:
    """Lock a read model's control row until the transaction ends, and return its snapshot.

    Raises:
        NotFound: there is no such read model.
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
    """Convert a control row to a snapshot."""
    return ProjectionSnapshot(
        name=name,
        version=version,
        schema=schema,
        position=position,
        state=ReadModelState(state),
        failed_position=failed_position,
    )
