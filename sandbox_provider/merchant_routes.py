"""The provider's API for the shop's server: opened with the API key, each reference acted on once."""

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
from sandbox_provider.models import Checkout
from sandbox_provider.schemas import (
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

ShopRoute = Callable[[Request, Gateway], Awaitable[Response]]


def _for_the_shop(route: ShopRoute) -> Callable[[Request], Awaitable[Response]]:
    @wraps(route)
    async def guarded(request: Request) -> Response:
        gateway = gateway_of(request)
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {gateway.api_key}".encode()):
            raise HTTPException(401, "A valid API key is needed.", headers={"WWW-Authenticate": "Bearer"})
        return await route(request, gateway)

    return guarded


def _json(document: object, status: int = 200) -> Response:
    return Response(orjson.dumps(document), status, media_type="application/json")


def _checkout(gateway: Gateway, checkout: Checkout, status: int = 200) -> Response:
    return _json(checkout_document(checkout, gateway.page_of(checkout)), status)


@_for_the_shop
async def open_checkout(request: Request, gateway: Gateway) -> Response:
    """Make the checkout of a reference, or find it."""
    body = (await read_body(request, OpenCheckout)).to_request()
    checkout = await asyncio.to_thread(gateway.ledger.checkouts.open, body, gateway.now())
    return _checkout(gateway, checkout, 201)


@_for_the_shop
async def find_checkouts(request: Request, gateway: Gateway) -> Response:
    """Look a checkout up by the shop's reference: one item or none, never a 404 that a wrong address could give too."""
    reference = read_query(request, ByReference).reference
    checkout = await asyncio.to_thread(gateway.ledger.checkouts.find_by_reference, reference)
    return _json({"items": [checkout_document(checkout, gateway.page_of(checkout))] if checkout else []})


@_for_the_shop
async def read_checkout(request: Request, gateway: Gateway) -> Response:
    """Tell how a checkout stands."""
    checkout = await asyncio.to_thread(gateway.ledger.checkouts.find, request.path_params["checkout_id"])
    return _checkout(gateway, checkout)


@_for_the_shop
async def expire_checkout(request: Request, gateway: Gateway) -> Response:
    """End an unpaid checkout; one that has ended is told as it stands."""
    expire = gateway.ledger.checkouts.expire
    checkout = await asyncio.to_thread(expire, request.path_params["checkout_id"], gateway.now())
    gateway.courier.wake()
    return _checkout(gateway, checkout)


@_for_the_shop
async def capture_now(request: Request, gateway: Gateway) -> Response:
    """Charge a card that was accepted to be captured late, without waiting."""
    capture = gateway.ledger.checkouts.capture_now
    checkout = await asyncio.to_thread(capture, request.path_params["checkout_id"], gateway.now())
    gateway.courier.wake()
    return _checkout(gateway, checkout)


@_for_the_shop
async def close_dispute(request: Request, gateway: Gateway) -> Response:
    """Decide an open dispute."""
    won = (await read_body(request, CloseDispute)).outcome == "won"
    close = gateway.ledger.disputes.close
    checkout = await asyncio.to_thread(close, request.path_params["checkout_id"], gateway.now(), won=won)
    gateway.courier.wake()
    return _checkout(gateway, checkout)


@_for_the_shop
async def submit_refund(request: Request, gateway: Gateway) -> Response:
    """Send money back, or find the refund a reference already caused."""
    body, ledger = (await read_body(request, SubmitRefund)).to_request(), gateway.ledger
    if await asyncio.to_thread(ledger.refunds.reject_attempt, body.checkout_id):
        raise HTTPException(503, "The bank cannot be reached; nothing was done.", headers={"Retry-After": "1"})
    refund, is_new = await asyncio.to_thread(
        ledger.refunds.submit, body, gateway.now(), pending_for=gateway.late_capture_delay
    )
    gateway.courier.wake()
    checkout = await asyncio.to_thread(ledger.checkouts.find, body.checkout_id)
    if is_new and find_card_by_name(checkout.card).refunding is RefundBehaviour.DONE_WITHOUT_ANSWER:
        await asyncio.sleep(gateway.timeout_delay_s)
        raise HTTPException(504, "The bank did not answer in time.")
    return _json(refund_document(refund), 201)


@_for_the_shop
async def find_refunds(request: Request, gateway: Gateway) -> Response:
    """Look a refund up by the shop's reference: one item or none."""
    reference = read_query(request, ByReference).reference
    refund = await asyncio.to_thread(gateway.ledger.refunds.find_by_reference, reference)
    return _json({"items": [refund_document(refund)] if refund else []})


@_for_the_shop
async def read_books(request: Request, gateway: Gateway) -> Response:
    """Tell every movement of money in the order it was booked; `next` is null at the end."""
    page = read_query(request, Page)
    entries = await asyncio.to_thread(gateway.ledger.entries, after=page.after, limit=page.limit + 1)
    items = entries[: page.limit]
    return _json({"items": items, "next": items[-1].entry if len(entries) > page.limit else None})


@_for_the_shop
async def read_deliveries(request: Request, gateway: Gateway) -> Response:
    """Tell what became of every webhook, in the order they were queued."""
    page = read_query(request, DeliveryPage)
    after = gateway.ledger.deliveries.after
    deliveries = await asyncio.to_thread(after, page.after, state=page.state, limit=page.limit + 1)
    items = deliveries[: page.limit]
    return _json({"items": items, "next": items[-1].delivery_id if len(deliveries) > page.limit else None})


@_for_the_shop
async def send_again(request: Request, gateway: Gateway) -> Response:
    """Queue the webhook of an event once more."""
    event_id = request.path_params["event_id"]
    await asyncio.to_thread(gateway.ledger.deliveries.send_again, event_id, gateway.now())
    gateway.courier.wake()
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
    Route("/sandbox/books", read_books),
    Route("/sandbox/deliveries", read_deliveries),
    Route("/sandbox/events/{event_id}/send-again", send_again, methods=["POST"]),
]
