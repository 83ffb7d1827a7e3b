"""Requests for places: choose the places and run the command."""

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
from domain.decisions.holding import HoldSeats, check_request
from domain.decisions.seat_claims import AreaCandidates
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
    """Run a command that takes places of a performance.

    Raises:
        NotFound: no such performance, or its event is a draft of another organizer.
        Rejected: the decision's refusals.
    """
    try:
        return await book_places(request, performance, items, decide)
    except (NotOnSale, UnknownSeats):
        await require_visible_performance(request, performance)
        raise


async def book_places(request: Request, performance: str, items: Sequence[Item], decide: Decide) -> Outcome:
    """Run the command for seats, and for places of standing areas if requested."""
    hold_request = HoldSeats(
        hold=str(uuid7()),
        holder=identity_of(request).account,
        performance=performance,
        choices=tuple(Choice(seat=item.seat, ticket_type=item.ticket_type) for item in items if type(item) is SeatItem),
        duration=HOLD_DURATION,
    )
    areas = [item for item in items if type(item) is AreaItem]
    if areas:
        return await book_areas(request, hold_request, areas, decide)
    return await submit(
        request, hold_request, await services_of(request).place_finder.inventory_of(performance), decide
    )


async def submit(request: Request, hold_request: HoldSeats, inventory: Inventory, decide: Decide) -> Outcome:
    """Run the command for the chosen places."""
    return await execute_command(
        request, lambda context: decide(context, hold_request, inventory), assume_new=ASSUMED_NEW_STREAMS
    )


async def book_areas(request: Request, hold_request: HoldSeats, areas: Sequence[AreaItem], decide: Decide) -> Outcome:
    """Run the command for places of standing areas, with retries.

    `AreaSoldOut` is raised only after the free places were read again from the log.

    Raises:
        AreaSoldOut: too few places are left.
        UnknownSeats: no such area.
    """
    unplaced = [AreaCandidates(area=item.area, quantity=item.quantity, candidates=()) for item in areas]
    check_request(replace(hold_request, area_candidates=tuple(unplaced)))
    places = services_of(request).place_finder
    inventory = await places.inventory_of(hold_request.performance)
    area_requests = [
        AreaRequest(area=item.area, quantity=item.quantity, ticket_type=item.ticket_type) for item in areas
    ]
    refreshed_after: float | None = None
    for _ in range(AREA_ATTEMPTS_MAX):
        attempt_started_at = asyncio.get_running_loop().time()
        draws = await places.find_candidates(
            hold_request.performance, inventory, area_requests, refreshed_after=refreshed_after
        )
        try:
            outcome = await submit(request, replace(hold_request, area_candidates=draws), inventory, decide)
        except AreaSoldOut as refusal:
            if refreshed_after is not None and any(len(draw.candidates) < draw.quantity for draw in draws):
                raise
            refreshed_after, sold_out = attempt_started_at, refusal
            treat_as_new_attempt(request)
        else:
            places.mark_taken(hold_request.performance, outcome.of(HoldPlaced).lines)
            return outcome
    raise sold_out
