"""Processes: their status, and the retry of failed ones."""

from functools import partial
from typing import Annotated

from fastapi import Path, Request, Response

from api.dependencies import services_of
from api.http.commands import MinPosition, command_response, execute_command, json_response, wait_for_position
from api.http.routing import business_router
from api.presenters.values import Body
from api.schemas.operations.processes import ProcessesResponse, ProcessResult
from domain.operations.process import ProcessStatus, require_status, retry

NAME_LENGTH_MAX = 50

Name = Annotated[str, Path(max_length=NAME_LENGTH_MAX, examples=["settle_payments"])]

router = business_router("operations")


@router.get("/processes", responses={200: {"model": ProcessesResponse}})
async def list_processes(request: Request, min_position: MinPosition = None) -> Response:
    """List processes.

    Lists every process with its lag behind the log, its remaining work and its error.
    """
    await wait_for_position(request, min_position)
    services = services_of(request)
    head = await services.store.head()
    return json_response({"items": [process_json(one, head) for one in await services.processes.all()], "next": None})


@router.post("/processes/{process}/retry", responses={200: {"model": ProcessResult}})
async def retry_process(request: Request, process: Name) -> Response:
    """Retry a process.

    Runs a failed process again without waiting for its next attempt.
    """
    services = services_of(request)
    status = require_status(await services.processes.all(), process)
    outcome = await execute_command(request, partial(retry, snapshot=status))
    if not outcome.replayed:
        await services.processes.retry(process)
    return command_response(outcome, {"name": process})


def process_json(status: ProcessStatus, head: int) -> Body:
    """Return the status of a process as JSON."""
    return {
        "name": status.name,
        "state": status.state,
        "position": status.position,
        "lag": max(0, head - status.position),
        "heartbeat_at": status.heartbeat_at,
        "error": status.error,
        "failed_position": status.failed_position,
        "failed_at": status.failed_at,
        "tries": status.tries,
        "retry_at": status.retry_at,
        "waiting": status.waiting,
        "retrying": status.retrying,
    }
