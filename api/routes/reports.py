"""What was sold, now and as of any moment: organizers see their own, admins everything."""

from collections import Counter
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from api.commands import MinPosition, caught_up, shown
from api.engine import engine_of
from api.errors import Malformed
from api.filters import require_filtered_account, require_own_organizer, require_reported_performance
from api.identity import identity_of
from api.paging import FOREIGN_CURSOR, PAGE_MAX, Limit, TextCursor, cursor_of, cut, values_in
from api.past import At, AtPosition, streams_of, then_of
from api.periods import require_period
from api.presenters import reports as present
from api.presenters.values import Body
from api.problems import documented
from api.routing import business_router
from api.schemas.reports import AccountReport, PerformanceReport, SalesReport
from api.schemas.values import Day
from api.visibility import require_organizers
from domain.performance import PERFORMANCE, NoPerformance, Performance, ScheduledPerformance
from domain.projection import Exclusions
from domain.values import Role
from projections import catalogue, seat_map
from projections.my_orders import MY_ORDERS
from projections.past.account_report import account_report
from projections.past.moment import AsOf, as_of
from projections.past.sales_then import sales_as_of
from projections.sales import NAME, Sales, SalesFilter, SalesKey, report_sales
from projections.seat_map import SeatCounts, count_seats
from projections.set_aside import read_exclusions

router = business_router("reports")


@router.get("/reports/sales", responses={200: {"model": SalesReport}, **documented(404)})
async def sales(
    request: Request,
    *,
    organizer_id: Annotated[UUID | None, Query(description="Only this organizer's.")] = None,
    performance_id: Annotated[UUID | None, Query(description="Only this performance's.")] = None,
    since: Annotated[Day | None, Query(alias="from", description="The first day, at the venue.")] = None,
    until: Annotated[Day | None, Query(alias="to", description="The last day, at the venue.")] = None,
    limit: Limit = PAGE_MAX,
    cursor: TextCursor = None,
    at: At = None,
    position: AtPosition = None,
    min_position: MinPosition = None,
) -> Response:
    """Report sales by performance, day, category and ticket type; the totals are those of all pages."""
    require_period(since, until)
    await caught_up(request, min_position, NAME, catalogue.NAME)
    organizers, named = await reported(request, organizer_id), str(performance_id) if performance_id else None
    await require_reported_performance(request, named, organizers)
    wanted = SalesFilter(
        organizers=organizers,
        performance=named,
        since=since,
        until=until,
        after=key_in(cursor),
        limit=limit + 1,
    )
    then = await asked_for(request, at, position)
    return shown(sales_body(await sales_at(request, wanted, then), limit))


@router.get("/reports/performances/{performance_id}", responses={200: {"model": PerformanceReport}})
async def performance(
    request: Request,
    performance_id: UUID,
    *,
    limit: Limit = PAGE_MAX,
    cursor: TextCursor = None,
    at: At = None,
    position: AtPosition = None,
    min_position: MinPosition = None,
) -> Response:
    """Report how one performance sold: its places and its sales; the totals are those of all pages."""
    await caught_up(request, min_position, NAME, seat_map.NAME)
    key = str(performance_id)
    capacity = len(await engine_of(request).places.inventory_of(key))
    then = await asked_for(request, at, position)
    taken = await taken_at(request, key, then)
    wanted = SalesFilter(performance=key, after=key_in(cursor), limit=limit + 1)
    found = await sales_at(request, wanted, then)
    places = {
        "capacity": capacity,
        "held": taken.held,
        "places_sold": taken.sold,
        "blocked": taken.blocked,
        "available": taken.available(capacity),
        **await cancellation(request, key, then),
    }
    return shown({"performance_id": key, **places, **sales_body(found, limit)})


async def cancellation(request: Request, performance: str, then: AsOf | None) -> Body:
    """Show whether a performance is, or was, cancelled, and why."""
    if then is None:
        state: Performance = await engine_of(request).handler.query(
            lambda context: context.read(PERFORMANCE, performance)
        )
    else:
        found = await streams_of(request).find(PERFORMANCE.stream(performance), then)
        state = NoPerformance() if found is None else found.state
    reason = state.cancel_reason if isinstance(state, ScheduledPerformance) else None
    return {"cancelled": reason is not None, "cancel_reason": reason}


@router.get("/reports/accounts/{account_id}", responses={200: {"model": AccountReport}})
async def account(
    request: Request,
    account_id: UUID,
    *,
    organizer_id: Annotated[UUID | None, Query(description="Only what was bought of this organizer.")] = None,
    at: At = None,
    position: AtPosition = None,
    min_position: MinPosition = None,
) -> Response:
    """Report what one account bought, by performance."""
    await caught_up(request, min_position, MY_ORDERS.name, catalogue.NAME)
    engine = engine_of(request)
    organizers = await reported(request, organizer_id)
    await require_filtered_account(request, str(account_id))
    then = await asked_for(request, at, position)
    if then is None:
        then = await as_of(engine.store, position=(await engine.positions.all()).get(MY_ORDERS.name, 0))
    await caught_up(request, then.position, MY_ORDERS.name)
    found = await account_report(
        engine.read_models, streams_of(request), then, account=str(account_id), organizers=organizers
    )
    body = {
        "account_id": str(account_id),
        "position": then.position,
        "complete": found.complete,
        "totals": present.totals(found.bought),
        "items": [present.bought_of_performance(bought) for bought in found.bought],
        "next": None,
    }
    return shown(body)


async def asked_for(request: Request, at: datetime | None, position: int | None) -> AsOf | None:
    """Return the moment a report is asked for; None: as it stands.

    Raises:
        Invalid: both are given, or what is yet to come.
    """
    return None if at is None and position is None else await then_of(request, at, position, None)


async def sales_at(request: Request, wanted: SalesFilter, then: AsOf | None) -> Sales:
    """Return figures, as they stand or as they were.

    Raises:
        Behind: the figures have not reached that moment.
    """
    engine = engine_of(request)
    if then is None:
        return await report_sales(engine.read_models, wanted)
    await caught_up(request, then.position, NAME)
    return await sales_as_of(engine.store, engine.read_models, wanted, then, await left_out(request))


async def left_out(request: Request) -> Exclusions:
    """Return what the sales leave out, by somebody's decision."""
    engine = engine_of(request)
    (state,) = (state for state in await engine.positions.states() if state.name == NAME)
    return await read_exclusions(engine.store, name=NAME, version=state.version, schema=state.schema)


async def taken_at(request: Request, performance: str, then: AsOf | None) -> SeatCounts:
    """Count the places that are, or were, not free."""
    engine = engine_of(request)
    if then is None:
        found = await count_seats(engine.read_models, performances=[performance], now=engine.clock.now())
        return found[performance]
    seats = await engine.past_seat_maps.at(performance, then)
    return SeatCounts(**Counter(state for _, state in seats.states_at(then.moment)))


async def reported(request: Request, wished: UUID | None) -> list[str] | None:
    """Return the organizers whose sales the sender may see and wants to; None: all.

    Raises:
        NotFound: there is no such organizer.
        Forbidden: none of their own, or somebody else's.
        Behind: the list of members has not caught up with the log.
    """
    identity = identity_of(request)
    if wished is not None:
        await require_own_organizer(request, str(wished))
        return [str(wished)]
    if await identity.holds(Role.ADMIN):
        return None
    return await require_organizers(request, identity, Role.ORGANIZER)


def sales_body(found: Sales, limit: int) -> Body:
    """Show a page of the figures, and the sums of all of them."""
    sales, last = cut(found.sales, limit)
    return {
        "position": found.position,
        "totals": present.totals(found.sums),
        "items": [present.sold_on_day(sale) for sale in sales],
        "next": None if last is None else cursor_of(*map(str, last.key)),
    }


def key_in(cursor: str | None) -> SalesKey | None:
    """Read what the figures of a page begin after.

    Raises:
        Malformed: the cursor is none of ours.
    """
    if cursor is None:
        return None
    organizer, performance, day, *rest = (value or "" for value in values_in(cursor, len(SalesKey._fields)))
    try:
        return SalesKey(organizer, performance, date.fromisoformat(day), *rest)
    except ValueError as error:
        raise Malformed(FOREIGN_CURSOR) from error
