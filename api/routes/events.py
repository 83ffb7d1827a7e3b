"""Events: described, published, found and, while nothing of them was booked, deleted."""

from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BeforeValidator, StringConstraints
from uuid_utils.compat import uuid7

from api.auth.visibility import acting_organizer, require_visible_event, viewer_of
from api.dependencies import services_of
from api.http.commands import MinPosition, command_response, execute_command, json_response, wait_for_position
from api.http.editions import IfMatch, edition_header, require_edition
from api.http.filters import require_filtered_venue
from api.http.pagination import FOREIGN_CURSOR, Limit, TextCursor, cursor_of, split_page, values_in
from api.http.periods import require_period
from api.http.problems import problem_responses
from api.http.routing import business_router
from api.presenters import catalogue as present
from api.presenters.values import Body, id_of
from api.queries.event_deletion import archive_unused, deletion_of_event
from api.schemas.events import EventChange, EventDeleted, EventDetailsResponse, EventRequest, EventResult, Events
from api.schemas.texts import Spelled, without_invisible
from api.schemas.values import Day, Time
from application.errors import Malformed
from domain import event as events
from domain import organizer as organizers
from domain import venue as venues
from domain.decision import Changes, DecisionContext
from domain.errors import NotFound
from domain.event import EventCreated, EventDetails, EventStatus
from projections.catalogue import READ_MODELS, Event, EventCursor, EventQuery, Viewer, find_event, find_events

SEARCH_LENGTH_MAX = 200
PERFORMANCES_MAX = 500
OVER = "over"
EVERYBODY = Viewer(sees_all=True)

Search = Annotated[
    Annotated[str, StringConstraints(max_length=SEARCH_LENGTH_MAX), BeforeValidator(without_invisible)] | None,
    Query(description="Words, or their beginnings; blank: any."),
]
From = Annotated[Time | Day | None, Query(alias="from", description="A time, or a day at the venue.")]
To = Annotated[Time | Day | None, Query(alias="to", description="A time, or a day at the venue, included.")]

router = business_router("events")


@router.post("/events", status_code=201, responses={201: {"model": EventResult}, **problem_responses(404)})
async def create_event(request: Request, body: EventRequest) -> Response:
    """Draft an event at a venue; nobody else sees it until it is published."""
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


@router.get("/events", responses={200: {"model": Events}, **problem_responses(404)})
async def list_events(
    request: Request,
    *,
    q: Search = None,
    city: Spelled = None,
    venue: UUID | None = None,
    category: Spelled = None,
    since: From = None,
    until: To = None,
    limit: Limit = 20,
    cursor: TextCursor = None,
    min_position: MinPosition = None,
) -> Response:
    """Find events by words, place, category and time, by the start of their first performance in that time.

    Without a time: what is to come by its next performance, then what has none yet, then what is over. Each shows its
    first few performances; `GET /events/{event_id}` shows all. Drafts are shown to their own organizer.
    """
    require_period(since, until)
    place = str(venue) if venue else None
    await require_filtered_venue(request, place)
    await wait_for_position(request, min_position, *READ_MODELS)
    wanted = EventQuery(
        text=q,
        city=city,
        venue=place,
        category=category,
        since=since,
        until=until,
        viewer=await viewer_of(request),
        after=after(cursor),
        limit=limit + 1,
    )
    services = services_of(request)
    now = services.clock.now()
    found, last = split_page(await find_events(services.read_models, wanted, now=now), limit)
    items = [present.event_from_row(event, now) for event in found]
    return json_response({"items": items, "next": None if last is None else cursor_after(last)})


def cursor_after(event: Event) -> str:
    """Name the place in the list behind an event."""
    return cursor_of(OVER if event.over else "", time_to_cursor(event.sort_at), event.event)


def after(cursor: str | None) -> EventCursor | None:
    """Read a place in the list.

    Raises:
        Malformed: it is none of ours.
    """
    if cursor is None:
        return None
    over, sort_at, event = values_in(cursor, 3)
    try:
        return EventCursor(over=over == OVER, sort_at=moment_in(sort_at), event=str(UUID(event or "")))
    except ValueError as error:
        raise Malformed(FOREIGN_CURSOR) from error


def time_to_cursor(moment: datetime | None) -> str | None:
    """Write a moment into a cursor."""
    return None if moment is None else moment.astimezone(UTC).isoformat()


def moment_in(text: str | None) -> datetime | None:
    """Read a moment in a cursor.

    Raises:
        ValueError: it is none.
    """
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("it has no offset")
    return moment


@router.get("/events/{event_id}", responses={200: {"model": EventDetailsResponse}})
async def show_event(
    request: Request,
    event_id: UUID,
    *,
    limit: Annotated[int, Query(ge=1, le=PERFORMANCES_MAX, description="How many performances.")] = PERFORMANCES_MAX,
    cursor: TextCursor = None,
    min_position: MinPosition = None,
) -> Response:
    """Show an event with its performances, by their start, and how much of them is left."""
    event, begin = str(event_id), performance_after(cursor)
    await require_visible_event(request, event)
    await wait_for_position(request, min_position, *READ_MODELS)
    found = await event_with(request, event, begin, limit + 1)
    if found is None:
        await wait_for_position(request, await services_of(request).store.head(), *READ_MODELS)
        found = await event_with(request, event, begin, limit + 1)
    if found is None:
        raise NotFound("There is no such event.")
    page, last = split_page(found.performances, limit)
    body = present.event_from_row(replace(found, performances=page), services_of(request).clock.now())
    following = None if last is None else cursor_of(time_to_cursor(last.starts_at), last.performance)
    return json_response({**body, "next": following}, headers=edition_header(event_edition(body)))


async def event_with(request: Request, event: str, begin: tuple[datetime, str] | None, limit: int) -> Event | None:
    """Return an event with its performances after one."""
    services = services_of(request)
    now = services.clock.now()
    return await find_event(services.read_models, event=event, viewer=EVERYBODY, now=now, after=begin, limit=limit)


def performance_after(cursor: str | None) -> tuple[datetime, str] | None:
    """Read which performance a page begins after.

    Raises:
        Malformed: the cursor is none of ours.
    """
    if cursor is None:
        return None
    starts_at, performance = values_in(cursor, 2)
    try:
        moment = moment_in(starts_at)
    except ValueError as error:
        raise Malformed(FOREIGN_CURSOR) from error
    if moment is None or performance is None:
        raise Malformed(FOREIGN_CURSOR)
    return moment, performance


@router.patch("/events/{event_id}", responses={200: {"model": EventResult}, **problem_responses(412)})
async def change_event(request: Request, event_id: UUID, body: EventChange, if_match: IfMatch = None) -> Response:
    """Describe an event anew; what is left out stays."""
    event, changed_fields = str(event_id), body.model_dump(exclude_unset=True)
    taken_away = {"category": ""} if "category" in changed_fields and body.category is None else {}
    kept = {name for name in ("title", "description", "category") if changed_fields.get(name, "") is None}
    changes = {name: value for name, value in changed_fields.items() if name not in kept} | taken_away

    def decide(context: DecisionContext) -> Changes:
        state = events.require_event(context, event)
        require_edition(if_match, asdict(state.details))
        return events.change(context, event, replace(state.details, **changes))

    outcome = await execute_command(request, decide)
    known = await event_now(request, event)
    return command_response(outcome, known, headers=edition_header(event_edition(known)))


def event_edition(known: Body) -> Body:
    """Return what of an event PATCH can change."""
    return {field.name: known[field.name] for field in fields(EventDetails)}


@router.post("/events/{event_id}/publish", responses={200: {"model": EventResult}})
async def publish_event(request: Request, event_id: UUID) -> Response:
    """Show an event to the public; from now on its performances may sell. A second time changes nothing."""
    outcome = await execute_command(request, lambda context: events.publish(context, str(event_id)))
    return command_response(outcome, await event_now(request, str(event_id)))


async def event_now(request: Request, event: str) -> Body:
    """Show an event itself as it stands in the log."""
    state = await services_of(request).handler.query(lambda context: events.require_event(context, event))
    return present.event_facts(event, state.organizer, state.venue, state.details, state.status)


@router.delete("/events/{event_id}", responses={200: {"model": EventDeleted}})
async def delete_event(request: Request, event_id: UUID) -> Response:
    """Take an event off every list, unless anything of it was ever booked (`has_bookings`)."""
    finished = await archive_unused(request, deletion_of_event(request, str(event_id)))
    return command_response(finished, {"event_id": str(event_id), "status": EventStatus.ARCHIVED})
