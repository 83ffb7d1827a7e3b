"""Orders: place, list, get and cancel."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from uuid_utils.compat import uuid7

from api.auth.identity import identity_of
from api.auth.visibility import owner_filter
from api.dependencies import services_of
from api.http.commands import MinPosition, command_response, execute_command, json_response, wait_for_position
from api.http.fast_path import fast_router
from api.http.pagination import Limit, PositionCursor, placed_page
from api.http.problems import problem_responses
from api.http.requests.booking_requests import book
from api.http.requests.filters import require_findable
from api.http.routing import business_router
from api.presenters import orders as present
from api.presenters.values import Body
from api.queries.checkouts import checkout_urls
from api.queries.order_details import order_details
from api.queries.order_search import search_terms_of, searchable_orders
from api.schemas.orders import Contact, OrderCancelled, OrderDetails, OrderPlaced, OrderRequest, Orders
from domain import order as orders
from domain.decisions import ordering
from domain.errors import Invalid
from domain.order import OrderStatus
from domain.ports import personal_data
from domain.values import OrderCancelReason, derived_id
from eventstore.errors import OutcomeUnknown
from projections import catalogue, my_orders
from projections.catalogue import summaries_of
from projections.engine.queries import NEWEST
from projections.my_orders import OrderFilter, find_orders

SEARCH_LENGTH_MIN, SEARCH_LENGTH_MAX = 3, 200

SearchText = Annotated[
    str | None,
    Query(
        min_length=SEARCH_LENGTH_MIN,
        max_length=SEARCH_LENGTH_MAX,
        description="An order code, an id, a person or a seat.",
    ),
]

hot_router = fast_router("orders")
router = business_router("orders")


@hot_router.post("/orders", status_code=201, responses={201: {"model": OrderPlaced}, **problem_responses(404)})
async def place_order(request: Request, body: OrderRequest) -> Response:
    """Place an order.

    Orders a hold (`hold_id`), or holds and orders places in one atomic step (`performance_id` and `items`), all or
    none. A guest must send a `contact`. The order must be paid before `expires_at`; an order without anything to pay is
    confirmed at once.
    """
    order = str(uuid7())
    require_contact(request, body.contact)
    command = ordering.PlaceOrder(
        order=order,
        account=identity_of(request).account,
        contact=None if body.contact is None else derived_id(order, "contact"),
        terms_version=body.terms_version,
        locale=body.locale,
    )
    if body.performance_id is not None and body.items is not None:
        outcome = await book(
            request,
            body.performance_id,
            body.items,
            lambda context, request_body, inventory: ordering.hold_and_order(context, command, request_body, inventory),
        )
    else:
        hold = body.hold_id or ""
        outcome = await execute_command(request, lambda context: ordering.order_hold(context, command, hold=hold))
    if body.contact is not None:
        await save_contact(request, body.contact, outcome.of(orders.OrderPlaced))
    return command_response(outcome, present.order_from_events(outcome.events), status=201)


def require_contact(request: Request, contact: Contact | None) -> None:
    """Require a contact from a guest.

    Raises:
        Invalid: the sender is a guest and sent no contact.
    """
    if contact is None and identity_of(request).guest:
        raise Invalid("A guest's order needs a contact.")


async def save_contact(request: Request, contact: Contact, placed: orders.OrderPlaced) -> None:
    """Save an order's contact among the personal records, after the order is recorded; a replay saves it again.

    Raises:
        OutcomeUnknown: the order is recorded, but the personal records are unavailable.
    """
    if placed.contact is None:
        return
    record = personal_data.Contact(
        contact=placed.contact, account=placed.account, email=contact.email, name=contact.name
    )
    try:
        await services_of(request).people.save_contact(record)
    except personal_data.RecordsUnavailable as error:
        raise OutcomeUnknown("The order is recorded, but its contact is not.") from error


@router.get("/orders", responses={200: {"model": Orders}, **problem_responses(404)})
async def list_orders(
    request: Request,
    *,
    q: SearchText = None,
    status: Annotated[OrderStatus | None, Query(description="Only orders in this status.")] = None,
    performance: Annotated[UUID | None, Query(description="Only orders of this performance.")] = None,
    account: Annotated[UUID | None, Query(description="Only orders of this account.")] = None,
    limit: Limit = 20,
    cursor: PositionCursor = None,
    min_position: MinPosition = None,
) -> Response:
    """List orders.

    Without a filter: the sender's own orders, newest first. With a filter: support and admins find all orders,
    organizers those of their performances. `q` matches an order code, an id of an order, payment, refund or ticket, the
    beginning of an address or a part of a name; together with `performance` also a part of a seat's label.
    """
    await wait_for_position(request, min_position, my_orders.MY_ORDERS.name, catalogue.NAME)
    services = services_of(request)
    now = services.clock.now()
    order_filter = await order_filter_of(request, q, status, performance, account)
    found = await find_orders(services.read_models, order_filter, now=now, before=cursor or NEWEST, limit=limit + 1)
    page, next_cursor = placed_page(found.orders, limit)
    contacts = await contacts_of(request, [row.contact for row in page if row.contact])
    summaries = await summaries_of(services.read_models, (row.performance for row in page))
    items = [
        {
            **present.order_from_row(row, summaries.get(row.performance), now),
            "contact": contacts.get(row.contact or ""),
        }
        for row in page
    ]
    return json_response({"items": items, "next": next_cursor})


async def order_filter_of(
    request: Request, text: str | None, status: OrderStatus | None, performance: UUID | None, account: UUID | None
) -> OrderFilter:
    """Return the filter of an order search, limited to the orders that the sender may find.

    Raises:
        NotFound: no such performance or account, or the sender may not search by it.
    """
    performance_id, account_id = (str(key) if key else None for key in (performance, account))
    filtered = any(value is not None for value in (text, status, performance, account))
    account_or_organizers = await searchable_orders(request, filtered=filtered)
    await require_findable(request, account_or_organizers, performance=performance_id, account=account_id)
    return OrderFilter(
        account_or_organizers=account_or_organizers,
        terms=await search_terms_of(request, text) if text is not None else None,
        status=status,
        performance=performance_id,
        account=account_id,
    )


async def contacts_of(request: Request, contacts: Sequence[str]) -> Mapping[str, Body]:
    """Return the contacts by id, as JSON."""
    found = await services_of(request).people.find_contacts(contacts) if contacts else {}
    return {key: {"email": contact.email, "name": contact.name} for key, contact in found.items()}


@router.get("/orders/{order_id}", responses={200: {"model": OrderDetails}})
async def get_order(request: Request, order_id: UUID, min_position: MinPosition = None) -> Response:
    """Get an order.

    Returns the order with its lines, payments and refunds. Read from the log, so always current.
    """
    await wait_for_position(request, min_position)
    services, owner = services_of(request), await owner_filter(request)
    order = await order_details(services, str(order_id), owner)
    own = owner is not None or order.state.account == identity_of(request).account
    urls = await checkout_urls(services, order.payments, owner=own)
    known = present.order_from_state(order, services.clock.now(), urls)
    contact = await services.people.find_contact(order.state.contact) if order.state.contact else None
    known["contact"] = None if contact is None else {"email": contact.email, "name": contact.name}
    return json_response(known)


@router.post("/orders/{order_id}/cancel", responses={200: {"model": OrderCancelled}})
async def cancel_order(request: Request, order_id: UUID) -> Response:
    """Cancel an order.

    Cancels an unpaid order; its places are free at once. A paid order is refunded instead (`order_confirmed`).
    """
    order, owner = str(order_id), await owner_filter(request)
    reason = OrderCancelReason.BUYER if owner else OrderCancelReason.SUPPORT
    outcome = await execute_command(
        request, lambda context: ordering.cancel_order(context, order=order, account=owner, reason=reason)
    )
    state = await services_of(request).handler.query(
        lambda context: ordering.require_visible_order(context, order, None)
    )
    return command_response(outcome, {"order_id": order, "status": state.status})
