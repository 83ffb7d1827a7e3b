"""Events: described, published, found and, while nothing of them was booked, deleted."""

from dataclasses import asdict, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from uuid_utils.compat import uuid7

from api.commands import MinPosition, answer, carry_out, caught_up, shown
from api.deleting import archive_unused, event_deletion
from api.editions import IfMatch, edition_header, require_edition
from api.engine import engine_of
from api.errors import Malformed
from api.paging import Limit
from api.presenters import catalogue as present
from api.presenters.values import Body, id_of
from api.problems import documented
from api.routing import business_router
from api.schemas.events import EventChange, EventDeleted, Events, EventShown, EventWish, EventWritten
from api.schemas.texts import WORD_LENGTH_MAX
from api.schemas.values import Day, Time, in_our_days
from api.visibility import acting_organizer, must_see_event, viewer_of
from domain import event as events
from domain import organizer as organizers
from domain import venue as venues
from domain.books import Books, Changes
from domain.errors import NotFound
from domain.event import EventCreated, EventDetails, EventStatus
from projections.catalogue import READ_MODELS, After, Event, Viewer, Wanted, find_event, find_events

SEARCH_LENGTH_MAX = 200
CURSOR_LENGTH_MAX = 100
EVERYBODY = Viewer(everybody=True)

Search = Annotated[str | None, Query(max_length=SEARCH_LENGTH_MAX, description="Words, or their beginnings.")]
Spelled = Annotated[str | None, Query(max_length=WORD_LENGTH_MAX, description="In any spelling.")]
From = Annotated[Time | Day | None, Query(alias="from", description="A time, or a day (UTC).")]
To = Annotated[Time | Day | None, Query(alias="to", description="A time, or a day (UTC), included.")]
Cursor = Annotated[str | None, Query(max_length=CURSOR_LENGTH_MAX, description="`next` of the page before.")]

router = business_router("events")


@router.post("/events", status_code=201, responses={201: {"model": EventWritten}, **documented(404)})
async def create_event(request: Request, body: EventWish) -> Response:
    """Draft an event at a venue; nobody else sees it until it is published."""
    organizer = await acting_organizer(request, body.organizer_id)
    details = EventDetails(
        title=body.title, description=body.description, category=body.category or "", image_url=body.image_url
    )
    event = str(uuid7())

    def decide(books: Books) -> Changes:
        organizers.existing(books, organizer)
        venues.require_open(books, body.venue_id)
        return events.create(books, event, EventCreated(organizer=organizer, venue=body.venue_id, details=details))

    outcome = await carry_out(request, decide)
    ((stream, created),) = outcome.events
    known = present.event_facts(id_of(stream), created.organizer, created.venue, created.details, EventStatus.DRAFT)
    return answer(outcome, known, status=201)


@router.get("/events", responses={200: {"model": Events}})
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
    cursor: Cursor = None,
    min_position: MinPosition = None,
) -> Response:
    """Find events by words, place, category and time, by the start of their first performance in that time.

    Drafts are shown to their own organizer.
    """
    await caught_up(request, min_position, *READ_MODELS)
    wanted = Wanted(
        text=q,
        city=city,
        venue=str(venue) if venue else None,
        category=category,
        since=beginning(since),
        until=ending(until),
        viewer=await viewer_of(request),
        after=after(cursor),
        limit=limit,
    )
    engine = engine_of(request)
    found = await find_events(engine.read_models, wanted, now=engine.clock.now())
    items = [present.listed_event(event) for event in found]
    return shown({"items": items, "next": cursor_after(found[-1]) if len(found) == limit else None})


def beginning(moment: datetime | date | None) -> datetime | None:
    """Return a time as it is, a day as its first moment."""
    return None if moment is None else bounded(moment)


def ending(moment: datetime | date | None) -> datetime | None:
    """Return a time as it is, a day as the first moment after it."""
    if moment is None or isinstance(moment, datetime):
        return beginning(moment)
    return bounded(moment) + timedelta(days=1)


def bounded(moment: datetime | date) -> datetime:
    """Return a moment in UTC.

    Raises:
        Malformed: it lies outside the years of our calendar.
    """
    whole = moment if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC)
    try:
        return in_our_days(whole)
    except ValueError as error:
        raise Malformed(f"{moment.isoformat()}: {error}") from error


def cursor_after(event: Event) -> str:
    """Name the place in the list behind an event."""
    starts_at = event.first_starts_at
    return f"{'' if starts_at is None else starts_at.astimezone(UTC).isoformat()}_{event.event}"


def after(cursor: str | None) -> After:
    """Read a place in the list.

    Raises:
        Malformed: it is none of ours.
    """
    if cursor is None:
        return After()
    starts_at, _, event = cursor.rpartition("_")
    try:
        known = datetime.fromisoformat(starts_at) if starts_at else None
        return After(first_starts_at=known and in_our_days(known), event=str(UUID(event)))
    except ValueError as error:
        raise Malformed("This cursor is none of ours; take `next` of the page before.") from error


@router.get("/events/{event_id}", responses={200: {"model": EventShown}})
async def show_event(request: Request, event_id: UUID, min_position: MinPosition = None) -> Response:
    """Show an event with its performances and how much of them is left."""
    engine, event = engine_of(request), str(event_id)
    await must_see_event(request, event)
    await caught_up(request, min_position, *READ_MODELS)
    found = await find_event(engine.read_models, event=event, viewer=EVERYBODY, now=engine.clock.now())
    if found is None:
        await caught_up(request, await engine.store.head(), *READ_MODELS)
        found = await find_event(engine.read_models, event=event, viewer=EVERYBODY, now=engine.clock.now())
    if found is None:
        raise NotFound("There is no such event.")
    return shown(present.listed_event(found), headers=edition_header(event_edition(present.listed_event(found))))


@router.patch("/events/{event_id}", responses={200: {"model": EventWritten}, **documented(412)})
async def change_event(request: Request, event_id: UUID, body: EventChange, if_match: IfMatch = None) -> Response:
    """Describe an event anew; what is left out stays."""
    event, wished = str(event_id), body.model_dump(exclude_unset=True)
    taken_away = {"category": ""} if "category" in wished and body.category is None else {}
    kept = {name for name in ("title", "description", "category") if wished.get(name, "") is None}
    changes = {name: value for name, value in wished.items() if name not in kept} | taken_away

    def decide(books: Books) -> Changes:
        state = events.existing(books, event)
        require_edition(if_match, asdict(state.details))
        return events.change(books, event, replace(state.details, **changes))

    outcome = await carry_out(request, decide)
    known = await event_now(request, event)
    return answer(outcome, known, headers=edition_header(event_edition(known)))


def event_edition(known: Body) -> Body:
    """Return what of an event PATCH can change."""
    return {field.name: known[field.name] for field in fields(EventDetails)}


@router.post("/events/{event_id}/publish", responses={200: {"model": EventWritten}})
async def publish_event(request: Request, event_id: UUID) -> Response:
    """Show an event to the public; from now on its performances may sell. A second time changes nothing."""
    outcome = await carry_out(request, lambda books: events.publish(books, str(event_id)))
    return answer(outcome, await event_now(request, str(event_id)))


async def event_now(request: Request, event: str) -> Body:
    """Show an event itself as it stands in the log."""
    state = await engine_of(request).handler.look(lambda books: events.existing(books, event))
    return present.event_facts(event, state.organizer, state.venue, state.details, state.status)


@router.delete("/events/{event_id}", responses={200: {"model": EventDeleted}})
async def delete_event(request: Request, event_id: UUID) -> Response:
    """Take an event off every list, unless anything of it was ever booked (`has_bookings`)."""
    finished = await archive_unused(request, event_deletion(request, str(event_id)))
    return answer(finished, {"event_id": str(event_id), "status": EventStatus.ARCHIVED})
