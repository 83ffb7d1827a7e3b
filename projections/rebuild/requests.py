"""What admins ask to be done with the versions of a read model: written into the log, then left to whoever folds it.

The row is locked before anybody decides, so two wishes never cross.
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
    """One thing to be asked for; `kind`: rebuild, rollback or drop; `anew`: what was begun and stopped is dropped."""

    kind: str
    decide: Callable[[DecisionContext, ProjectionSnapshot, BuildState], Changes]
    performance: str | None = None
    swap_anyway: bool = False
    restart: bool = False


ROLLBACK = RebuildRequest(kind="rollback", decide=rebuilding.request_rollback)
DROP = RebuildRequest(kind="drop", decide=rebuilding.request_drop)


def rebuild(*, performance: str | None, swap_anyway: bool) -> RebuildRequest:
    """Ask for a rebuild, of one performance alone or of all."""
    decide = partial(rebuilding.request_rebuild, performance=performance, swap_anyway=swap_anyway)
    return RebuildRequest(kind="rebuild", decide=decide, performance=performance, swap_anyway=swap_anyway)


def unskip(position: int) -> RebuildRequest:
    """Take the skipping of an event back; it is in the tables that are made for it."""
    decide = partial(rebuilding.unskip_event, position=position)
    return RebuildRequest(kind="rebuild", decide=decide, swap_anyway=True, restart=True)


class RebuildRequests:
    """Takes wishes, one at a time.

    Args:
        url: of the projector's role; a connection is opened for each wish, as people have few.
        in_parts: the read models of which one performance can be rebuilt.
    """

    def __init__(self, url: str, *, in_parts: Collection[str]) -> None:
        self._url = url
        self._in_parts = in_parts
        self._one_at_a_time = asyncio.Lock()

    async def enqueue(self, name: str, request: RebuildRequest, send: SendCommand) -> Outcome:
        """Ask for something; a command that was done before asks for nothing again.

        Raises:
            NotFound: there is no such read model.
            What the decision refuses with; what `send` raises.
            StoreUnavailable, psycopg.Error: it may stand in the log, but nobody will do it; ask again.
        """
        async with (
            self._one_at_a_time,
            checkpoints.open_connection_for(self._url, name="operator", seconds_max=SECONDS_MAX) as connection,
            connection.transaction(),
        ):
            return await self._enqueue(connection, name, request, send)

    async def _enqueue(self, connection: Connection, name: str, request: RebuildRequest, send: SendCommand) -> Outcome:
        standing = await lock(connection, name)
        versions = await self._build_state(connection, name)
        outcome = await send(lambda books: request.decide(books, standing, versions))
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
