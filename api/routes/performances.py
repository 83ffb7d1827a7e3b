"""Performances: announced, changed, called off and drawn."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Header, Request, Response
from uuid_utils.compat import uuid7

from api.commands import JSON, MinPosition, answer, carry_out, caught_up, json_of, shown
from api.deleting import archive_unused, performance_removal
from api.editions import IfMatch, edition_header, require_edition
from api.engine import engine_of
from api.facts import recall
from api.presenters import catalogue as present
from api.presenters.values import Body, id_of
from api.problems import documented
from api.routing import business_router
from api.scheduling import changed, entry_rules_of, limits_of, prices_of
from api.schemas.performances import (
    PerformanceChange,
    PerformanceDeleted,
    PerformanceShown,
    PerformanceWish,
    PerformanceWritten,
)
from api.visibility import must_see_performance
from domain import event as events
from domain import scheduling
from domain.books import Changes, DecisionContext
from domain.deletion import DeletionStatus
from domain.errors import Invalid, NotFound
from domain.event import EVENT, EventStatus, ListedEvent
from domain.performance import PERFORMANCE, PerformanceScheduled, require_performance
from domain.venue import require_layout
from projections import seat_map

FOR_EVER = "public, max-age=31536000, immutable"

CHANGES = (
    "Move a performance, change its prices or limits, pause, resume or close its sales, until "
    f"{scheduling.CHANGES_AFTER_START_MAX // timedelta(hours=1)} hours after its start. A new start lies ahead; until "
    "then owners may ask for their money back. The entry rules can change as long as it is not cancelled."
)

router = business_router("performances")


@router.post("/events/{event_id}/performances", status_code=201, responses={201: {"model": PerformanceWritten}})
async def schedule_performance(request: Request, event_id: UUID, body: PerformanceWish) -> Response:
    """Announce a showing; its seats come from the layout, which must be one of the event's venue."""
    engine, event, performance = engine_of(request), str(event_id), str(uuid7())
    layout = await engine.handler.query(lambda context: require_layout(context, body.layout_id))
    inventory = await engine.inventories.of(body.layout_id)
    currency, prices = await prices_of(engine, body.layout_id, body.prices)
    on_sale_at = body.on_sale_at or engine.clock.now()

    def decide(context: DecisionContext) -> Changes:
        state = events.require_event(context, event)
        if layout.venue != state.venue:
            raise Invalid("The layout is of another venue.", venue=state.venue)
        wish = PerformanceScheduled(
            event=event,
            organizer=state.organizer,
            venue=state.venue,
            layout=body.layout_id,
            seats=len(inventory),
            currency=currency,
            starts_at=body.starts_at,
            doors_at=body.doors_at,
            on_sale_at=on_sale_at,
            prices=prices,
            limits=limits_of(body.limits),
            entry_rules=entry_rules_of(body.entry_rules),
        )
        return scheduling.schedule(context, performance, wish)

    outcome = await carry_out(request, decide)
    ((stream, scheduled),) = outcome.events
    known = present.scheduled_performance(id_of(stream), scheduled)
    return answer(outcome, await sold_now(request, known), status=201)


@router.get("/performances/{performance_id}", responses={200: {"model": PerformanceShown}})
async def show_performance(request: Request, performance_id: UUID, min_position: MinPosition = None) -> Response:
    """Show a performance and how much of it is left."""
    engine, performance = engine_of(request), str(performance_id)
    await must_see_performance(request, performance)
    await caught_up(request, min_position, seat_map.NAME)
    known = await performance_now(request, performance)
    counted = await seat_map.count_seats(engine.read_models, performances=[performance], now=engine.clock.now())
    left = present.availability(counted[performance], known["seat_count"])
    return shown({**await sold_now(request, known), "availability": left}, headers=edition_header(known))


@router.patch(
    "/performances/{performance_id}",
    responses={200: {"model": PerformanceWritten}, **documented(412)},
    description=CHANGES,
)
async def change_performance(
    request: Request, performance_id: UUID, body: PerformanceChange, if_match: IfMatch = None
) -> Response:
    """Change a performance."""
    performance = str(performance_id)
    command = await changed(engine_of(request), performance, body)
    scheduled = await scheduled_as(request, performance)

    def decide(context: DecisionContext) -> Changes:
        state = require_performance(context, performance)
        require_edition(if_match, present.performance_now(performance, scheduled, state))
        return scheduling.change(context, command)

    outcome = await carry_out(request, decide)
    known = await performance_now(request, performance)
    return answer(outcome, await sold_now(request, known), headers=edition_header(known))


async def scheduled_as(request: Request, performance: str) -> PerformanceScheduled:
    """Return a performance's first event.

    Raises:
        NotFound: there is no such performance.
    """
    engine, stream = engine_of(request), PERFORMANCE.stream(performance)
    events = (await recall(engine, stream))[stream]
    if not events:
        raise NotFound("There is no such performance.")
    scheduled: PerformanceScheduled = events[0]
    return scheduled


async def performance_now(request: Request, performance: str) -> Body:
    """Show a performance itself as it stands in the log."""
    state = await engine_of(request).handler.query(lambda context: require_performance(context, performance))
    return present.performance_now(performance, await scheduled_as(request, performance), state)


async def sold_now(request: Request, known: Body) -> Body:
    """Show a performance with whether it can be bought at the moment."""
    engine = engine_of(request)
    state = await engine.handler.query(lambda context: context.read(EVENT, known["event_id"]))
    published = isinstance(state, ListedEvent) and state.status is EventStatus.PUBLISHED
    return present.with_sales(known, published=published, now=engine.clock.now())


@router.delete("/performances/{performance_id}", responses={200: {"model": PerformanceDeleted}})
async def delete_performance(request: Request, performance_id: UUID) -> Response:
    """Remove a performance, unless any seat of it was ever held or sold (`has_bookings`); then cancel it."""
    finished = await archive_unused(request, performance_removal(request, str(performance_id)))
    return answer(finished, {"performance_id": str(performance_id), "status": DeletionStatus.ARCHIVED})


@router.get(
    "/performances/{performance_id}/layout",
    responses={
        200: {"description": "What a browser draws the seats from.", "content": {JSON: {"schema": {}}}},
        304: {"description": "It is what you have."},
    },
)
async def show_performance_layout(
    request: Request,
    performance_id: UUID,
    if_none_match: Annotated[str | None, Header(description="The ETag you have.")] = None,
    min_position: MinPosition = None,
) -> Response:
    """Give the drawing of a performance's seats: rows by rule, keys and labels. It never changes; keep it for ever."""
    await caught_up(request, min_position)
    engine, performance = engine_of(request), str(performance_id)
    await must_see_performance(request, performance)
    layout = (await engine.handler.query(lambda context: require_performance(context, performance))).layout
    headers = {"Cache-Control": FOR_EVER, "ETag": f'W/"{layout}"', "Vary": "Accept-Encoding"}
    if if_none_match is not None and headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    drawing = await engine.drawings.of(layout)
    return json_of(request, drawing.plain, drawing.compressed, headers)
