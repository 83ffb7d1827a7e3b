"""What operators ask: alive, ready, and the numbers. Ready does not need NATS, because booking does not."""

from collections.abc import Mapping
from contextlib import suppress

from fastapi import Request, Response

from api.commands import shown
from api.engine import Engine, engine_of
from api.metrics import TEXT
from api.routing import operations_router
from api.schemas.health import Alive, Ready
from eventstore.errors import ClockBehind, StoreUnavailable
from projections.reports import list_statuses

router = operations_router("operations")


@router.get("/livez", responses={200: {"model": Alive}})
async def livez() -> Response:
    """Say that the process answers."""
    return shown({"status": "alive"})


@router.get("/readyz", responses={200: {"model": Ready}})
async def readyz(request: Request) -> Response:
    """Say whether commands can be carried out, and how the read models stand."""
    engine = engine_of(request)
    clock = await engine.store.clock()
    if clock.refuses:
        raise ClockBehind(f"The database's clock is {clock.behind} behind the last event.")
    reports = await list_statuses(await engine.positions.states(), engine.store, engine.clock.now())
    return shown(
        {
            "status": "ready",
            "head": clock.position,
            "lag": {report.state.name: report.lag for report in reports},
            "projections": {report.state.name: report.displayed_state for report in reports},
            "processes": {standing.name: standing.state for standing in await engine.processes.all()},
            "parts": engine.parts(),
            "sandbox": engine.terms.sandbox_url,
            "warnings": engine.terms.warnings,
        }
    )


@router.get("/metrics", responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """Show the numbers as Prometheus reads them."""
    engine = engine_of(request)
    gauges = {
        "admission_running": engine.admission.running,
        "admission_waiting": engine.admission.waiting,
        "admission_refused_total": engine.admission.refused,
        **{name: count() for name, count in engine.counters.items()},
        **await process_gauges(engine),
    }
    return Response(engine.metrics.text(gauges), media_type=TEXT)


async def process_gauges(engine: Engine) -> Mapping[str, float]:
    """Return the numbers of the processes; none while the database does not answer."""
    with suppress(StoreUnavailable):
        standings = await engine.processes.all()
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
