"""Versions of read models: rebuild, roll back, drop, and their progress."""

from functools import partial
from typing import Annotated

from fastapi import Path, Request, Response
from fastapi.responses import StreamingResponse

from api.auth.access import PREFIX
from api.dependencies import services_of
from api.http.commands import command_response, execute_command
from api.http.routing import business_router
from api.live import EVENT_STREAM
from api.schemas.operations.projections import RebuildRequestBody, UnskipRequest, VersionsRequested
from projections.rebuild import requests
from projections.rebuild.requests import RebuildRequest

NAME_LENGTH_MAX = 40
WATCH = f"{PREFIX}/projections/live"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Name = Annotated[str, Path(max_length=NAME_LENGTH_MAX, examples=["seat_map"])]

router = business_router("operations")


@router.get(
    "/projections/live",
    response_class=Response,
    responses={
        200: {
            "description": (
                "Server-sent events, `projections`: `{position, items: [{name, state, version, schema, position, lag, "
                "error, build, retired}]}`, at most once a second, on changes; `build` as in `/projections`, with its "
                "rate and the remaining time. Comments keep the connection alive."
            ),
            "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
        },
    },
)
async def watch_projections(request: Request) -> Response:
    """Watch projections.

    Streams the state of every read model and the progress of rebuilds as server-sent events.
    """
    return StreamingResponse(services_of(request).projection_status.watch(), media_type=EVENT_STREAM, headers=HEADERS)


@router.post("/projections/{name}/rebuild", status_code=202, responses={202: {"model": VersionsRequested}})
async def rebuild_projection(request: Request, name: Name, body: RebuildRequestBody) -> Response:
    """Rebuild a projection.

    Requests a rebuild: a new version is built beside the live one, compared with it and swapped in. With
    `performance_id` only the rows of that performance are rebuilt.
    """
    return await enqueue_request(
        request, name, requests.rebuild(performance=body.performance_id, swap_anyway=body.swap_anyway)
    )


@router.post("/projections/{name}/unskip", status_code=202, responses={202: {"model": VersionsRequested}})
async def unskip_event(request: Request, name: Name, body: UnskipRequest) -> Response:
    """Include a skipped event.

    Requests a rebuild that includes a skipped event, and swaps it in.
    """
    return await enqueue_request(request, name, requests.unskip(body.position))


@router.post("/projections/{name}/rollback", status_code=202, responses={202: {"model": VersionsRequested}})
async def roll_back_projection(request: Request, name: Name) -> Response:
    """Roll back a projection.

    Requests that the version before the last swap becomes live again.
    """
    return await enqueue_request(request, name, requests.ROLLBACK)


@router.delete("/projections/{name}/versions", status_code=202, responses={202: {"model": VersionsRequested}})
async def drop_projection_versions(request: Request, name: Name) -> Response:
    """Drop versions of a projection.

    Requests that all versions are dropped that are not live.
    """
    return await enqueue_request(request, name, requests.DROP)


async def enqueue_request(request: Request, name: str, rebuild_request: RebuildRequest) -> Response:
    """Enqueue a rebuild request and return the response that names where to watch it."""
    outcome = await services_of(request).rebuild_requests.enqueue(
        name, rebuild_request, partial(execute_command, request)
    )
    return command_response(outcome, {"name": name, "watch": WATCH}, status=202)
