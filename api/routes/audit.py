"""The log as it stands and what it says about the past, for those who read history and change nothing."""

import asyncio
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response
from pydantic import StringConstraints

from api.commands import POSITION_MAX, MinPosition, caught_up, shown
from api.engine import engine_of
from api.paging import Limit
from api.past import Then, streams_of
from api.periods import require_period
from api.presenters import past as present
from api.problems import documented
from api.routing import business_router
from api.schemas.audit import OrderThen, RecordedEvents, SeatsThen, SeatThen, StreamThen
from api.schemas.values import Moment
from domain.errors import NotFound
from domain.values import SEAT_KEY
from eventstore.store import STREAM_CHARACTERS_MAX, EventFilter, RecordedEvent
from projections.exceptions import exceptions_of_order
from projections.past.currencies import currencies_of
from projections.past.known import require_actor, require_known
from projections.past.one_order import order_as_of
from projections.past.one_seat import seat_as_of
from projections.past.searching import Search, search
from projections.reading import ModelMissing

NAMES_MAX = 20
NAME_LENGTH_MAX = 80

After = Annotated[int, Query(ge=0, le=POSITION_MAX, description="Only what stands after this position.")]
AfterVersion = Annotated[int, Query(ge=0, le=POSITION_MAX, description="`next` of the part before: a version.")]
Before = Annotated[int | None, Query(ge=0, le=POSITION_MAX, description="Only what stands before this position.")]
EventName = Annotated[str, StringConstraints(min_length=1, max_length=NAME_LENGTH_MAX)]
StreamName = Annotated[str, StringConstraints(min_length=1, max_length=STREAM_CHARACTERS_MAX)]

router = business_router("audit")


@router.get("/audit/log", responses={200: {"model": RecordedEvents}, **documented(404)})
async def show_log(
    request: Request,
    *,
    name: Annotated[list[EventName] | None, Query(max_length=NAMES_MAX, description="Events of these names.")] = None,
    stream: Annotated[StreamName | None, Query(description="Events of this stream.")] = None,
    prefix: Annotated[StreamName | None, Query(description="Of streams whose names begin so: `seat-`.")] = None,
    actor: Annotated[StreamName | None, Query(description="Caused by this account, device or kind of actor.")] = None,
    performance_id: Annotated[UUID | None, Query(description="About this performance.")] = None,
    organizer_id: Annotated[UUID | None, Query(description="About this organizer.")] = None,
    since: Annotated[Moment | None, Query(alias="from", description="Recorded at this time or later.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Recorded at this time or before.")] = None,
    after: After = 0,
    before: Before = None,
    newest_first: Annotated[bool, Query(description="Backwards, from the end.")] = False,
    limit: Limit = 100,
    min_position: MinPosition = None,
) -> Response:
    """Show the events of the log that are looked for, in order.

    `next` goes on: give it as `after`, newest first as `before`. One answer looks at 200,000 positions at most; it may
    hold fewer events than `limit`, or none, and still have a `next`. A stream's events are found however long the log.
    """
    require_period(since, until)
    await caught_up(request, min_position)
    subjects = {"performance": performance_id, "organizer": organizer_id}
    wanted = EventFilter(
        names=name or None,
        stream=stream,
        prefix=prefix,
        actor=actor,
        subjects={subject: str(wished) for subject, wished in subjects.items() if wished is not None},
    )
    engine = engine_of(request)
    await require_known(engine.store, wanted)
    found = await search(
        engine.store,
        Search(
            wanted=wanted,
            limit=limit,
            after=after,
            before=before,
            since=since,
            until=until,
            newest_first=newest_first,
        ),
    )
    if actor is not None and not found.events and found.next_position is None:
        await require_actor(engine.store, actor)
    following = None if found.next_position is None else str(found.next_position)
    currencies = await currencies_of(engine.store, engine.codec, found.events)
    items = [present.recorded(event, engine.codec, currencies) for event in found.events]
    return shown({"items": items, "next": following})


@router.get("/audit/streams/{stream}", responses={200: {"model": StreamThen}})
async def show_stream(
    request: Request,
    stream: Annotated[str, Path(max_length=STREAM_CHARACTERS_MAX, examples=["order-0198…"])],
    then: Then,
    *,
    after: AfterVersion = 0,
    limit: Limit = 100,
) -> Response:
    """Show one thing as it was, and everything that had happened to it, in order."""
    found = await streams_of(request).page(stream, then, after=after, limit=limit)
    if found is None:
        raise NotFound("There is no such stream.")
    engine = engine_of(request)
    currencies = await currencies_of(engine.store, engine.codec, found.events)
    body = present.stream_then(found, found.events, engine.codec, currencies)
    return shown({**present.true_at(then), **body, "next": str(found.events[-1].version) if found.more else None})


async def exceptions_about(request: Request, order: str) -> list[str]:
    """Return the exceptions about an order that the read model knows; none while there is no such model."""
    try:
        found = await exceptions_of_order(engine_of(request).read_models, order=order)
    except ModelMissing:
        return []
    return [each.exception for each in found]


@router.get("/audit/orders/{order}", responses={200: {"model": OrderThen}})
async def show_order(
    request: Request,
    order: UUID,
    then: Then,
    *,
    after: After = 0,
    limit: Limit = 100,
) -> Response:
    """Show an order and its money as they were, and what had happened to it, its payments, refunds, tickets and seats.

    `next` is a position.
    """
    exceptions = await exceptions_about(request, str(order))
    found = await order_as_of(streams_of(request), then, str(order), exceptions=exceptions)
    if found is None:
        raise NotFound("There is no such order.")
    page, more = part_of([event for event in found.events if event.position > after], limit)
    engine = engine_of(request)
    currencies = await currencies_of(engine.store, engine.codec, page)
    body = {
        "order_id": str(order),
        "order": present.order_then(found, str(order)),
        "items": [present.recorded(event, engine.codec, currencies) for event in page],
        "next": str(page[-1].position) if more else None,
    }
    return shown({**present.true_at(then), **body})


@router.get("/audit/seats/{performance}/{seat}", responses={200: {"model": SeatThen}})
async def show_seat(
    request: Request,
    performance: UUID,
    seat: Annotated[str, Path(pattern=f"^{SEAT_KEY.pattern}$")],
    then: Then,
    *,
    after: AfterVersion = 0,
    limit: Limit = 100,
) -> Response:
    """Show a seat as it was, and its history across orders: who held it, when, in which order, why it came back."""
    place = (await engine_of(request).places.inventory_of(str(performance))).place(seat)
    if place is None:
        raise NotFound("The performance has no such seat.")
    found = await seat_as_of(
        streams_of(request), then, performance=str(performance), seat=seat, after=after, limit=limit
    )
    known = {"performance_id": str(performance), "seat": seat, "label": place.label}
    engine = engine_of(request)
    currencies = await currencies_of(engine.store, engine.codec, [step.event for step in found.steps])
    return shown({**present.true_at(then), **known, **present.seat_then(found, engine.codec, currencies)})


@router.get("/audit/performances/{performance}/seats", responses={200: {"model": SeatsThen}})
async def show_seats(request: Request, performance: UUID, then: Then) -> Response:
    """Show the whole seat map as it was; holds that had lapsed by then are free."""
    engine = engine_of(request)
    inventory = await engine.places.inventory_of(str(performance))
    seats = await engine.past_seat_maps.at(str(performance), then)
    states = await asyncio.to_thread(present.seats_then, inventory, seats, then)
    return shown({"performance_id": str(performance), **present.true_at(then), **states})


def part_of(events: Sequence[RecordedEvent], limit: int) -> tuple[Sequence[RecordedEvent], bool]:
    """Return at most `limit` events, and whether there are more."""
    return events[:limit], len(events) > limit
