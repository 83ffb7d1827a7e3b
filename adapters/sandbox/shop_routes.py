"""The provider's API for the shop's server: opened with the API key, each reference acted on once."""

import asyncio
import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Query

from adapters.sandbox.cards import Refunding, card_named
from adapters.sandbox.gateway import TheGateway
from adapters.sandbox.records import DeliveryState
from adapters.sandbox.schemas import (
    CloseDispute,
    OpenCheckout,
    Reference,
    SubmitRefund,
    checkout_document,
    refund_document,
)

PAGE_MAX = 100
ROW_MAX = 2**63 - 1

After = Annotated[int, Query(ge=0, le=ROW_MAX)]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]
Document = dict[str, object]


def _require_key(gateway: TheGateway, authorization: Annotated[str, Header()] = "") -> None:
    if not hmac.compare_digest(authorization.encode(), f"Bearer {gateway.api_key}".encode()):
        raise HTTPException(401, "A valid API key is needed.", headers={"WWW-Authenticate": "Bearer"})


router = APIRouter(prefix="/sandbox", dependencies=[Depends(_require_key)])


@router.post("/checkouts", status_code=201)
def open_checkout(body: OpenCheckout, gateway: TheGateway) -> Document:
    """Make the checkout of a reference, or find it."""
    checkout = gateway.books.checkouts.open(body.wish(), gateway.now())
    return checkout_document(checkout, gateway.page_of(checkout))


@router.get("/checkouts")
def find_checkouts(reference: Reference, gateway: TheGateway) -> Document:
    """Look a checkout up by the shop's reference: one item or none."""
    checkout = gateway.books.checkouts.find_by_reference(reference)
    return {"items": [checkout_document(checkout, gateway.page_of(checkout))] if checkout else []}


@router.get("/checkouts/{checkout_id}")
def read_checkout(checkout_id: str, gateway: TheGateway) -> Document:
    """Tell how a checkout stands."""
    checkout = gateway.books.checkouts.find(checkout_id)
    return checkout_document(checkout, gateway.page_of(checkout))


@router.post("/checkouts/{checkout_id}/expire")
def expire_checkout(checkout_id: str, gateway: TheGateway) -> Document:
    """End an unpaid checkout; one that has ended is told as it stands."""
    checkout = gateway.books.checkouts.expire(checkout_id, gateway.now())
    gateway.courier.wake()
    return checkout_document(checkout, gateway.page_of(checkout))


@router.post("/checkouts/{checkout_id}/capture-now")
def capture_now(checkout_id: str, gateway: TheGateway) -> Document:
    """Charge a card that was accepted to be captured late, without waiting."""
    checkout = gateway.books.checkouts.capture_now(checkout_id, gateway.now())
    gateway.courier.wake()
    return checkout_document(checkout, gateway.page_of(checkout))


@router.post("/checkouts/{checkout_id}/close-dispute")
def close_dispute(checkout_id: str, body: CloseDispute, gateway: TheGateway) -> Document:
    """Decide an open dispute."""
    checkout = gateway.books.disputes.close(checkout_id, gateway.now(), won=body.outcome == "won")
    gateway.courier.wake()
    return checkout_document(checkout, gateway.page_of(checkout))


@router.post("/refunds", status_code=201)
async def submit_refund(body: SubmitRefund, gateway: TheGateway) -> Document:
    """Send money back, or find the refund a reference already caused."""
    wish, books = body.wish(), gateway.books
    if await asyncio.to_thread(books.refunds.turn_away, wish.checkout_id):
        raise HTTPException(503, "The bank cannot be reached; nothing was done.", headers={"Retry-After": "1"})
    refund, is_new = await asyncio.to_thread(books.refunds.submit, wish, gateway.now(), pending_for=gateway.late_by)
    gateway.courier.wake()
    checkout = await asyncio.to_thread(books.checkouts.find, wish.checkout_id)
    if is_new and card_named(checkout.card).refunding is Refunding.DONE_WITHOUT_ANSWER:
        await asyncio.sleep(gateway.hang_s)
        raise HTTPException(504, "The bank did not answer in time.")
    return refund_document(refund)


@router.get("/refunds")
def find_refunds(reference: Reference, gateway: TheGateway) -> Document:
    """Look a refund up by the shop's reference: one item or none."""
    refund = gateway.books.refunds.find_by_reference(reference)
    return {"items": [refund_document(refund)] if refund else []}


@router.get("/books")
def read_books(gateway: TheGateway, after: After = 0, limit: Limit = PAGE_MAX) -> Document:
    """Tell every movement of money in the order it was booked; `next` is null at the end."""
    entries = gateway.books.entries(after=after, limit=limit + 1)
    page = entries[:limit]
    return {"items": page, "next": page[-1].entry if len(entries) > limit else None}


@router.get("/deliveries")
def read_deliveries(
    gateway: TheGateway, after: After = 0, limit: Limit = PAGE_MAX, state: DeliveryState | None = None
) -> Document:
    """Tell what became of every webhook."""
    deliveries = gateway.books.deliveries.after(after, state=state, limit=limit + 1)
    page = deliveries[:limit]
    return {"items": page, "next": page[-1].delivery_id if len(deliveries) > limit else None}


@router.post("/events/{event_id}/send-again", status_code=202)
def send_again(event_id: str, gateway: TheGateway) -> Document:
    """Queue the webhook of an event once more."""
    gateway.books.deliveries.send_again(event_id, gateway.now())
    gateway.courier.wake()
    return {"event_id": event_id}
