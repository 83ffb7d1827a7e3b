"""From a wish for places to a command: which places are meant, and what becomes of them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from fastapi import Request
from uuid_utils.compat import uuid7

from api.commands import BUYING, carry_out, judge_anew
from api.engine import engine_of
from api.identity import identity_of
from api.places import AreaWish
from api.schemas.holds import AreaItem, SeatItem
from api.visibility import must_see_performance
from domain.basket import AreaCandidates, HoldSeats, check_request
from domain.books import Changes, DecisionContext
from domain.errors import AreaSoldOut, NotOnSale, UnknownSeats
from domain.hold import HoldPlaced
from domain.layout.inventory import Inventory
from domain.pricing import Choice
from eventstore.command import Outcome

HOLD_LASTS = timedelta(minutes=10)
EXTENSION = timedelta(minutes=5)
DRAWS_MAX = 3

Item = SeatItem | AreaItem
Decide = Callable[[DecisionContext, HoldSeats, Inventory], Changes]


async def buy(request: Request, performance: str, items: Sequence[Item], decide: Decide) -> Outcome:
    """Carry out a command for places of a performance.

    Raises:
        NotFound: there is no such performance, or its event is a draft of somebody else's.
        What `decide` refuses with, and what `carry_out` raises.
    """
    try:
        return await buy_places(request, performance, items, decide)
    except (NotOnSale, UnknownSeats):
        await must_see_performance(request, performance)
        raise


async def buy_places(request: Request, performance: str, items: Sequence[Item], decide: Decide) -> Outcome:
    """Carry out a command for seats, or for places of standing areas, too."""
    wish = HoldSeats(
        hold=str(uuid7()),
        holder=identity_of(request).account,
        performance=performance,
        choices=tuple(Choice(seat=item.seat, ticket_type=item.ticket_type) for item in items if type(item) is SeatItem),
        duration=HOLD_LASTS,
    )
    areas = [item for item in items if type(item) is AreaItem]
    if areas:
        return await buy_standing(request, wish, areas, decide)
    return await take(request, wish, await engine_of(request).places.inventory_of(performance), decide)


async def take(request: Request, wish: HoldSeats, inventory: Inventory, decide: Decide) -> Outcome:
    """Carry out the command, once it is known which places are meant."""
    return await carry_out(request, lambda context: decide(context, wish, inventory), assume_new=BUYING)


async def buy_standing(request: Request, wish: HoldSeats, areas: Sequence[AreaItem], decide: Decide) -> Outcome:
    """Buy places of standing areas, too; nobody is told "sold out" before a fresh look at the log.

    Raises:
        AreaSoldOut: too few places are left.
        UnknownSeats: there is no such area.
    """
    unplaced = [AreaCandidates(area=item.area, quantity=item.quantity, candidates=()) for item in areas]
    check_request(replace(wish, area_candidates=tuple(unplaced)))
    places = engine_of(request).places
    inventory = await places.inventory_of(wish.performance)
    wanted = [AreaWish(area=item.area, quantity=item.quantity, ticket_type=item.ticket_type) for item in areas]
    looked_since: float | None = None
    for _ in range(DRAWS_MAX):
        began_at = asyncio.get_running_loop().time()
        draws = await places.draw(wish.performance, inventory, wanted, looked_since=looked_since)
        try:
            outcome = await take(request, replace(wish, area_candidates=draws), inventory, decide)
        except AreaSoldOut as refusal:
            if looked_since is not None and any(len(draw.candidates) < draw.quantity for draw in draws):
                raise
            looked_since, sold_out = began_at, refusal
            judge_anew(request)
        else:
            places.note_taken(wish.performance, outcome.of(HoldPlaced).lines)
            return outcome
    raise sold_out
