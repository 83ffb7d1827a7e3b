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

from domain import projection
from domain.books import Changes, DecisionContext
from domain.errors import NotFound
from domain.projection import ExclusionReason, ProjectionSnapshot, ReadModelState
from eventstore.command import Outcome
from projections import control
from projections.control import Connection
from projections.sql import control as sql

SECONDS_MAX = 10.0
"""How long the server may take for a statement, before people are told that nobody answers."""

Send = Callable[[Callable[[DecisionContext], Changes]], Awaitable[Outcome]]
"""Carries a decision out as a command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing people do: how it is decided, and the state it leads to."""

    decide: Callable[[DecisionContext, ProjectionSnapshot], Changes]
    leads_to: Callable[[ProjectionSnapshot], ReadModelState]


def begun_anew(standing: ProjectionSnapshot) -> ReadModelState:
    """Leave it stands, with other things left out; one that failed tries again."""
    return ReadModelState.RUNNING if standing.state is ReadModelState.FAILED else standing.state


PAUSE = Deed(decide=projection.pause, leads_to=lambda _: ReadModelState.PAUSED)
RESUME = Deed(decide=projection.resume, leads_to=lambda _: ReadModelState.RUNNING)
RETRY = Deed(decide=projection.retry, leads_to=lambda _: ReadModelState.RUNNING)


def skip(position: int, reason: ExclusionReason) -> Deed:
    """Leave out the event it failed on."""
    return Deed(decide=partial(projection.skip_event, position=position, reason=reason), leads_to=begun_anew)


def park(stream: str, reason: ExclusionReason) -> Deed:
    """Leave a stream out."""
    return Deed(decide=partial(projection.park_stream, stream=stream, reason=reason), leads_to=begun_anew)


def unpark(stream: str) -> Deed:
    """Let the next tables have a stream again."""
    return Deed(decide=partial(projection.unpark_stream, stream=stream), leads_to=begun_anew)


class Switches:
    """The rows of all read models, switched one at a time.

    Args:
        url: of the projector's role; a connection is opened for each deed, as people do few.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._one_at_a_time = asyncio.Lock()

    async def do(self, name: str, deed: Deed, send: Send) -> Outcome:
        """Do something to a read model; a command that was done before moves nothing again.

        Raises:
            NotFound: there is no such read model.
            What the decision refuses with; what `send` raises.
            StoreUnavailable, psycopg.Error: it may stand in the log, but the row has not moved; do it again.
        """
        async with self._locked(name) as (connection, standing):
            outcome = await send(lambda books: deed.decide(books, standing))
            if not outcome.replayed:
                await connection.execute(sql.TURN, {"name": name, "state": deed.leads_to(standing).value})
            return outcome

    @asynccontextmanager
    async def _locked(self, name: str) -> AsyncIterator[tuple[Connection, ProjectionSnapshot]]:
        async with (
            self._one_at_a_time,
            control.connected(self._url, name="operator", seconds_max=SECONDS_MAX) as connection,
            connection.transaction(),
        ):
            yield connection, await lock(connection, name)


async def lock(connection: Connection, name: str) -> ProjectionSnapshot:
    """Lock a read model's row, and return how it stands.

    Raises:
        NotFound: there is none.
    """
    async with connection.cursor(row_factory=kwargs_row(standing_of)) as cursor:
        await cursor.execute(sql.LOCK_STANDING, {"name": name})
        found = await cursor.fetchone()
    if found is None:
        raise NotFound(f"There is no read model {name}.")
    return found


def standing_of(
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
