"""How the processes stand, and what admins do when one has failed."""

from functools import partial
from typing import Annotated

from fastapi import Path, Request, Response

from api.dependencies import services_of
from api.http.commands import MinPosition, command_response, execute_command, json_response, wait_for_position
from api.http.routing import business_router
from api.presenters.values import Body
from api.schemas.processes import ProcessesResponse, ProcessResult
from domain.operations.process import ProcessStatus, require_status, retry

NAME_LENGTH_MAX = 50

Name = Annotated[str, Path(max_length=NAME_LENGTH_MAX, examples=["settle_payments"])]

router = business_router("processes")


@router.get("/processes", responses={200: {"model": ProcessesResponse}})
async def list_processes(request: Request, min_position: MinPosition = None) -> Response:
    """List every process: how far behind the log it is, what it still has to do, and why it failed if it did."""
    await wait_for_position(request, min_position)
    services = services_of(request)
    head = await services.store.head()
    return json_response({"items": [process_json(one, head) for one in await services.processes.all()], "next": None})


@router.post("/processes/{process}/retry", responses={200: {"model": ProcessResult}})
async def retry_process(request: Request, process: Name) -> Response:
    """Let a process that failed try again at once."""
    services = services_of(request)
    standing = require_status(await services.processes.all(), process)
    outcome = await execute_command(request, partial(retry, snapshot=standing))
    if not outcome.replayed:
        await services.processes.retry(process)
    return command_response(outcome, {"name": process})


def process_json(standing: ProcessStatus, head: int) -> Body:
    """Show one process."""
    return {
        "name": standing.name,
        "state": standing.state,
        "position": standing.position,
        "lag": max(0, head - standing.position),
        "heartbeat_at": standing.heartbeat_at,
        "error": standing.error,
        "failed_position": standing.failed_position,
        "failed_at": standing.failed_at,
        "tries": standing.tries,
        "retry_at": standing.retry_at,
        "waiting": standing.waiting,
        "retrying": standing.retrying,
    }
