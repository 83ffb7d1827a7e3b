"""Requests of admins concerning the versions of a read model: recorded in the log, then queued for a supervisor.

The control row is locked before the decision, so that two requests for one read model are decided one after the other.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from domain.decision import Changes, DecisionContext
from domain.operations import rebuilding
from domain.operations.projection import ProjectionSnapshot
from domain.operations.rebuilding import BuildState
from eventstore.command import Outcome
from projections.engine import checkpoints
from projections.engine.checkpoints import Connection
from projections.operations.operations import SECONDS_MAX, SendCommand, lock
from projections.rebuild import build_repository, request_queue


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildRequest:
    """A request; `kind`: rebuild, rollback or drop; `restart`: drop an unfinished build first."""

    kind: str
    decide: Callable[[DecisionContext, ProjectionSnapshot, BuildState], Changes]
    performance: str | None = None
    swap_anyway: bool = False
    restart: bool = False


ROLLBACK = RebuildRequest(kind="rollback", decide=rebuilding.request_rollback)
DROP = RebuildRequest(kind="drop", decide=rebuilding.request_drop)


def rebuild(*, performance: str | None, swap_anyway: bool) -> RebuildRequest:
    """Return the request to rebuild one performance, or the whole read model (None)."""
    decide = partial(rebuilding.request_rebuild, performance=performance, swap_anyway=swap_anyway)
    return RebuildRequest(kind="rebuild", decide=decide, performance=performance, swap_anyway=swap_anyway)


def unskip(position: int) -> RebuildRequest:
    """Return the request to include a skipped event again, which takes a rebuild."""
    decide = partial(rebuilding.unskip_event, position=position)
    return RebuildRequest(kind="rebuild", decide=decide, swap_anyway=True, restart=True)


class RebuildRequests:
    """Records and queues requests, one at a time.

    Args:
        url: connection string of the projector's role; requests are rare, so each opens a connection.
        in_parts: the read models that support partial rebuilds.
    """

    def __init__(self, url: str, *, in_parts: Collection[str]) -> None:
        self._url = url
        self._in_parts = in_parts
        self._one_at_a_time = asyncio.Lock()

    async def enqueue(self, name: str, request: RebuildRequest, send: SendCommand) -> Outcome:
        """Record a request in the log and queue it; a replayed command is not queued again.

        Raises:
            NotFound: there is no such read model.
            Rejected: the decision refuses the request.
            StoreUnavailable, psycopg.Error: the event may be recorded, but nothing is queued; send the command again.
        """
        async with (
            self._one_at_a_time,
            checkpoints.open_connection_for(self._url, name="operator", seconds_max=SECONDS_MAX) as connection,
            connection.transaction(),
        ):
            return await self._enqueue(connection, name, request, send)

    async def _enqueue(self, connection: Connection, name: str, request: RebuildRequest, send: SendCommand) -> Outcome:
        snapshot = await lock(connection, name)
        builds = await self._build_state(connection, name)
        outcome = await send(lambda context: request.decide(context, snapshot, builds))
        if not outcome.replayed:
            if request.restart:
                await build_repository.drop_unfinished(connection, name)
            await request_queue.add(
                connection,
                name=name,
                kind=request.kind,
                performance=request.performance,
                swap_anyway=request.swap_anyway,
            )
        return outcome

    async def _build_state(self, connection: Connection, name: str) -> BuildState:
        found = [build for build in await build_repository.list_builds(connection) if build.name == name]
        return BuildState(
            requested=bool(await request_queue.pending_requests(connection, [name])),
            in_progress=any(build.unfinished for build in found),
            retired=any(build.state == "retired" for build in found),
            partial_supported=name in self._in_parts,
        )
