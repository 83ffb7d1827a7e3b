"""The operator's view of the read models: their status, and operations on a failed one."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from uuid_utils.compat import uuid7

from domain.errors import Rejected
from domain.operations.exclusions import ExclusionReason
from eventstore.clock import ServerClock
from eventstore.command import CommandContext
from eventstore.postgres import PostgresStore
from eventstore.postgres.roles import PROJECTOR_ROLE
from projections.engine import checkpoints
from projections.engine.checkpoints import Connection
from projections.engine.status import ProjectionStatus, list_statuses
from projections.operations import operations
from projections.operations.exclusions import require_stream
from projections.operations.operations import Operation, ProjectionOperations, SendCommand
from projections.rebuild.requests import RebuildRequests
from projections.rebuild.requests import unskip as rebuild_with
from projections.registry import EVERY_MODEL
from runtime.command_handling import build_handler, operator_actor
from runtime.connections import open_store
from runtime.database import url_of_role
from runtime.settings import Settings, SettingsRefused

MODELS = {model.name: model for model in EVERY_MODEL}


def require_model(name: str) -> None:
    """Check that a read model of this name exists.

    Raises:
        SettingsRefused: there is none; the message lists the names.
    """
    if name not in MODELS:
        raise SettingsRefused(f"There is no read model {name}; choose one of: {', '.join(MODELS)}.")


async def status(settings: Settings) -> list[ProjectionStatus]:
    """Return the status of every read model."""
    async with operator_connection(settings) as connection:
        states = await checkpoints.states(connection)
    async with PostgresStore(url_of_role(settings, PROJECTOR_ROLE)) as store:
        return await list_statuses(states, store, await store.now())


async def run(settings: Settings, name: str, operation: Operation) -> None:
    """Apply an operation to a read model, as the operator.

    Raises:
        SettingsRefused: there is no read model of this name, or its state does not allow the operation.
    """
    rows = ProjectionOperations(url_of_role(settings, PROJECTOR_ROLE))
    async with open_command_sender(settings, name) as send:
        await rows.run(name, operation, send)


async def unskip(settings: Settings, name: str, position: int) -> None:
    """Request a rebuild of a read model that includes a skipped event again; a projector carries it out.

    Raises:
        SettingsRefused: as for `run`.
    """
    requests = RebuildRequests(url_of_role(settings, PROJECTOR_ROLE), in_parts=())
    async with open_command_sender(settings, name) as send:
        await requests.enqueue(name, rebuild_with(position), send)


@asynccontextmanager
async def open_command_sender(settings: Settings, name: str) -> AsyncIterator[SendCommand]:
    """Yield a function that executes one command about a read model, as the operator.

    Raises:
        SettingsRefused: there is no read model of this name, or the command was refused.
    """
    require_model(name)
    context = CommandContext(command_id=uuid7(), actor=operator_actor(), channel="operator")
    async with open_store(settings) as (store, batcher):
        handler = build_handler(store=store, appender=batcher, clock=ServerClock(await store.now()))
        try:
            yield lambda decide: handler.handle(decide, context)
        except Rejected as refusal:
            raise SettingsRefused(str(refusal)) from refusal


async def park(settings: Settings, name: str, stream: str, reason: ExclusionReason) -> None:
    """Exclude a stream from a read model.

    Raises:
        SettingsRefused: as for `run`, or there is no such stream.
    """
    async with PostgresStore(url_of_role(settings, PROJECTOR_ROLE)) as store:
        try:
            await require_stream(store, stream)
        except Rejected as refusal:
            raise SettingsRefused(str(refusal)) from refusal
    await run(settings, name, operations.park(stream, reason))


def operator_connection(settings: Settings) -> AbstractAsyncContextManager[Connection]:
    """Open a connection as the projector's role."""
    return checkpoints.open_connection_for(url_of_role(settings, PROJECTOR_ROLE), name="operator")
