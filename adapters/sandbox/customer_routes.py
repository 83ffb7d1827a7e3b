"""The customer's side: the page, the card and the second step, for browsers (forms) and programs (JSON)."""

import asyncio
from datetime import timedelta
from typing import TypeVar
from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, ValidationError

from adapters.sandbox import pages
from adapters.sandbox.cards import card_named, card_numbered
from adapters.sandbox.gateway import Gateway, TheGateway
from adapters.sandbox.records import Checkout, CheckoutStatus, NoSuchThing, NotAcceptable, SandboxRefused
from adapters.sandbox.schemas import Confirm, Pay

FORM = "application/x-www-form-urlencoded"
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

router = APIRouter(prefix="/sandbox")
Body = TypeVar("Body", bound=BaseModel)


@router.get("")
def show_cards() -> Response:
    """Show the test cards."""
    return HTMLResponse(pages.cards_page(), headers=PAGE_HEADERS)


@router.get("/pages.css")
def style() -> Response:
    """Send the pages' style sheet."""
    return FileResponse(pages.STYLE_SHEET, media_type="text/css")


@router.get("/health")
def health() -> dict[str, str]:
    """Answer while the process is up."""
    return {"status": "ok"}


@router.get("/checkouts/{checkout_id}/pay")
def show_checkout(checkout_id: str, gateway: TheGateway) -> Response:
    """Show the form, the second step or the result, as the checkout stands."""
    return _page(gateway, checkout_id)


@router.post("/checkouts/{checkout_id}/pay")
async def pay(checkout_id: str, request: Request, gateway: TheGateway) -> Response:
    """Use a card: 200 captured, 202 not yet, 402 declined, 409 ended, 422 no such card, 504 the card wants it so."""
    try:
        checkout = await _pay(checkout_id, await _read(request, Pay), gateway)
    except SandboxRefused as refused:
        return await _refusal(request, gateway, checkout_id, refused)
    gateway.courier.wake()
    if card_named(checkout.card).hangs:
        return await _no_answer(request, gateway, checkout)
    return _answer(request, gateway, checkout)


@router.post("/checkouts/{checkout_id}/confirm")
async def confirm(checkout_id: str, request: Request, gateway: TheGateway) -> Response:
    """Answer the bank's question with `approve` or `decline`."""
    try:
        approved = (await _read(request, Confirm)).decision == "approve"
        checkout = await asyncio.to_thread(
            gateway.books.checkouts.confirm, checkout_id, gateway.now(), approved=approved
        )
    except SandboxRefused as refused:
        return await _refusal(request, gateway, checkout_id, refused)
    gateway.courier.wake()
    return _answer(request, gateway, checkout)


async def _pay(checkout_id: str, body: Pay, gateway: Gateway) -> Checkout:
    card = card_numbered(body.card)
    if card is None:
        raise NotAcceptable("unknown_card", "This is none of the test cards. No real card works here.")
    late_by = gateway.late_by if body.delay_s is None else timedelta(seconds=body.delay_s)
    return await asyncio.to_thread(gateway.books.checkouts.pay, checkout_id, card, gateway.now(), late_by=late_by)


async def _read(request: Request, model: type[Body]) -> Body:
    body = await request.body()
    try:
        if not _is_form(request):
            return model.model_validate_json(body)
        fields = parse_qs(body.decode("ascii", "replace"), keep_blank_values=True)
        return model.model_validate({name: values[-1] for name, values in fields.items()})
    except ValidationError as error:
        raise NotAcceptable("bad_request", "The request is not understood; see the API's description.") from error


async def _no_answer(request: Request, gateway: Gateway, checkout: Checkout) -> Response:
    await asyncio.sleep(gateway.hang_s)
    if _is_form(request):
        return HTMLResponse(pages.no_answer_page(checkout), 504, headers=PAGE_HEADERS)
    raise HTTPException(504, "The bank did not answer in time.")


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


def _answer(request: Request, gateway: Gateway, checkout: Checkout) -> Response:
    if _is_form(request):
        return RedirectResponse(gateway.page_of(checkout), status_code=303)
    status = {CheckoutStatus.CAPTURED: 200, CheckoutStatus.FAILED: 402}.get(checkout.status, 202)
    answer = {
        "checkout_id": checkout.checkout_id,
        "status": checkout.status,
        "failure": checkout.failure,
        "return_url": checkout.return_url,
    }
    return JSONResponse(answer, status)


async def _refusal(request: Request, gateway: Gateway, checkout_id: str, refused: SandboxRefused) -> Response:
    if not _is_form(request) or isinstance(refused, NoSuchThing):
        raise refused
    return await asyncio.to_thread(_page, gateway, checkout_id, str(refused), refused.status)


def _page(gateway: Gateway, checkout_id: str, alert: str = "", status: int = 200) -> Response:
    checkout = gateway.books.checkouts.find(checkout_id)
    return HTMLResponse(pages.checkout_page(checkout, gateway.now(), alert=alert), status, headers=PAGE_HEADERS)
