"""Events: create, list, update, publish and delete."""

from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import BeforeValidator, StringConstraints
from uuid_utils.compat import uuid7

from api.auth.visibility import acting_organizer, require_visible_event, viewer_of
from api.dependencies import services_of
from api.http.commands import MinPosition, command_response, execute_command, json_response, wait_for_position
from api.http.entity_tags import IfMatch, etag_header, require_current_etag
from api.http.pagination import FOREIGN_CURSOR, Limit, TextCursor, cursor_of, split_page, values_in
from api.http.problems import problem_responses
from api.http.requests.filters import require_filtered_venue
from api.http.requests.periods import require_period
from api.http.routing import business_router
from api.presenters import catalogue as present
from api.presenters.values import Body, id_of
from api.queries.event_deletion import archive_unused, deletion_of_event
from api.schemas.events import EventChange, EventDeleted, EventDetailsResponse, EventRequest, EventResult, Events
from api.schemas.fields.texts import Spelled, without_invisible
from api.schemas.fields.values import Day, Time
from application.errors import Malformed
from domain import event as events
from domain import organizer as organizers
from domain import venue as venues
from domain.decision import Changes, DecisionContext
from domain.errors import NotFound
from domain.event import EventCreated, EventDetails, EventStatus
from projections.catalogue import PUBLIC, READ_MODELS, Event, EventCursor, EventQuery, Viewer, find_event, find_events

SEARCH_LENGTH_MAX = 200
PERFORMANCES_MAX = 500
OVER = "over"
ALL_EVENTS = Viewer(sees_all=True)

Search = Annotated[
    Annotated[str, StringConstraints(max_length=SEARCH_LENGTH_MAX), BeforeValidator(without_invisible)] | None,
    Query(description="Words or beginnings of words; empty: no filter."),
]
From = Annotated[Time | Day | None, Query(alias="from", description="A time, or a day in the venue's time zone.")]
To = Annotated[
    Time | Day | None, Query(alias="to", description="A time, or a day in the venue's time zone, inclusive.")
]

router = business_router("events")


@router.post("/events", status_code=201, responses={201: {"model": EventResult}, **problem_responses(404)})
async def create_event(request: Request, body: EventRequest) -> Response:
    """Create an event.

    Creates a draft at a venue. Only its organizer and admins see it until it is published.
    """
    organizer = await acting_organizer(request, body.organizer_id)
    details = EventDetails(
        title=body.title, description=body.description, category=body.category or "", image_url=body.image_url
    )
    event = str(uuid7())

    def decide(context: DecisionContext) -> Changes:
        organizers.require_organizer(context, organizer)
        venues.require_open(context, body.venue_id)
        return events.create(context, event, EventCreated(organizer=organizer, venue=body.venue_id, details=details))

    outcome = await execute_command(request, decide)
    ((stream, created),) = outcome.events
    known = present.event_facts(id_of(stream), created.organizer, created.venue, created.details, EventStatus.DRAFT)
    return command_response(outcome, known, status=201)


async def event_search_parameter(
    *,
    q: Search = None,
    city: Spelled = None,
    venue: UUID | None = None,
    category: Spelled = None,
    since: From = None,
    until: To = None,
) -> EventQuery:
    """Return the query of an event search, as the public sees it."""
    venue_id = str(venue) if venue else None
    return EventQuery(
        text=q, city=city, venue=venue_id, category=category, since=since, until=until, viewer=PUBLIC, limit=1
    )


EventSearch = Annotated[EventQuery, Depends(event_search_parameter)]


@router.get("/events", tags=["catalogue"], responses={200: {"model": Events}, **problem_responses(404)})
async def list_events(
    request: Request,
    search: EventSearch,
    *,
    limit: Limit = 20,
    cursor: TextCursor = None,
    min_position: MinPosition = None,
) -> Response:
    """List events.

    Finds events by words, place, category and time; `from` and `to` bound the start of the first performance in that
    period. Without a period the order is: events to come by their next performance, events without performances, past
    events. Each item holds its first performances only; `GET /events/{event_id}` returns all. Drafts are listed for
    their own organizer.
    """
    require_period(search.since, search.until)
    await require_filtered_venue(request, search.venue)
    await wait_for_position(request, min_position, *READ_MODELS)
    query = replace(search, viewer=await viewer_of(request), after=event_cursor_of(cursor), limit=limit + 1)
    services = services_of(request)
    now = services.clock.now()
    found, last = split_page(await find_events(services.read_models, query, now=now), limit)
    items = [present.event_from_row(event, now) for event in found]
    return json_response({"items": items, "next": None if last is None else cursor_after(last)})


def cursor_after(event: Event) -> str:
    """Return the cursor of the page that begins after an event."""
    return cursor_of(OVER if event.over else "", time_to_cursor(event.sort_at), event.event)


def event_cursor_of(cursor: str | None) -> EventCursor | None:
    """Return the position in the list that a cursor stands for.

    Raises:
        Malformed: the cursor was not issued by this API.
    """
    if cursor is None:
        return None
    over, sort_at, event = values_in(cursor, 3)
    try:
        return EventCursor(over=over == OVER, sort_at=time_from_cursor(sort_at), event=str(UUID(event or "")))
    except ValueError as error:
        raise Malformed(FOREIGN_CURSOR) from error


def time_to_cursor(moment: datetime | None) -> str | None:
    """Return a time as text for a cursor, in UTC."""
    return None if moment is None else moment.astimezone(UTC).isoformat()


def time_from_cursor(text: str | None) -> datetime | None:
    """Return the time that a cursor holds.

    Raises:
        ValueError: it is not an aware time.
    """
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the time has no offset")
    return moment


@router.get("/events/{event_id}", tags=["catalogue"], responses={200: {"model": EventDetailsResponse}})
async def get_event(
    request: Request,
    event_id: UUID,
    *,
    limit: Annotated[
        int, Query(ge=1, le=PERFORMANCES_MAX, description="Maximum number of performances.")
    ] = PERFORMANCES_MAX,
    cursor: TextCursor = None,
    min_position: MinPosition = None,
) -> Response:
    """Get an event.

    Returns the event and a page of its performances, ordered by start, with their availability.
    """
    event, start_after = str(event_id), performance_after(cursor)
    await require_visible_event(request, event)
    await wait_for_position(request, min_position, *READ_MODELS)
    found = await find_event_page(request, event, start_after, limit + 1)
    if found is None:
        await wait_for_position(request, await services_of(request).store.head(), *READ_MODELS)
        found = await find_event_page(request, event, start_after, limit + 1)
    if found is None:
        raise NotFound("There is no such event.")
    page, last = split_page(found.performances, limit)
    body = present.event_from_row(replace(found, performances=page), services_of(request).clock.now())
    next_cursor = None if last is None else cursor_of(time_to_cursor(last.starts_at), last.performance)
    return json_response({**body, "next": next_cursor}, headers=etag_header(changeable_event_fields(body)))


async def find_event_page(
    request: Request, event: str, start_after: tuple[datetime, str] | None, limit: int
) -> Event | None:
    """Return an event and a page of its performances; None if the read model has no such event."""
    services = services_of(request)
    now = services.clock.now()
    return await find_event(
        services.read_models, event=event, viewer=ALL_EVENTS, now=now, after=start_after, limit=limit
    )


def performance_after(cursor: str | None) -> tuple[datetime, str] | None:
    """Return the start and id of the performance that a page begins after.

    Raises:
        Malformed: the cursor was not issued by this API.
    """
    if cursor is None:
        return None
    starts_at, performance = values_in(cursor, 2)
    try:
        moment = time_from_cursor(starts_at)
    except ValueError as error:
        raise Malformed(FOREIGN_CURSOR) from error
    if moment is None or performance is None:
        raise Malformed(FOREIGN_CURSOR)
    return moment, performance


@router.patch("/events/{event_id}", responses={200: {"model": EventResult}, **problem_responses(412)})
async def update_event(request: Request, event_id: UUID, body: EventChange, if_match: IfMatch = None) -> Response:
    """Update an event.

    Changes the given fields and keeps the others; null removes `image_url` and `category`.
    """
    event, changed_fields = str(event_id), body.model_dump(exclude_unset=True)
    removed = {"category": ""} if "category" in changed_fields and body.category is None else {}
    kept = {name for name in ("title", "description", "category") if changed_fields.get(name, "") is None}
    changes = {name: value for name, value in changed_fields.items() if name not in kept} | removed

    def decide(context: DecisionContext) -> Changes:
        state = events.require_event(context, event)
        require_current_etag(if_match, asdict(state.details))
        return events.change(context, event, replace(state.details, **changes))

    outcome = await execute_command(request, decide)
    known = await event_json(request, event)
    return command_response(outcome, known, headers=etag_header(changeable_event_fields(known)))


def changeable_event_fields(known: Body) -> Body:
    """Return the fields of an event that PATCH can change."""
    return {field.name: known[field.name] for field in fields(EventDetails)}


@router.post("/events/{event_id}/publish", responses={200: {"model": EventResult}})
async def publish_event(request: Request, event_id: UUID) -> Response:
    """Publish an event.

    Makes the event public; from now on its performances may sell. Repeating it changes nothing.
    """
    outcome = await execute_command(request, lambda context: events.publish(context, str(event_id)))
    return command_response(outcome, await event_json(request, str(event_id)))


async def event_json(request: Request, event: str) -> Body:
    """Return an event's own fields, read from the log."""
    state = await services_of(request).handler.query(lambda context: events.require_event(context, event))
    return present.event_facts(event, state.organizer, state.venue, state.details, state.status)


@router.delete("/events/{event_id}", responses={200: {"model": EventDeleted}})
async def delete_event(request: Request, event_id: UUID) -> Response:
    """Delete an event.

    Archives the event: it is no longer listed. Refused if anything of it was ever booked
    (`has_bookings`).
    """
    finished = await archive_unused(request, deletion_of_event(request, str(event_id)))
    return command_response(finished, {"event_id": str(event_id), "status": EventStatus.ARCHIVED})
