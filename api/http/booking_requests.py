"""From a wish for places to a command: which places are meant, and what becomes of them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from fastapi import Request
from uuid_utils.compat import uuid7

from api.auth.identity import identity_of
from api.auth.visibility import require_visible_performance
from api.dependencies import services_of
from api.http.commands import ASSUMED_NEW_STREAMS, execute_command, treat_as_new_attempt
from api.schemas.holds import AreaItem, SeatItem
from application.place_finder import AreaRequest
from domain.decision import Changes, DecisionContext
from domain.decisions.holding import AreaCandidates, HoldSeats, check_request
from domain.errors import AreaSoldOut, NotOnSale, UnknownSeats
from domain.hold import HoldPlaced
from domain.layout.inventory import Inventory
from domain.pricing import Choice
from eventstore.command import Outcome

HOLD_DURATION = timedelta(minutes=10)
EXTENSION = timedelta(minutes=5)
AREA_ATTEMPTS_MAX = 3

Item = SeatItem | AreaItem
Decide = Callable[[DecisionContext, HoldSeats, Inventory], Changes]


async def book(request: Request, performance: str, items: Sequence[Item], decide: Decide) -> Outcome:
    """Carry out a command for places of a performance.

    Raises:
        NotFound: there is no such performance, or its event is a draft of somebody else's.
        What `decide` refuses with, and what `execute_command` raises.
    """
    try:
        return await book_places(request, performance, items, decide)
    except (NotOnSale, UnknownSeats):
        await require_visible_performance(request, performance)
        raise


async def book_places(request: Request, performance: str, items: Sequence[Item], decide: Decide) -> Outcome:
    """Carry out a command for seats, or for places of standing areas, too."""
    request_body = HoldSeats(
        hold=str(uuid7()),
        holder=identity_of(request).account,
        performance=performance,
        choices=tuple(Choice(seat=item.seat, ticket_type=item.ticket_type) for item in items if type(item) is SeatItem),
        duration=HOLD_DURATION,
    )
    areas = [item for item in items if type(item) is AreaItem]
    if areas:
        return await book_areas(request, request_body, areas, decide)
    return await submit(
        request, request_body, await services_of(request).place_finder.inventory_of(performance), decide
    )


async def submit(request: Request, request_body: HoldSeats, inventory: Inventory, decide: Decide) -> Outcome:
    """Carry out the command, once it is known which places are meant."""
    return await execute_command(
        request, lambda context: decide(context, request_body, inventory), assume_new=ASSUMED_NEW_STREAMS
    )


async def book_areas(request: Request, request_body: HoldSeats, areas: Sequence[AreaItem], decide: Decide) -> Outcome:
    """Buy places of standing areas, too; nobody is told "sold out" before a fresh look at the log.

    Raises:
        AreaSoldOut: too few places are left.
        UnknownSeats: there is no such area.
    """
    unplaced = [AreaCandidates(area=item.area, quantity=item.quantity, candidates=()) for item in areas]
    check_request(replace(request_body, area_candidates=tuple(unplaced)))
    places = services_of(request).place_finder
    inventory = await places.inventory_of(request_body.performance)
    wanted = [AreaRequest(area=item.area, quantity=item.quantity, ticket_type=item.ticket_type) for item in areas]
    refreshed_after: float | None = None
    for _ in range(AREA_ATTEMPTS_MAX):
        began_at = asyncio.get_running_loop().time()
        draws = await places.find_candidates(
            request_body.performance, inventory, wanted, refreshed_after=refreshed_after
        )
        try:
            outcome = await submit(request, replace(request_body, area_candidates=draws), inventory, decide)
        except AreaSoldOut as refusal:
            if refreshed_after is not None and any(len(draw.candidates) < draw.quantity for draw in draws):
                raise
            refreshed_after, sold_out = began_at, refusal
            treat_as_new_attempt(request)
        else:
            places.mark_taken(request_body.performance, outcome.of(HoldPlaced).lines)
            return outcome
    raise sold_out
