"""Routes for the shop's server: they need the API key, and are idempotent by reference."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from functools import wraps

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox_provider.cards import RefundBehaviour, find_card_by_name
from sandbox_provider.gateway import Gateway, gateway_of
from sandbox_provider.http.schemas import (
    ByReference,
    CloseDispute,
    DeliveryPage,
    OpenCheckout,
    Page,
    SubmitRefund,
    checkout_document,
    read_body,
    read_query,
    refund_document,
)
from sandbox_provider.models import Checkout

ShopRoute = Callable[[Request, Gateway], Awaitable[Response]]


def _with_api_key(route: ShopRoute) -> Callable[[Request], Awaitable[Response]]:
    @wraps(route)
    async def guarded(request: Request) -> Response:
        gateway = gateway_of(request)
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {gateway.api_key}".encode()):
            raise HTTPException(401, "A valid API key is required.", headers={"WWW-Authenticate": "Bearer"})
        return await route(request, gateway)

    return guarded


def _json(document: object, status: int = 200) -> Response:
    return Response(orjson.dumps(document), status, media_type="application/json")


def _checkout(gateway: Gateway, checkout: Checkout, status: int = 200) -> Response:
    return _json(checkout_document(checkout, gateway.page_of(checkout)), status)


@_with_api_key
async def open_checkout(request: Request, gateway: Gateway) -> Response:
    """Open the checkout of a reference, or return the existing one."""
    body = (await read_body(request, OpenCheckout)).to_request()
    checkout = await asyncio.to_thread(gateway.ledger.checkouts.open, body, gateway.now())
    return _checkout(gateway, checkout, 201)


@_with_api_key
async def find_checkouts(request: Request, gateway: Gateway) -> Response:
    """Find a checkout by reference: one item or none; not 404, which a wrong URL would return as well."""
    reference = read_query(request, ByReference).reference
    checkout = await asyncio.to_thread(gateway.ledger.checkouts.find_by_reference, reference)
    return _json({"items": [checkout_document(checkout, gateway.page_of(checkout))] if checkout else []})


@_with_api_key
async def read_checkout(request: Request, gateway: Gateway) -> Response:
    """Return a checkout."""
    checkout = await asyncio.to_thread(gateway.ledger.checkouts.find, request.path_params["checkout_id"])
    return _checkout(gateway, checkout)


@_with_api_key
async def expire_checkout(request: Request, gateway: Gateway) -> Response:
    """Expire an unpaid checkout; one that has ended is returned unchanged."""
    expire = gateway.ledger.checkouts.expire
    checkout = await asyncio.to_thread(expire, request.path_params["checkout_id"], gateway.now())
    gateway.webhook_sender.wake()
    return _checkout(gateway, checkout)


@_with_api_key
async def capture_now(request: Request, gateway: Gateway) -> Response:
    """Capture a checkout whose capture is due later, without waiting."""
    capture = gateway.ledger.checkouts.capture_now
    checkout = await asyncio.to_thread(capture, request.path_params["checkout_id"], gateway.now())
    gateway.webhook_sender.wake()
    return _checkout(gateway, checkout)


@_with_api_key
async def close_dispute(request: Request, gateway: Gateway) -> Response:
    """Close an open dispute as won or lost."""
    won = (await read_body(request, CloseDispute)).outcome == "won"
    close = gateway.ledger.disputes.close
    checkout = await asyncio.to_thread(close, request.path_params["checkout_id"], gateway.now(), won=won)
    gateway.webhook_sender.wake()
    return _checkout(gateway, checkout)


@_with_api_key
async def submit_refund(request: Request, gateway: Gateway) -> Response:
    """Submit the refund of a reference, or return the existing one."""
    body, ledger = (await read_body(request, SubmitRefund)).to_request(), gateway.ledger
    if await asyncio.to_thread(ledger.refunds.reject_attempt, body.checkout_id):
        raise HTTPException(503, "The bank is unreachable; nothing was done.", headers={"Retry-After": "1"})
    refund, is_new = await asyncio.to_thread(
        ledger.refunds.submit, body, gateway.now(), pending_for=gateway.late_capture_delay
    )
    gateway.webhook_sender.wake()
    checkout = await asyncio.to_thread(ledger.checkouts.find, body.checkout_id)
    if is_new and find_card_by_name(checkout.card).refund_behaviour is RefundBehaviour.DONE_WITHOUT_ANSWER:
        await asyncio.sleep(gateway.timeout_delay_s)
        raise HTTPException(504, "The bank did not respond in time.")
    return _json(refund_document(refund), 201)


@_with_api_key
async def find_refunds(request: Request, gateway: Gateway) -> Response:
    """Find a refund by reference: one item or none."""
    reference = read_query(request, ByReference).reference
    refund = await asyncio.to_thread(gateway.ledger.refunds.find_by_reference, reference)
    return _json({"items": [refund_document(refund)] if refund else []})


@_with_api_key
async def list_ledger(request: Request, gateway: Gateway) -> Response:
    """Return a page of money entries, oldest first; `next` is null on the last page."""
    page = read_query(request, Page)
    entries = await asyncio.to_thread(gateway.ledger.entries, after=page.after, limit=page.limit + 1)
    items = entries[: page.limit]
    return _json({"items": items, "next": items[-1].entry if len(entries) > page.limit else None})


@_with_api_key
async def list_deliveries(request: Request, gateway: Gateway) -> Response:
    """Return a page of deliveries with their state, in the order of their creation."""
    page = read_query(request, DeliveryPage)
    after = gateway.ledger.deliveries.after
    deliveries = await asyncio.to_thread(after, page.after, state=page.state, limit=page.limit + 1)
    items = deliveries[: page.limit]
    return _json({"items": items, "next": items[-1].delivery_id if len(deliveries) > page.limit else None})


@_with_api_key
async def send_again(request: Request, gateway: Gateway) -> Response:
    """Add another delivery of an event."""
    event_id = request.path_params["event_id"]
    await asyncio.to_thread(gateway.ledger.deliveries.send_again, event_id, gateway.now())
    gateway.webhook_sender.wake()
    return _json({"event_id": event_id}, 202)


ROUTES = [
    Route("/sandbox/checkouts", open_checkout, methods=["POST"]),
    Route("/sandbox/checkouts", find_checkouts),
    Route("/sandbox/checkouts/{checkout_id}", read_checkout),
    Route("/sandbox/checkouts/{checkout_id}/expire", expire_checkout, methods=["POST"]),
    Route("/sandbox/checkouts/{checkout_id}/capture-now", capture_now, methods=["POST"]),
    Route("/sandbox/checkouts/{checkout_id}/close-dispute", close_dispute, methods=["POST"]),
    Route("/sandbox/refunds", submit_refund, methods=["POST"]),
    Route("/sandbox/refunds", find_refunds),
    Route("/sandbox/books", list_ledger),
    Route("/sandbox/deliveries", list_deliveries),
    Route("/sandbox/events/{event_id}/send-again", send_again, methods=["POST"]),
]
