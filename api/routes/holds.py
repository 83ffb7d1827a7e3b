"""Holds: places claimed together until one deadline, at a quoted price."""

from uuid import UUID

from fastapi import Request, Response

from api.auth.identity import identity_of
from api.dependencies import services_of
from api.http.commands import MinPosition, command_response, execute_command, json_response, wait_for_position
from api.http.fast_path import fast_router
from api.http.pagination import Limit, PositionCursor, placed_page
from api.http.problems import problem_responses
from api.http.requests.booking_requests import EXTENSION, book
from api.http.routing import business_router
from api.presenters import orders as present
from api.queries.performance_summary import summary_in
from api.schemas.holds import HoldExtended, HoldPlaced, HoldReleased, HoldRequest, HoldResponse, Holds
from domain import hold as holds
from domain.account import owns
from domain.decision import DecisionContext
from domain.decisions import holding
from projections import catalogue, my_orders
from projections.catalogue import PerformanceSummary, summaries_of
from projections.engine.queries import NEWEST
from projections.my_orders import list_holds

hot_router = fast_router("holds")
router = business_router("holds")


@hot_router.post("/performances/{performance_id}/holds", status_code=201, responses={201: {"model": HoldPlaced}})
async def hold_seats(request: Request, performance_id: UUID, body: HoldRequest) -> Response:
    """Hold places.

    Claims seats and places of standing areas until a deadline, all or none, at the current price. Refused if a seat is
    not free (`seats_taken` lists them) or the buyer's limit is reached.
    """
    outcome = await book(request, str(performance_id), body.items, holding.hold_seats)
    return command_response(outcome, present.hold_from_events(outcome.events), status=201)


@router.get("/holds", responses={200: {"model": Holds}})
async def list_own_holds(
    request: Request, limit: Limit = 20, cursor: PositionCursor = None, min_position: MinPosition = None
) -> Response:
    """List the sender's holds.

    Lists live holds that are not ordered yet, newest first.
    """
    await wait_for_position(request, min_position, my_orders.MY_ORDERS.name, catalogue.NAME)
    services = services_of(request)
    rows = await list_holds(
        services.read_models,
        account=identity_of(request).account,
        now=services.clock.now(),
        before=cursor or NEWEST,
        limit=limit + 1,
    )
    page, next_cursor = placed_page(rows, limit)
    summaries = await summaries_of(services.read_models, (row.performance for row in page))
    items = [present.hold_from_row(row, summaries.get(row.performance)) for row in page]
    return json_response({"items": items, "next": next_cursor})


@router.get("/holds/{hold_id}", responses={200: {"model": HoldResponse}, **problem_responses(409)})
async def get_hold(request: Request, hold_id: UUID, min_position: MinPosition = None) -> Response:
    """Get a hold.

    Returns the hold and its quote, read from the log. A released hold is `hold_ended` (409).
    """
    await wait_for_position(request, min_position)
    services, account = services_of(request), identity_of(request).account
    state, summary = await services.handler.query(
        lambda context: own_hold_with_performance(context, str(hold_id), account)
    )
    return json_response(present.hold_from_state(str(hold_id), state, summary, services.clock.now()))


def own_hold_with_performance(
    context: DecisionContext, hold: str, account: str
) -> tuple[holds.OpenHold | holds.EndedHold, PerformanceSummary]:
    """Return an account's own hold, live or lapsed, and the summary of its performance."""
    state = context.read(holds.HOLD, hold)
    if isinstance(state, holds.EndedHold) and state.lapsed is not None and owns(context, account, state.holder):
        return state, summary_in(context, state.lapsed.performance)
    own = holding.require_own_hold(context, hold, account)
    return own, summary_in(context, own.performance)


@router.post("/holds/{hold_id}/extend", responses={200: {"model": HoldExtended}})
async def extend_hold(request: Request, hold_id: UUID) -> Response:
    """Extend a hold.

    Moves the deadline of all places of the hold by five minutes. Possible once per hold (`already_extended`).
    """
    own, account = str(hold_id), identity_of(request).account
    outcome = await execute_command(
        request, lambda context: holding.extend_hold(context, hold=own, holder=account, by=EXTENSION)
    )
    return command_response(outcome, {"hold_id": own, "expires_at": outcome.of(holds.HoldExtended).expires_at})


@router.delete("/holds/{hold_id}", responses={200: {"model": HoldReleased}})
async def release_hold(request: Request, hold_id: UUID) -> Response:
    """Release a hold.

    Ends the hold; its places are free at once. Repeating it changes nothing.
    """
    own, account = str(hold_id), identity_of(request).account
    outcome = await execute_command(request, lambda context: holding.release_hold(context, hold=own, holder=account))
    return command_response(outcome, {"hold_id": own, "status": "released"})
