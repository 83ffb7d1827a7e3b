"""The seat map of a performance: snapshot, live updates, and blocks by staff."""

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
from api.live import EVENT_STREAM, ClientPosition, LiveResponse, read_event_id
from api.presenters.values import Body
from api.schemas.seats import BlockRequest, Seats, SeatsResult, UnblockRequest
from domain.decisions import blocking
from domain.seat import SEAT
from eventstore.command import Outcome

hot_router = fast_router("seats")
router = business_router("seats")


@hot_router.get(
    "/performances/{performance_id}/seats",
    responses={200: {"model": Seats}, 304: {"description": "The seat map matches `If-None-Match`."}},
)
async def get_seat_map(
    request: Request,
    performance_id: UUID,
    if_none_match: Annotated[str | None, Header(description="The `ETag` of the cached copy.")] = None,
    min_position: MinPosition = None,
) -> Response:
    """Get the seat map.

    Returns the keys of the seats that are held, sold or blocked, and the counts of each standing area. A seat that is
    not listed is free.
    """
    performance = str(performance_id)
    await require_visible_seats(request, performance)
    snapshot = await services_of(request).live.snapshot(performance, min_position or 0)
    headers = {"ETag": snapshot.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if if_none_match is not None and snapshot.etag in if_none_match:
        return Response(status_code=304, headers=headers)
    return negotiated_json(request, snapshot.plain, snapshot.compressed, headers)


@router.get(
    "/performances/{performance_id}/live",
    response_class=Response,
    responses={
        200: {
            "description": (
                "Server-sent events. `seats`: `{position, states: {seat: state}, areas: […]}` holds the absolute "
                "states of changed seats and areas, as in the seat map; a hold or block whose deadline has passed is "
                "`free`. `reset`: fetch the seat map again at `position` or later, because too much changed or earlier "
                "events are invalid. Comments keep the connection alive."
            ),
            "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
        },
        **problem_responses(429),
    },
)
async def watch_seat_map(
    request: Request,
    performance_id: UUID,
    after: Annotated[int | None, Query(ge=0, le=POSITION_MAX, description="The `position` of the seat map.")] = None,
    last_event_id: Annotated[str | None, Header(description="Sent by browsers when they reconnect.")] = None,
) -> Response:
    """Watch the seat map.

    Streams changes as server-sent events, from a position on: `after`, or the `Last-Event-ID` that browsers send when
    they reconnect.
    """
    performance, known = str(performance_id), read_event_id(last_event_id)
    if known is None and after is not None:
        known = ClientPosition(after, None)
    await require_visible_seats(request, performance)
    services = services_of(request)
    client = services.clients.of(request)
    return LiveResponse(await services.live.to_watch(performance, client), known, services.live.subscribers, client)


@router.post(
    "/performances/{performance_id}/seats/block", tags=["performances"], responses={200: {"model": SeatsResult}}
)
async def block_seats(request: Request, performance_id: UUID, body: BlockRequest) -> Response:
    """Block seats.

    Takes seats off sale, all or none. Refused if one is sold or held (`seats_taken` lists them).
    """
    performance = str(performance_id)
    command = blocking.BlockSeats(
        performance=performance,
        seats=tuple(body.seats),
        reason=body.reason,
        owner=identity_of(request).account,
        release_at=body.release_at,
    )
    inventory = await services_of(request).place_finder.inventory_of(performance)
    outcome = await execute_command(request, lambda context: blocking.block_seats(context, command, inventory))
    return command_response(outcome, blocked_seats_json(performance, outcome))


@router.post(
    "/performances/{performance_id}/seats/unblock", tags=["performances"], responses={200: {"model": SeatsResult}}
)
async def unblock_seats(request: Request, performance_id: UUID, body: UnblockRequest) -> Response:
    """Unblock seats.

    Puts blocked seats back on sale. Seats that are not blocked, or are blocked for another reason than the given one,
    do not change.
    """
    performance, seats = str(performance_id), tuple(body.seats)
    inventory = await services_of(request).place_finder.inventory_of(performance)
    outcome = await execute_command(
        request,
        lambda context: blocking.unblock_seats(
            context, performance=performance, seats=seats, reason=body.reason, inventory=inventory
        ),
    )
    return command_response(outcome, blocked_seats_json(performance, outcome))


def blocked_seats_json(performance: str, outcome: Outcome) -> Body:
    """Return the seats that a command changed as JSON."""
    prefix = SEAT.stream(performance, "")
    changed = dict.fromkeys(stream.removeprefix(prefix) for stream, _ in outcome.events)
    return {"performance_id": performance, "seats": list(changed)}
