"""The log and states as of earlier moments, for auditors."""

import asyncio
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Request, Response
from pydantic import StringConstraints

from api.dependencies import services_of
from api.http.as_of import AsOfParameter, historical_streams
from api.http.commands import POSITION_MAX, MinPosition, json_response, wait_for_position
from api.http.pagination import Limit
from api.http.problems import problem_responses
from api.http.requests.periods import require_period
from api.http.routing import business_router
from api.presenters import as_of as present
from api.schemas.fields.values import Timestamp
from api.schemas.operations.audit import OrderAsOf, RecordedEvents, SeatAsOf, SeatsAsOf, StreamAsOf
from audit.currencies import currencies_of
from audit.known import require_actor, require_known
from audit.log_search import Search, search
from audit.order_history import order_as_of
from audit.seat_history import seat_as_of
from domain.errors import NotFound
from domain.values import SEAT_KEY
from eventstore.store import STREAM_CHARACTERS_MAX, EventFilter, RecordedEvent
from projections.engine.queries import ModelMissing
from projections.exceptions.queries import exceptions_of_order

NAMES_MAX = 20
NAME_LENGTH_MAX = 80

After = Annotated[int, Query(ge=0, le=POSITION_MAX, description="Only events after this position.")]
AfterVersion = Annotated[int, Query(ge=0, le=POSITION_MAX, description="`next` of the previous page: a version.")]
Before = Annotated[int | None, Query(ge=0, le=POSITION_MAX, description="Only events before this position.")]
EventName = Annotated[str, StringConstraints(min_length=1, max_length=NAME_LENGTH_MAX)]
StreamName = Annotated[str, StringConstraints(min_length=1, max_length=STREAM_CHARACTERS_MAX)]

router = business_router("audit")


async def event_filter_parameter(
    *,
    name: Annotated[
        list[EventName] | None, Query(max_length=NAMES_MAX, description="Only events with these names.")
    ] = None,
    stream: Annotated[StreamName | None, Query(description="Only events of this stream.")] = None,
    prefix: Annotated[
        StreamName | None, Query(description="Only streams whose names begin with this: `seat-`.")
    ] = None,
    actor: Annotated[
        StreamName | None, Query(description="Only events caused by this account, device or kind of actor.")
    ] = None,
    performance_id: Annotated[UUID | None, Query(description="Only events of this performance.")] = None,
    organizer_id: Annotated[UUID | None, Query(description="Only events of this organizer.")] = None,
) -> EventFilter:
    """Return the event filter of a search of the log."""
    subjects = {"performance": performance_id, "organizer": organizer_id}
    return EventFilter(
        names=name or None,
        stream=stream,
        prefix=prefix,
        actor=actor,
        subjects={subject: str(key) for subject, key in subjects.items() if key is not None},
    )


EventFilterParameter = Annotated[EventFilter, Depends(event_filter_parameter)]


@router.get("/audit/log", responses={200: {"model": RecordedEvents}, **problem_responses(404)})
async def search_log(
    request: Request,
    event_filter: EventFilterParameter,
    *,
    since: Annotated[Timestamp | None, Query(alias="from", description="Recorded at or after this time.")] = None,
    until: Annotated[Timestamp | None, Query(alias="to", description="Recorded at or before this time.")] = None,
    after: After = 0,
    before: Before = None,
    newest_first: Annotated[bool, Query(description="Reverse order, from the end of the log.")] = False,
    limit: Limit = 100,
    min_position: MinPosition = None,
) -> Response:
    """Search the log.

    Returns the events that match all filters, in log order. `next` is the value for `after`, with `newest_first` for
    `before`. One response scans at most 200,000 positions: it may hold fewer events than `limit`, or none, and still
    have a `next`. The events of one stream are found in one response, however long the log is.
    """
    require_period(since, until)
    await wait_for_position(request, min_position)
    services = services_of(request)
    await require_known(services.store, event_filter)
    wanted = Search(
        wanted=event_filter,
        limit=limit,
        after=after,
        before=before,
        since=since,
        until=until,
        newest_first=newest_first,
    )
    found = await search(services.store, wanted)
    if event_filter.actor is not None and not found.events and found.next_position is None:
        await require_actor(services.store, event_filter.actor)
    next_cursor = None if found.next_position is None else str(found.next_position)
    currencies = await currencies_of(services.store, services.codec, found.events)
    items = [present.recorded_event_json(event, services.codec, currencies) for event in found.events]
    return json_response({"items": items, "next": next_cursor})


@router.get("/audit/streams/{stream}", responses={200: {"model": StreamAsOf}})
async def get_stream_as_of(
    request: Request,
    stream: Annotated[str, Path(max_length=STREAM_CHARACTERS_MAX, examples=["order-0198…"])],
    as_of: AsOfParameter,
    *,
    after: AfterVersion = 0,
    limit: Limit = 100,
) -> Response:
    """Get a stream as of a moment.

    Returns the state of a stream as of `at` or `position`, and its events up to there, in order.
    """
    found = await historical_streams(request).page(stream, as_of, after=after, limit=limit)
    if found is None:
        raise NotFound("There is no such stream.")
    services = services_of(request)
    currencies = await currencies_of(services.store, services.codec, found.events)
    body = present.stream_as_of(found, found.events, services.codec, currencies)
    return json_response(
        {**present.as_of_fields(as_of), **body, "next": str(found.events[-1].version) if found.more else None}
    )


async def find_exceptions_of(request: Request, order: str) -> list[str]:
    """Return the exceptions of an order, from the read model; none while the read model does not exist."""
    try:
        found = await exceptions_of_order(services_of(request).read_models, order=order)
    except ModelMissing:
        return []
    return [each.exception for each in found]


@router.get("/audit/orders/{order}", responses={200: {"model": OrderAsOf}})
async def get_order_as_of(
    request: Request,
    order: UUID,
    as_of: AsOfParameter,
    *,
    after: After = 0,
    limit: Limit = 100,
) -> Response:
    """Get an order as of a moment.

    Returns the state and money of an order as of `at` or `position`, and the events of the order, its payments,
    refunds, tickets and seats up to there. `next` is a position.
    """
    exceptions = await find_exceptions_of(request, str(order))
    found = await order_as_of(historical_streams(request), as_of, str(order), exceptions=exceptions)
    if found is None:
        raise NotFound("There is no such order.")
    page, more = first_events([event for event in found.events if event.position > after], limit)
    services = services_of(request)
    currencies = await currencies_of(services.store, services.codec, page)
    body = {
        "order_id": str(order),
        "order": present.order_as_of(found, str(order)),
        "items": [present.recorded_event_json(event, services.codec, currencies) for event in page],
        "next": str(page[-1].position) if more else None,
    }
    return json_response({**present.as_of_fields(as_of), **body})


@router.get("/audit/seats/{performance}/{seat}", responses={200: {"model": SeatAsOf}})
async def get_seat_as_of(
    request: Request,
    performance: UUID,
    seat: Annotated[str, Path(pattern=f"^{SEAT_KEY.pattern}$")],
    as_of: AsOfParameter,
    *,
    after: AfterVersion = 0,
    limit: Limit = 100,
) -> Response:
    """Get a seat as of a moment.

    Returns the state of a seat as of `at` or `position`, and its history across orders: holders, times, orders and the
    reasons of releases.
    """
    place = (await services_of(request).place_finder.inventory_of(str(performance))).place(seat)
    if place is None:
        raise NotFound("The performance has no such seat.")
    found = await seat_as_of(
        historical_streams(request), as_of, performance=str(performance), seat=seat, after=after, limit=limit
    )
    known = {"performance_id": str(performance), "seat": seat, "label": place.label}
    services = services_of(request)
    currencies = await currencies_of(services.store, services.codec, [step.event for step in found.steps])
    return json_response(
        {**present.as_of_fields(as_of), **known, **present.seat_as_of(found, services.codec, currencies)}
    )


@router.get("/audit/performances/{performance}/seats", responses={200: {"model": SeatsAsOf}})
async def get_seat_map_as_of(request: Request, performance: UUID, as_of: AsOfParameter) -> Response:
    """Get a seat map as of a moment.

    Returns the seat map as of `at` or `position`; holds that had lapsed by then count as free.
    """
    services = services_of(request)
    inventory = await services.place_finder.inventory_of(str(performance))
    seats = await services.past_seat_maps.at(str(performance), as_of)
    states = await asyncio.to_thread(present.seats_as_of, inventory, seats, as_of)
    return json_response({"performance_id": str(performance), **present.as_of_fields(as_of), **states})


def first_events(events: Sequence[RecordedEvent], limit: int) -> tuple[Sequence[RecordedEvent], bool]:
    """Return at most `limit` events, and whether there are more."""
    return events[:limit], len(events) > limit
