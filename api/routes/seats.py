"""The seat map of a performance, what changes on it, and what staff does to it."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Query, Request, Response

from api.auth.identity import identity_of
from api.auth.visibility import require_visible_seats
from api.dependencies import services_of
from api.http.commands import POSITION_MAX, MinPosition, command_response, execute_command, negotiated_json
from api.http.fast_path import fast_router
from api.http.problems import problem_responses
from api.http.routing import business_router
from api.live import EVENT_STREAM, Known, LiveResponse, read_event_id
from api.presenters.values import Body
from api.schemas.seats import BlockRequest, Seats, SeatsResult, UnblockRequest
from domain.decisions.blocking import BlockSeats, block_seats, unblock_seats
from domain.seat import SEAT
from eventstore.command import Outcome

hot_router = fast_router("seats")
router = business_router("seats")


@hot_router.get(
    "/performances/{performance_id}/seats",
    responses={200: {"model": Seats}, 304: {"description": "The seats are as you know them."}},
)
async def show_seats(
    request: Request,
    performance_id: UUID,
    if_none_match: Annotated[str | None, Header(description="The ETag you have.")] = None,
    min_position: MinPosition = None,
) -> Response:
    """Show where every seat stands that is not free, and how much of each standing area is left."""
    performance = str(performance_id)
    await require_visible_seats(request, performance)
    snapshot = await services_of(request).live.snapshot(performance, min_position or 0)
    headers = {"ETag": snapshot.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if if_none_match is not None and snapshot.etag in if_none_match:
        return Response(status_code=304, headers=headers)
    return negotiated_json(request, snapshot.plain, snapshot.compressed, headers)


@router.get(
    "/performances/{performance_id}/live",
    responses={
        200: {
            "description": (
                "Server-sent events; a client that comes back sends the last id, as browsers do. `seats`: `{position, "
                "states: {seat: state}, areas: […]}`, absolute states of what changed, areas as `/seats` shows them; a "
                "hold or block whose deadline passes is told as `free`. `reset`: fetch `/seats` again, at `position` "
                "or later: too much changed, or what was told before does not hold any more. Comments keep the "
                "connection alive."
            ),
            "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
        },
        **problem_responses(429),
    },
)
async def watch_seats(
    request: Request,
    performance_id: UUID,
    after: Annotated[int | None, Query(ge=0, le=POSITION_MAX, description="The position of `/seats`.")] = None,
    last_event_id: Annotated[str | None, Header(description="Sent by browsers that come back.")] = None,
) -> Response:
    """Tell what changes on the seat map, from a position on."""
    performance, known = str(performance_id), read_event_id(last_event_id)
    if known is None and after is not None:
        known = Known(after, None)
    await require_visible_seats(request, performance)
    services = services_of(request)
    client = services.clients.of(request)
    return LiveResponse(await services.live.to_watch(performance, client), known, services.live.crowd, client)


@router.post("/performances/{performance_id}/seats/block", responses={200: {"model": SeatsResult}})
async def block(request: Request, performance_id: UUID, body: BlockRequest) -> Response:
    """Take seats off sale, every one of them or none; `seats_taken` names those that are sold or held."""
    performance = str(performance_id)
    command = BlockSeats(
        performance=performance,
        seats=tuple(body.seats),
        reason=body.reason,
        owner=identity_of(request).account,
        release_at=body.release_at,
    )
    inventory = await services_of(request).place_finder.inventory_of(performance)
    outcome = await execute_command(request, lambda context: block_seats(context, command, inventory))
    return command_response(outcome, blocked_seats_json(performance, outcome))


@router.post("/performances/{performance_id}/seats/unblock", responses={200: {"model": SeatsResult}})
async def unblock(request: Request, performance_id: UUID, body: UnblockRequest) -> Response:
    """Put seats back on sale; those that are not blocked, or for another reason than the given, stay as they are."""
    performance, seats = str(performance_id), tuple(body.seats)
    inventory = await services_of(request).place_finder.inventory_of(performance)
    outcome = await execute_command(
        request,
        lambda context: unblock_seats(
            context, performance=performance, seats=seats, reason=body.reason, inventory=inventory
        ),
    )
    return command_response(outcome, blocked_seats_json(performance, outcome))


def blocked_seats_json(performance: str, outcome: Outcome) -> Body:
    """Show which seats a command changed."""
    prefix = SEAT.stream(performance, "")
    changed = dict.fromkeys(stream.removeprefix(prefix) for stream, _ in outcome.events)
    return {"performance_id": performance, "seats": list(changed)}
