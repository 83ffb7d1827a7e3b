"""Liveness, readiness and metrics. Readiness does not depend on NATS, because bookings do not."""

from collections.abc import Mapping
from contextlib import suppress

from fastapi import Request, Response

from api.dependencies import Services, services_of
from api.http.commands import json_response
from api.http.metrics import TEXT
from api.http.routing import operations_router
from api.schemas.operations.health import Alive, Ready
from eventstore.errors import ClockBehind, StoreUnavailable
from projections.engine.status import list_statuses

router = operations_router("operations")


@router.get("/livez", responses={200: {"model": Alive}})
async def get_liveness() -> Response:
    """Check liveness.

    Returns 200 while the server process responds.
    """
    return json_response({"status": "alive"})


@router.get("/readyz", responses={200: {"model": Ready}})
async def get_readiness(request: Request) -> Response:
    """Check readiness.

    Returns 200 while commands can be executed, with the state of read models and processes.
    """
    services = services_of(request)
    clock = await services.store.clock()
    if clock.refuses:
        raise ClockBehind(f"The database's clock is {clock.behind} behind the last event.")
    statuses = await list_statuses(await services.positions.states(), services.store, services.clock.now())
    return json_response(
        {
            "status": "ready",
            "head": clock.position,
            "lag": {status.state.name: status.lag for status in statuses},
            "projections": {status.state.name: status.displayed_state for status in statuses},
            "processes": {process.name: process.state for process in await services.processes.all()},
            "parts": services.parts(),
            "sandbox": services.api_settings.sandbox_url,
            "warnings": services.api_settings.warnings,
        }
    )


@router.get(
    "/metrics", response_class=Response, responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
)
async def get_metrics(request: Request) -> Response:
    """Get metrics.

    Returns all metrics in the Prometheus text format.
    """
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
    """Return the metrics of the processes; none while the database is unavailable."""
    with suppress(StoreUnavailable):
        statuses = await services.processes.all()
        return {
            f'process_{what}{{process="{status.name}"}}': number
            for status in statuses
            for what, number in {
                "failed": status.failed_at is not None,
                "position": status.position,
                "work_waiting": status.waiting,
                "work_retrying": status.retrying,
            }.items()
        }
    return {}
