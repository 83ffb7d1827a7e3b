"""The versions of a read model: admins ask for a rebuild, a rollback or a drop, and watch it being done."""

from functools import partial
from typing import Annotated

from fastapi import Path, Request, Response
from fastapi.responses import StreamingResponse

from api.auth.access import PREFIX
from api.dependencies import services_of
from api.http.commands import command_response, execute_command
from api.http.routing import business_router
from api.live import EVENT_STREAM
from api.schemas.projections import RebuildRequestBody, UnskipRequest, VersionsRequested
from projections.rebuild import requests
from projections.rebuild.requests import RebuildRequest

NAME_LENGTH_MAX = 40
WATCH = f"{PREFIX}/projections/live"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Name = Annotated[str, Path(max_length=NAME_LENGTH_MAX, examples=["seat_map"])]

router = business_router("projections")


@router.get(
    "/projections/live",
    responses={
        200: {
            "description": (
                "Server-sent events, `projections`: `{position, items: [{name, state, version, schema, position, lag, "
                "error, build, retired}]}`, once a second at most and when something changed; `build` as `/projections`"
                " shows it, with its rate and the time left. Comments keep the connection alive."
            ),
            "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
        },
    },
)
async def watch(request: Request) -> Response:
    """Tell how every read model stands, and what is being built."""
    return StreamingResponse(services_of(request).projection_status.watch(), media_type=EVENT_STREAM, headers=HEADERS)


@router.post("/projections/{name}/rebuild", status_code=202, responses={202: {"model": VersionsRequested}})
async def rebuild(request: Request, name: Name, body: RebuildRequestBody) -> Response:
    """Ask for a read model to be folded anew beside the live version, compared and swapped; or for one performance."""
    return await ask(request, name, requests.rebuild(performance=body.performance_id, swap_anyway=body.swap_anyway))


@router.post("/projections/{name}/unskip", status_code=202, responses={202: {"model": VersionsRequested}})
async def unskip(request: Request, name: Name, body: UnskipRequest) -> Response:
    """Let a read model have a skipped event again: it is rebuilt with it and swapped in."""
    return await ask(request, name, requests.unskip(body.position))


@router.post("/projections/{name}/rollback", status_code=202, responses={202: {"model": VersionsRequested}})
async def roll_back(request: Request, name: Name) -> Response:
    """Ask for the version to be live again that was before the last swap."""
    return await ask(request, name, requests.ROLLBACK)


@router.delete("/projections/{name}/versions", status_code=202, responses={202: {"model": VersionsRequested}})
async def drop(request: Request, name: Name) -> Response:
    """Ask for the versions to be dropped that are not live."""
    return await ask(request, name, requests.DROP)


async def ask(request: Request, name: str, rebuild_request: RebuildRequest) -> Response:
    """Ask for something, and say where to watch it."""
    outcome = await services_of(request).asking.enqueue(name, rebuild_request, partial(execute_command, request))
    return command_response(outcome, {"name": name, "watch": WATCH}, status=202)
