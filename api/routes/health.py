"""What operators ask: alive, ready, and the numbers. Ready does not need NATS, because booking does not."""

from collections.abc import Mapping
from contextlib import suppress

from fastapi import Request, Response

from api.dependencies import Services, services_of
from api.http.commands import json_response
from api.http.metrics import TEXT
from api.http.routing import operations_router
from api.schemas.health import Alive, Ready
from eventstore.errors import ClockBehind, StoreUnavailable
from projections.engine.status import list_statuses

router = operations_router("operations")


@router.get("/livez", responses={200: {"model": Alive}})
async def livez() -> Response:
    """Say that the process answers."""
    return json_response({"status": "alive"})


@router.get("/readyz", responses={200: {"model": Ready}})
async def readyz(request: Request) -> Response:
    """Say whether commands can be carried out, and how the read models stand."""
    services = services_of(request)
    clock = await services.store.clock()
    if clock.refuses:
        raise ClockBehind(f"The database's clock is {clock.behind} behind the last event.")
    reports = await list_statuses(await services.positions.states(), services.store, services.clock.now())
    return json_response(
        {
            "status": "ready",
            "head": clock.position,
            "lag": {report.state.name: report.lag for report in reports},
            "projections": {report.state.name: report.displayed_state for report in reports},
            "processes": {standing.name: standing.state for standing in await services.processes.all()},
            "parts": services.parts(),
            "sandbox": services.api_settings.sandbox_url,
            "warnings": services.api_settings.warnings,
        }
    )


@router.get("/metrics", responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """Show the numbers as Prometheus reads them."""
    services = services_of(request)
    gauges = {
        "admission_running": services.concurrency_limit.running,
        "admission_waiting": services.concurrency_limit.waiting,
        "admission_refused_total": services.concurrency_limit.refused,
        **{name: count() for name, count in services.counters.items()},
        **await process_gauges(services),
    }
    return Response(services.metrics.text(gauges), media_type=TEXT)


async def process_gauges(services: Services) -> Mapping[str, float]:
    """Return the numbers of the processes; none while the database does not answer."""
    with suppress(StoreUnavailable):
        standings = await services.processes.all()
        return {
            f'process_{what}{{process="{standing.name}"}}': number
            for standing in standings
            for what, number in {
                "failed": standing.failed_at is not None,
                "position": standing.position,
                "work_waiting": standing.waiting,
                "work_retrying": standing.retrying,
            }.items()
        }
    return {}
