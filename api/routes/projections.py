"""How the read models stand, and what admins do when one gives trouble."""

from functools import partial
from typing import Annotated

from fastapi import Path, Request, Response

from api.dependencies import services_of
from api.http.commands import MinPosition, command_response, execute_command, json_response, wait_for_position
from api.http.routing import business_router
from api.presenters.projections import builds_json
from api.presenters.values import Body
from api.schemas.projections import (
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

router = business_router("projections")


@router.get("/projections", responses={200: {"model": Projections}})
async def list_projections(request: Request, min_position: MinPosition = None) -> Response:
    """List every read model: how far behind the log it is, why it stands still if it does, and what it leaves out."""
    services = services_of(request)
    await wait_for_position(request, min_position, *(await services.positions.all()))
    reports = await list_statuses(await services.positions.states(), services.store, services.clock.now())
    builds = await services.positions.builds()
    items = [{**projection_json(report), **builds_json(report.state, builds)} for report in reports]
    return json_response({"items": items, "next": None})


def projection_json(report: ProjectionStatus) -> Body:
    """Show one read model."""
    state, failed = report.state, report.failed
    return {
        "name": state.name,
        "position": state.position,
        "lag": report.lag,
        "lag_seconds": round(report.lag_seconds, 3),
        "state": report.displayed_state,
        "version": state.version,
        "owner": state.owner,
        "heartbeat_at": state.heartbeat_at,
        "error": state.error,
        "failed_position": state.failed_position,
        "failed_event": failed and {"position": failed.position, "stream": failed.stream, "name": failed.name},
        "skipped_positions": report.skipped,
        "parked_streams": report.parked,
    }


@router.post("/projections/{name}/pause", responses={200: {"model": ProjectionResult}})
async def pause(request: Request, name: Name) -> Response:
    """Let a read model stand still."""
    return await run_operation(request, name, operations.PAUSE)


@router.post("/projections/{name}/resume", responses={200: {"model": ProjectionResult}})
async def resume(request: Request, name: Name) -> Response:
    """Let a paused read model go on."""
    return await run_operation(request, name, operations.RESUME)


@router.post("/projections/{name}/retry", responses={200: {"model": ProjectionResult}})
async def retry(request: Request, name: Name) -> Response:
    """Let a failed read model try the event again that it failed on."""
    return await run_operation(request, name, operations.RETRY)


@router.post("/projections/{name}/skip", responses={200: {"model": EventSkippedResult}})
async def skip(request: Request, name: Name, body: SkipRequest) -> Response:
    """Let a failed read model leave out the event it failed on; a rebuild by the same version leaves it out too."""
    operation = operations.skip(body.position, body.reason)
    return await run_operation(request, name, operation, skipped_position=body.position, reason=body.reason)


@router.post("/projections/{name}/park", responses={200: {"model": StreamParkedResult}})
async def park(request: Request, name: Name, body: ParkRequest) -> Response:
    """Let a read model leave out a stream from here on; one that failed tries again without it."""
    await require_stream(services_of(request).store, body.stream)
    return await run_operation(
        request, name, operations.park(body.stream, body.reason), stream=body.stream, reason=body.reason
    )


@router.post("/projections/{name}/unpark", responses={200: {"model": StreamUnparkedResult}})
async def unpark(request: Request, name: Name, body: UnparkRequest) -> Response:
    """Let a read model have a parked stream again, from its next rebuild on."""
    return await run_operation(request, name, operations.unpark(body.stream), stream=body.stream, rebuild_needed=True)


async def run_operation(request: Request, name: str, operation: Operation, **fields: object) -> Response:
    """Do something to a read model, and say so."""
    outcome = await services_of(request).switches.run(name, operation, partial(execute_command, request))
    return command_response(outcome, {"name": name, **fields})
