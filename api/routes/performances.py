"""Performances: schedule, update, delete, and their layout."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Request, Response
from uuid_utils.compat import uuid7

from api.auth.visibility import require_visible_performance
from api.dependencies import services_of
from api.http.commands import (
    JSON,
    MinPosition,
    command_response,
    execute_command,
    json_response,
    negotiated_json,
    wait_for_position,
)
from api.http.entity_tags import IfMatch, etag_header, require_current_etag
from api.http.problems import problem_responses
from api.http.requests.performance_requests import entry_rules_of, limits_of, prices_of, to_change_command
from api.http.routing import business_router
from api.presenters import catalogue as present
from api.presenters.values import Body, id_of
from api.queries.event_deletion import archive_unused, deletion_of_performance
from api.schemas.performances import (
    PerformanceChange,
    PerformanceDeleted,
    PerformanceRequest,
    PerformanceResponse,
    PerformanceResult,
)
from application.event_reader import read_events
from domain import event as events
from domain.decision import Changes, DecisionContext
from domain.decisions import scheduling
from domain.decisions.deletion import DeletionStatus
from domain.errors import Invalid, NotFound
from domain.event import EVENT, EventStatus, ListedEvent
from domain.performance import PERFORMANCE, PerformanceScheduled, require_performance
from domain.venue import require_layout
from projections.seat_map.fold import SEAT_MAP
from projections.seat_map.queries import count_seats

FOR_EVER = "public, max-age=31536000, immutable"

router = business_router("performances")


@router.post("/events/{event_id}/performances", status_code=201, responses={201: {"model": PerformanceResult}})
async def schedule_performance(request: Request, event_id: UUID, body: PerformanceRequest) -> Response:
    """Schedule a performance.

    Creates a performance of an event. Its places come from the layout, which must belong to the event's venue. Sales
    begin at `on_sale_at`, at once if it is omitted.
    """
    services, event, performance = services_of(request), str(event_id), str(uuid7())
    layout = await services.handler.query(lambda context: require_layout(context, body.layout_id))
    inventory = await services.inventories.of(body.layout_id)
    currency, prices = await prices_of(services, body.layout_id, body.prices)
    on_sale_at = body.on_sale_at or services.clock.now()

    def decide(context: DecisionContext) -> Changes:
        state = require_event_at(context, event, layout.venue)
        scheduled = PerformanceScheduled(
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
        return scheduling.schedule(context, performance, scheduled)

    outcome = await execute_command(request, decide)
    ((stream, scheduled),) = outcome.events
    known = present.scheduled_performance(id_of(stream), scheduled)
    return command_response(outcome, await with_sales_status(request, known), status=201)


def require_event_at(context: DecisionContext, event: str, layout_venue: str) -> ListedEvent:
    """Return an event that takes place at the venue of a layout.

    Raises:
        NotFound: no such event.
        Invalid: the event takes place at another venue.
    """
    state = events.require_event(context, event)
    if state.venue != layout_venue:
        raise Invalid("The layout belongs to another venue than the event.", venue=state.venue)
    return state


@router.get("/performances/{performance_id}", tags=["catalogue"], responses={200: {"model": PerformanceResponse}})
async def get_performance(request: Request, performance_id: UUID, min_position: MinPosition = None) -> Response:
    """Get a performance.

    Returns the performance and its availability. The `ETag` is the `If-Match` of an update.
    """
    services, performance = services_of(request), str(performance_id)
    await require_visible_performance(request, performance)
    await wait_for_position(request, min_position, SEAT_MAP.name)
    known = await performance_json(request, performance)
    counted = await count_seats(services.read_models, performances=[performance], now=services.clock.now())
    left = present.availability(counted[performance], known["seat_count"])
    return json_response({**await with_sales_status(request, known), "availability": left}, headers=etag_header(known))


@router.patch(
    "/performances/{performance_id}",
    responses={200: {"model": PerformanceResult}, **problem_responses(412)},
)
async def update_performance(
    request: Request, performance_id: UUID, body: PerformanceChange, if_match: IfMatch = None
) -> Response:
    """Update a performance.

    Changes the given fields: times, prices, limits, sales state, entry rules. Allowed until 48 hours after the start;
    the entry rules can change later too, unless the performance is cancelled. A new start must be in the future; until
    then owners of tickets may request a refund.
    """
    performance = str(performance_id)
    command = await to_change_command(services_of(request), performance, body)
    scheduled = await read_scheduled_event(request, performance)

    def decide(context: DecisionContext) -> Changes:
        state = require_performance(context, performance)
        require_current_etag(if_match, present.performance_from_state(performance, scheduled, state))
        return scheduling.change(context, command)

    outcome = await execute_command(request, decide)
    known = await performance_json(request, performance)
    return command_response(outcome, await with_sales_status(request, known), headers=etag_header(known))


async def read_scheduled_event(request: Request, performance: str) -> PerformanceScheduled:
    """Return the first event of a performance's stream.

    Raises:
        NotFound: no such performance.
    """
    services, stream = services_of(request), PERFORMANCE.stream(performance)
    events = (await read_events(services, stream))[stream]
    if not events:
        raise NotFound("There is no such performance.")
    scheduled: PerformanceScheduled = events[0]
    return scheduled


async def performance_json(request: Request, performance: str) -> Body:
    """Return a performance's own fields, read from the log."""
    state = await services_of(request).handler.query(lambda context: require_performance(context, performance))
    return present.performance_from_state(performance, await read_scheduled_event(request, performance), state)


async def with_sales_status(request: Request, known: Body) -> Body:
    """Return the performance with its current sales status."""
    services = services_of(request)
    state = await services.handler.query(lambda context: context.read(EVENT, known["event_id"]))
    published = isinstance(state, ListedEvent) and state.status is EventStatus.PUBLISHED
    return present.with_sales(known, published=published, now=services.clock.now())


@router.delete("/performances/{performance_id}", responses={200: {"model": PerformanceDeleted}})
async def delete_performance(request: Request, performance_id: UUID) -> Response:
    """Delete a performance.

    Archives the performance: it is no longer listed. Refused if a seat of it was ever held or sold (`has_bookings`);
    cancel it instead.
    """
    finished = await archive_unused(request, deletion_of_performance(request, str(performance_id)))
    return command_response(finished, {"performance_id": str(performance_id), "status": DeletionStatus.ARCHIVED})


@router.get(
    "/performances/{performance_id}/layout",
    tags=["catalogue"],
    responses={
        200: {"description": "The public layout.", "content": {JSON: {"schema": {}}}},
        304: {"description": "The layout matches `If-None-Match`."},
    },
)
async def get_performance_layout(
    request: Request,
    performance_id: UUID,
    if_none_match: Annotated[str | None, Header(description="The `ETag` of the cached copy.")] = None,
    min_position: MinPosition = None,
) -> Response:
    """Get the layout of a performance.

    Returns the public layout that clients draw: rows, seat keys and labels. It never changes and may be cached for
    ever.
    """
    await wait_for_position(request, min_position)
    services, performance = services_of(request), str(performance_id)
    await require_visible_performance(request, performance)
    layout = (await services.handler.query(lambda context: require_performance(context, performance))).layout
    headers = {"Cache-Control": FOR_EVER, "ETag": f'W/"{layout}"', "Vary": "Accept-Encoding"}
    if if_none_match is not None and headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    drawing = await services.layout_documents.get(layout)
    return negotiated_json(request, drawing.plain, drawing.compressed, headers)
