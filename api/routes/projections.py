"""How the read models stand."""

from fastapi import Request, Response

from api.commands import MinPosition, caught_up, shown
from api.engine import engine_of
from api.routing import business_router
from api.schemas.operators import Projections

router = business_router("projections")


@router.get("/projections", responses={200: {"model": Projections}})
async def list_projections(request: Request, min_position: MinPosition = None) -> Response:
    """List every read model with its position, how far it is behind the log, and why it stands still if it does."""
    engine = engine_of(request)
    states = await engine.positions.states()
    await caught_up(request, min_position, *(state.name for state in states))
    states, head = await engine.positions.states(), await engine.store.head()
    items = [
        {
            "name": state.name,
            "position": state.position,
            "lag": max(0, head - state.position),
            "state": state.state,
            "version": state.version,
            "owner": state.owner,
            "heartbeat_at": state.heartbeat_at,
            "error": state.error,
            "failed_position": state.failed_position,
        }
        for state in states
    ]
    return shown({"items": items, "next": None})
