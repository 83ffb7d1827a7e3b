"""Read models (projections): their status, and the operations of admins on them."""

from functools import partial
from typing import Annotated

from fastapi import Path, Request, Response

from api.dependencies import services_of
from api.http.commands import MinPosition, command_response, execute_command, json_response, wait_for_position
from api.http.routing import business_router
from api.presenters.projections import builds_json
from api.presenters.values import Body
from api.schemas.operations.projections import (
    EventSkippedResult,
    ParkRequest,
    ProjectionResult,
    Projections,
    SkipRequest,
    StreamParkedResult,
    StreamUnparkedResult,
    UnparkRequest,
)
from projections.engine.status import ProjectionStatus, list_statuses
from projections.operations import operations
from projections.operations.exclusions import require_stream
from projections.operations.operations import Operation

NAME_LENGTH_MAX = 40

Name = Annotated[str, Path(max_length=NAME_LENGTH_MAX, examples=["seat_map"])]

router = business_router("operations")


@router.get("/projections", responses={200: {"model": Projections}})
async def list_projections(request: Request, min_position: MinPosition = None) -> Response:
    """List projections.

    Lists every read model with its lag behind the log, its state and error, and the events and streams that it
    excludes.
    """
    services = services_of(request)
    await wait_for_position(request, min_position, *(await services.positions.all()))
    statuses = await list_statuses(await services.positions.states(), services.store, services.clock.now())
    builds = await services.positions.builds()
    items = [{**projection_json(status), **builds_json(status.state, builds)} for status in statuses]
    return json_response({"items": items, "next": None})


def projection_json(status: ProjectionStatus) -> Body:
    """Return the status of a read model as JSON."""
    state, failed = status.state, status.failed
    return {
        "name": state.name,
        "position": state.position,
        "lag": status.lag,
        "lag_seconds": round(status.lag_seconds, 3),
        "state": status.displayed_state,
        "version": state.version,
        "owner": state.owner,
        "heartbeat_at": state.heartbeat_at,
        "error": state.error,
        "failed_position": state.failed_position,
        "failed_event": failed and {"position": failed.position, "stream": failed.stream, "name": failed.name},
        "skipped_positions": status.skipped,
        "parked_streams": status.parked,
    }


@router.post("/projections/{name}/pause", responses={200: {"model": ProjectionResult}})
async def pause_projection(request: Request, name: Name) -> Response:
    """Pause a projection.

    Stops the read model within two seconds; readers get its last state.
    """
    return await run_operation(request, name, operations.PAUSE)


@router.post("/projections/{name}/resume", responses={200: {"model": ProjectionResult}})
async def resume_projection(request: Request, name: Name) -> Response:
    """Resume a projection.

    Continues a paused read model.
    """
    return await run_operation(request, name, operations.RESUME)


@router.post("/projections/{name}/retry", responses={200: {"model": ProjectionResult}})
async def retry_projection(request: Request, name: Name) -> Response:
    """Retry a projection.

    Applies the event again on which a read model failed.
    """
    return await run_operation(request, name, operations.RETRY)


@router.post("/projections/{name}/skip", responses={200: {"model": EventSkippedResult}})
async def skip_event(request: Request, name: Name, body: SkipRequest) -> Response:
    """Skip an event.

    Excludes the event on which a read model failed, and continues. A rebuild by the same version excludes it too.
    """
    operation = operations.skip(body.position, body.reason)
    return await run_operation(request, name, operation, skipped_position=body.position, reason=body.reason)


@router.post("/projections/{name}/park", responses={200: {"model": StreamParkedResult}})
async def park_stream(request: Request, name: Name, body: ParkRequest) -> Response:
    """Park a stream.

    Excludes a stream from now on; a read model that failed continues without it.
    """
    await require_stream(services_of(request).store, body.stream)
    return await run_operation(
        request, name, operations.park(body.stream, body.reason), stream=body.stream, reason=body.reason
    )


@router.post("/projections/{name}/unpark", responses={200: {"model": StreamUnparkedResult}})
async def unpark_stream(request: Request, name: Name, body: UnparkRequest) -> Response:
    """Unpark a stream.

    Includes a parked stream again, from the next rebuild on.
    """
    return await run_operation(request, name, operations.unpark(body.stream), stream=body.stream, rebuild_needed=True)


async def run_operation(request: Request, name: str, operation: Operation, **fields: object) -> Response:
    """Run an operation on a read model and return the response."""
    outcome = await services_of(request).projection_operations.run(name, operation, partial(execute_command, request))
    return command_response(outcome, {"name": name, **fields})
