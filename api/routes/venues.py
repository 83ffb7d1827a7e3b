"""Venues and their published layouts."""

from dataclasses import replace
from uuid import UUID

from fastapi import Request, Response
from pydantic import ValidationError
from uuid_utils.compat import uuid7

from api.auth.visibility import acting_organizer
from api.dependencies import Services, services_of
from api.http.commands import JSON, MinPosition, command_response, execute_command, json_response, wait_for_position
from api.http.entity_tags import IfMatch, etag_header, require_current_etag
from api.http.pagination import Limit, PositionCursor, placed_page
from api.http.problems import problem_responses
from api.http.requests.bodies import require_json, spooled_body_of, unreadable
from api.http.routing import business_router
from api.presenters import catalogue as present
from api.presenters.values import Body, id_of
from api.queries.event_deletion import archive_unused, deletion_of_venue
from api.schemas.fields.texts import Spelled
from api.schemas.venues import (
    LayoutPublished,
    LayoutRequest,
    VenueChange,
    VenueDeleted,
    VenueDetails,
    VenueRequest,
    VenueResult,
    Venues,
)
from application.errors import Malformed
from application.event_reader import read_events
from domain import organizer as organizers
from domain import venue as venues
from domain.decision import Changes, DecisionContext
from domain.decisions.deletion import DeletionStatus
from domain.errors import AlreadyExists, NotFound
from domain.layout.validation import LayoutFaults
from domain.ports.layout_documents import PublishedDocument, RequestedLayout
from domain.venue import LAYOUT
from eventstore.command import Outcome
from projections import catalogue

FOR_EVER = "private, max-age=31536000, immutable"

router = business_router("venues")


@router.post("/venues", status_code=201, responses={201: {"model": VenueResult}, **problem_responses(404)})
async def create_venue(request: Request, body: VenueRequest) -> Response:
    """Create a venue.

    Creates a venue that belongs to one organizer. `organizer_id` may be omitted by a member of exactly one organizer.
    """
    organizer = await acting_organizer(request, body.organizer_id)
    details = venues.VenueDetails(**body.model_dump(exclude={"organizer_id"}))
    opened = venues.VenueOpened(organizer=organizer, details=details)
    venue = str(uuid7())

    def decide(context: DecisionContext) -> Changes:
        organizers.require_organizer(context, organizer)
        return venues.open_venue(context, venue, opened)

    outcome = await execute_command(request, decide)
    ((stream, fact),) = outcome.events
    return command_response(outcome, present.venue_facts(id_of(stream), organizer, fact.details), status=201)


@router.get("/venues", tags=["catalogue"], responses={200: {"model": Venues}})
async def list_venues(
    request: Request,
    city: Spelled = None,
    limit: Limit = 100,
    cursor: PositionCursor = None,
    min_position: MinPosition = None,
) -> Response:
    """List venues.

    Lists venues by their time of creation, oldest first; `city` matches in any spelling.
    """
    await wait_for_position(request, min_position, catalogue.NAME)
    rows = await catalogue.list_venues(services_of(request).read_models, city=city, after=cursor or 0, limit=limit + 1)
    page, following = placed_page(rows, limit)
    return json_response({"items": [present.venue_from_row(row) for row in page], "next": following})


@router.get("/venues/{venue_id}", tags=["catalogue"], responses={200: {"model": VenueDetails}})
async def get_venue(request: Request, venue_id: UUID, min_position: MinPosition = None) -> Response:
    """Get a venue.

    Returns the venue and its published layouts, oldest first. Read from the log, so always current.
    """
    await wait_for_position(request, min_position)
    services, venue = services_of(request), str(venue_id)
    state = await services.handler.query(lambda context: venues.require_venue(context, venue))
    layouts = state.layouts
    facts = await read_events(services, *map(LAYOUT.stream, layouts))
    listed = [
        {"layout_id": layout, "version": fact.version, "name": fact.name, "seat_count": fact.seats}
        for layout in layouts
        for fact in facts[LAYOUT.stream(layout)]
    ]
    known = present.venue_facts(venue, state.organizer, state.details)
    return json_response({**known, "layouts": listed}, headers=etag_header(known))


@router.patch("/venues/{venue_id}", responses={200: {"model": VenueResult}, **problem_responses(412)})
async def update_venue(request: Request, venue_id: UUID, body: VenueChange, if_match: IfMatch = None) -> Response:
    """Update a venue.

    Changes the given fields and keeps the others. The start times of performances are instants and do not move: check
    them after a change of the time zone.
    """
    venue, changed_fields = str(venue_id), body.model_dump(exclude_none=True)

    def decide(context: DecisionContext) -> Changes:
        state = venues.require_venue(context, venue)
        require_current_etag(if_match, present.venue_facts(venue, state.organizer, state.details))
        return venues.change_venue(context, venue, replace(state.details, **changed_fields))

    outcome = await execute_command(request, decide)
    state = await services_of(request).handler.query(lambda context: venues.require_venue(context, venue))
    known = present.venue_facts(venue, state.organizer, state.details)
    return command_response(outcome, known, headers=etag_header(known))


@router.delete("/venues/{venue_id}", responses={200: {"model": VenueDeleted}})
async def delete_venue(request: Request, venue_id: UUID) -> Response:
    """Delete a venue.

    Archives the venue: it is no longer listed. Refused while an event takes place there (`has_events`).
    """
    finished = await archive_unused(request, deletion_of_venue(request, str(venue_id)))
    return command_response(finished, {"venue_id": str(venue_id), "status": DeletionStatus.ARCHIVED})


@router.post(
    "/venues/{venue_id}/layouts",
    status_code=201,
    responses={201: {"model": LayoutPublished}},
    openapi_extra={"requestBody": {"required": True, "content": {JSON: {"schema": LayoutRequest.model_json_schema()}}}},
)
async def publish_layout(request: Request, venue_id: UUID) -> Response:
    """Publish a layout of a venue.

    Publishes the next version of the venue's layout; a published version never changes. The body may have 32 MiB. Seats
    keep their keys from version to version, matched by the id that the source document gives them. A document with
    faults is refused with all of them (`layout_faults`).
    """
    require_json(request)
    services, venue = services_of(request), str(venue_id)
    before = (await services.handler.query(lambda context: venues.require_venue(context, venue))).layouts
    previous = await services.layouts.find(before[-1]) if before else None
    name, published = require_layout_request(
        await services.layout_work.publish(spooled_body_of(request).file, previous)
    )
    layout = str(uuid7())

    def decide(context: DecisionContext) -> Changes:
        if venues.require_venue(context, venue).layouts != before:
            raise AlreadyExists("Another layout was published at the same time; send the request again.")
        return venues.publish_layout(
            context, venue, layout, name=name, seats=published.capacity, document_sha256=published.sha256
        )

    # A refusal precedes saving the document, because saved documents are never removed.
    await services.handler.query(decide)
    await services.layouts.save(layout, published.content)
    outcome = await execute_command(request, decide)
    return command_response(outcome, published_layout_json(outcome), status=201)


def published_layout_json(outcome: Outcome) -> Body:
    """Return the published layout as JSON, from the events that published it."""
    ((stream, event),) = (pair for pair in outcome.events if isinstance(pair[1], venues.LayoutPublished))
    return {
        "layout_id": id_of(stream),
        "venue_id": event.venue,
        "version": event.version,
        "name": event.name,
        "seat_count": event.seats,
    }


def require_layout_request(found: RequestedLayout) -> tuple[str, PublishedDocument]:
    """Return the name of the requested layout and the layout itself.

    Raises:
        Malformed, RequestValidationError: the body does not have the documented shape.
        LayoutFaults: lists every fault of the document.
    """
    if found.malformed is not None:
        raise Malformed(found.malformed)
    try:
        request_body = LayoutRequest.model_validate(found.outline)
    except ValidationError as error:
        raise unreadable(error) from error
    if found.faults:
        raise LayoutFaults(found.faults)
    assert found.published is not None, "a document without faults is published"
    return request_body.name, found.published


@router.get(
    "/layouts/{layout_id}",
    responses={200: {"description": "The document, in the format `seatledger`.", "content": {JSON: {"schema": {}}}}},
)
async def get_layout(request: Request, layout_id: UUID, min_position: MinPosition = None) -> Response:
    """Get the document of a layout.

    Returns the published document in the format `seatledger`. The bytes never change, so the response may be cached
    for ever.
    """
    await wait_for_position(request, min_position)
    return Response(
        await document_of(services_of(request), str(layout_id)), headers={"Cache-Control": FOR_EVER}, media_type=JSON
    )


async def document_of(services: Services, layout: str) -> bytes:
    """Return a published layout's document.

    Raises:
        NotFound: no such layout.
    """
    await services.handler.query(lambda context: venues.require_layout(context, layout))
    document = await services.layouts.find(layout)
    if document is None:
        raise NotFound("There is no such layout.")
    return document
