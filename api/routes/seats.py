"""The seat map of a performance, and what staff does to it."""

import hashlib
from collections import Counter
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Header, Request, Response

from api.commands import MinPosition, answer, carry_out, caught_up, shown
from api.engine import engine_of
from api.identity import identity_of
from api.presenters.values import Body
from api.routing import business_router
from api.schemas.seats import BlockWish, Seats, SeatsWritten, UnblockWish
from api.visibility import must_see_performance
from domain.blocking import BlockSeats, block_seats, unblock_seats
from domain.layout.inventory import Inventory
from domain.seat import SEAT
from eventstore.handler import Outcome
from projections.seat_map import NAME, read_seat_map

STATES = ("held", "sold", "blocked")

router = business_router("seats")


@router.get(
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
    engine, performance = engine_of(request), str(performance_id)
    await must_see_performance(request, performance)
    inventory = await engine.places.inventory_of(performance)
    await caught_up(request, min_position, NAME)
    seats = await read_seat_map(engine.read_models, performance=performance)
    states = seat_states(inventory, list(seats.at(engine.clock.now())))
    etag = f'W/"{hashlib.sha256(orjson.dumps(states)).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if if_none_match is not None and etag in if_none_match:
        return Response(status_code=304, headers=headers)
    return shown({"performance_id": performance, "position": seats.position, **states}, headers=headers)


def seat_states(inventory: Inventory, taken: list[tuple[str, str]]) -> Body:
    """Show seats by state, and count the places of standing areas, which nobody is shown."""
    states: dict[str, list[str]] = {state: [] for state in STATES}
    counted: Counter[tuple[str, str]] = Counter()
    for key, state in taken:
        index = inventory.index(key)
        if index is not None and index < inventory.seat_count:
            states[state].append(key)
        elif (place := inventory.place(key)) is not None:
            counted[place.area or "", state] += 1
    for seats in states.values():
        seats.sort()
    areas = []
    for key, area in inventory.areas.items():
        known = {state: counted[key, state] for state in STATES}
        left = area.capacity - sum(known.values())
        areas.append({"area": key, "capacity": area.capacity, **known, "available": left})
    return {"states": states, "areas": areas}


@router.post("/performances/{performance_id}/seats/block", responses={200: {"model": SeatsWritten}})
async def block(request: Request, performance_id: UUID, body: BlockWish) -> Response:
    """Take seats off sale, every one of them or none; `seats_taken` names those that are sold or held."""
    performance = str(performance_id)
    command = BlockSeats(
        performance=performance,
        seats=tuple(body.seats),
        reason=body.reason,
        owner=identity_of(request).account,
        release_at=body.release_at,
    )
    inventory = await engine_of(request).places.inventory_of(performance)
    outcome = await carry_out(request, lambda books: block_seats(books, command, inventory))
    return answer(outcome, written(performance, outcome))


@router.post("/performances/{performance_id}/seats/unblock", responses={200: {"model": SeatsWritten}})
async def unblock(request: Request, performance_id: UUID, body: UnblockWish) -> Response:
    """Put seats back on sale; those that are not blocked, or for another reason than the given, stay as they are."""
    performance, seats = str(performance_id), tuple(body.seats)
    inventory = await engine_of(request).places.inventory_of(performance)
    outcome = await carry_out(
        request,
        lambda books: unblock_seats(
            books, performance=performance, seats=seats, reason=body.reason, inventory=inventory
        ),
    )
    return answer(outcome, written(performance, outcome))


def written(performance: str, outcome: Outcome) -> Body:
    """Show which seats a command changed."""
    prefix = SEAT.stream(performance, "")
    changed = dict.fromkeys(stream.removeprefix(prefix) for stream, _ in outcome.events)
    return {"performance_id": performance, "seats": list(changed)}
