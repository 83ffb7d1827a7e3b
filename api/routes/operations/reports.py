"""Sales reports, current and as of an earlier moment: organizers see their own sales, admins all."""

from collections import Counter
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from api.auth.identity import identity_of
from api.auth.visibility import require_organizers
from api.dependencies import services_of
from api.http.as_of import At, AtPosition, as_of_parameter, historical_streams
from api.http.commands import MinPosition, json_response, wait_for_position
from api.http.pagination import FOREIGN_CURSOR, PAGE_MAX, Limit, TextCursor, cursor_of, split_page, values_in
from api.http.problems import problem_responses
from api.http.requests.filters import require_filtered_account, require_own_organizer, require_reported_performance
from api.http.requests.periods import require_period
from api.http.routing import business_router
from api.presenters import reports as present
from api.presenters.values import Body
from api.schemas.fields.values import Day
from api.schemas.operations.reports import AccountReport, PerformanceReport, SalesReport
from application.errors import Malformed
from audit.account_report import account_report
from audit.as_of import AsOf, as_of
from audit.sales_report import sales_as_of
from domain.operations.exclusions import Exclusions
from domain.performance import PERFORMANCE, NoPerformance, Performance, ScheduledPerformance
from domain.values import Role
from projections import catalogue
from projections.my_orders import MY_ORDERS
from projections.operations.exclusions import read_exclusions
from projections.sales.fold import NAME
from projections.sales.queries import Sales, SalesFilter, SalesKey, report_sales
from projections.seat_map import fold as seat_map
from projections.seat_map.queries import SeatCounts, count_seats

router = business_router("reports")


@router.get("/reports/sales", responses={200: {"model": SalesReport}, **problem_responses(404)})
async def get_sales_report(
    request: Request,
    *,
    organizer_id: Annotated[UUID | None, Query(description="Only sales of this organizer.")] = None,
    performance_id: Annotated[UUID | None, Query(description="Only sales of this performance.")] = None,
    since: Annotated[Day | None, Query(alias="from", description="The first day, in the venue's time zone.")] = None,
    until: Annotated[Day | None, Query(alias="to", description="The last day, in the venue's time zone.")] = None,
    limit: Limit = PAGE_MAX,
    cursor: TextCursor = None,
    at: At = None,
    position: AtPosition = None,
    min_position: MinPosition = None,
) -> Response:
    """Report sales.

    Returns sales by performance, day, category and ticket type, current or as of a moment (`at` or `position`).
    `totals` sum the rows of all pages.
    """
    require_period(since, until)
    await wait_for_position(request, min_position, NAME, catalogue.NAME)
    organizers, requested_performance = (
        await reportable_organizers(request, organizer_id),
        str(performance_id) if performance_id else None,
    )
    await require_reported_performance(request, requested_performance, organizers)
    sales_filter = SalesFilter(
        organizers=organizers,
        performance=requested_performance,
        since=since,
        until=until,
        after=sales_key_of(cursor),
        limit=limit + 1,
    )
    moment = await as_of_parameter_or_none(request, at, position)
    return json_response(sales_json(await sales_at(request, sales_filter, moment), limit))


@router.get("/reports/performances/{performance_id}", responses={200: {"model": PerformanceReport}})
async def get_performance_report(
    request: Request,
    performance_id: UUID,
    *,
    limit: Limit = PAGE_MAX,
    cursor: TextCursor = None,
    at: At = None,
    position: AtPosition = None,
    min_position: MinPosition = None,
) -> Response:
    """Report one performance.

    Returns a performance's places and its sales, current or as of a moment (`at` or `position`). `totals` sum the rows
    of all pages.
    """
    await wait_for_position(request, min_position, NAME, seat_map.NAME)
    key = str(performance_id)
    capacity = len(await services_of(request).place_finder.inventory_of(key))
    moment = await as_of_parameter_or_none(request, at, position)
    taken = await taken_seats_as_of(request, key, moment)
    sales_filter = SalesFilter(performance=key, after=sales_key_of(cursor), limit=limit + 1)
    found = await sales_at(request, sales_filter, moment)
    places = {
        "capacity": capacity,
        "held": taken.held,
        "places_sold": taken.sold,
        "blocked": taken.blocked,
        "available": taken.available(capacity),
        **await cancellation_json(request, key, moment),
    }
    return json_response({"performance_id": key, **places, **sales_json(found, limit)})


async def cancellation_json(request: Request, performance: str, moment: AsOf | None) -> Body:
    """Return whether a performance is (or was, at the moment) cancelled, and why."""
    if moment is None:
        state: Performance = await services_of(request).handler.query(
            lambda context: context.read(PERFORMANCE, performance)
        )
    else:
        found = await historical_streams(request).find(PERFORMANCE.stream(performance), moment)
        state = NoPerformance() if found is None else found.state
    reason = state.cancel_reason if isinstance(state, ScheduledPerformance) else None
    return {"cancelled": reason is not None, "cancel_reason": reason}


@router.get("/reports/accounts/{account_id}", responses={200: {"model": AccountReport}})
async def get_account_report(
    request: Request,
    account_id: UUID,
    *,
    organizer_id: Annotated[UUID | None, Query(description="Only purchases from this organizer.")] = None,
    at: At = None,
    position: AtPosition = None,
    min_position: MinPosition = None,
) -> Response:
    """Report one account's purchases.

    Returns what an account bought, by performance, current or as of a moment (`at` or `position`). Organizers see
    purchases of their own performances.
    """
    await wait_for_position(request, min_position, MY_ORDERS.name, catalogue.NAME)
    services = services_of(request)
    organizers = await reportable_organizers(request, organizer_id)
    await require_filtered_account(request, str(account_id))
    moment = await as_of_parameter_or_none(request, at, position)
    if moment is None:
        moment = await as_of(services.store, position=(await services.positions.all()).get(MY_ORDERS.name, 0))
    await wait_for_position(request, moment.position, MY_ORDERS.name)
    found = await account_report(
        services.read_models, historical_streams(request), moment, account=str(account_id), organizers=organizers
    )
    body = {
        "account_id": str(account_id),
        "position": moment.position,
        "complete": found.complete,
        "totals": present.totals(found.bought),
        "items": [present.purchase_json(bought) for bought in found.bought],
        "next": None,
    }
    return json_response(body)


async def as_of_parameter_or_none(request: Request, at: datetime | None, position: int | None) -> AsOf | None:
    """Return the moment that a report is requested for; None: current.

    Raises:
        Invalid: both `at` and `position` are given, or the moment lies in the future.
    """
    return None if at is None and position is None else await as_of_parameter(request, at, position, None)


async def sales_at(request: Request, sales_filter: SalesFilter, moment: AsOf | None) -> Sales:
    """Return the sales, current or as of a moment.

    Raises:
        Behind: the read model has not reached that moment.
    """
    services = services_of(request)
    if moment is None:
        return await report_sales(services.read_models, sales_filter)
    await wait_for_position(request, moment.position, NAME)
    return await sales_as_of(
        services.store, services.read_models, sales_filter, moment, await read_sales_exclusions(request)
    )


async def read_sales_exclusions(request: Request) -> Exclusions:
    """Return the events and streams that operators excluded from the sales read model."""
    services = services_of(request)
    (state,) = (state for state in await services.positions.states() if state.name == NAME)
    return await read_exclusions(services.store, name=NAME, version=state.version, schema=state.schema)


async def taken_seats_as_of(request: Request, performance: str, moment: AsOf | None) -> SeatCounts:
    """Count the places that are not free, now or as of a moment."""
    services = services_of(request)
    if moment is None:
        found = await count_seats(services.read_models, performances=[performance], now=services.clock.now())
        return found[performance]
    seats = await services.past_seat_maps.at(performance, moment)
    return SeatCounts(**Counter(state for _, state in seats.states_at(moment.moment)))


async def reportable_organizers(request: Request, requested: UUID | None) -> list[str] | None:
    """Return the organizers whose sales the sender may see and requested; None: all.

    Raises:
        NotFound: no such organizer.
        Forbidden: the sender is an organizer of no organizer, or not of the requested one.
        Behind: the read model of members has not reached the log.
    """
    identity = identity_of(request)
    if requested is not None:
        await require_own_organizer(request, str(requested))
        return [str(requested)]
    if await identity.has_role(Role.ADMIN):
        return None
    return await require_organizers(request, identity, Role.ORGANIZER)


def sales_json(found: Sales, limit: int) -> Body:
    """Return a page of sales and the totals of all pages as JSON."""
    sales, last = split_page(found.sales, limit)
    return {
        "position": found.position,
        "totals": present.totals(found.sums),
        "items": [present.sale_json(sale) for sale in sales],
        "next": None if last is None else cursor_of(*map(str, last.key)),
    }


def sales_key_of(cursor: str | None) -> SalesKey | None:
    """Return the key that a page of sales begins after.

    Raises:
        Malformed: the cursor was not issued by this API.
    """
    if cursor is None:
        return None
    organizer, performance, day, *rest = (value or "" for value in values_in(cursor, len(SalesKey._fields)))
    try:
        return SalesKey(organizer, performance, date.fromisoformat(day), *rest)
    except ValueError as error:
        raise Malformed(FOREIGN_CURSOR) from error
