"""Routes for customers: the page, the payment and the confirmation, for browsers (forms) and programs (JSON)."""

import asyncio
from datetime import timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox_provider import pages
from sandbox_provider.cards import find_card_by_name, find_card_by_number
from sandbox_provider.gateway import Gateway, gateway_of, page_path
from sandbox_provider.http.schemas import Confirm, Pay, is_form, read_body
from sandbox_provider.models import Checkout, CheckoutStatus, NotAcceptable, NotFound, SandboxRefused

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


async def show_cards(_: Request) -> Response:
    """Show the test cards."""
    return HTMLResponse(pages.cards_page(), headers=PAGE_HEADERS)


async def style(_: Request) -> Response:
    """Return the style sheet of the pages."""
    return FileResponse(pages.STYLE_SHEET, media_type="text/css")


async def health(_: Request) -> Response:
    """Return 200 while the process is running."""
    return JSONResponse({"status": "ok"})


async def show_checkout(request: Request) -> Response:
    """Show the form, the confirmation or the result, depending on the checkout's status."""
    return await asyncio.to_thread(_page, gateway_of(request), request.path_params["checkout_id"])


async def pay(request: Request) -> Response:
    """Use a card: 200 captured, 202 not yet, 402 declined, 409 ended, 422 unknown card, 504 for cards that time out."""
    gateway, checkout_id = gateway_of(request), request.path_params["checkout_id"]
    try:
        checkout = await _pay(checkout_id, await read_body(request, Pay), gateway)
    except SandboxRefused as refused:
        return await _refusal(request, gateway, checkout_id, refused)
    gateway.webhook_sender.wake()
    if find_card_by_name(checkout.card).hangs:
        return await _no_answer(request, gateway, checkout)
    return _answer(request, checkout)


async def confirm(request: Request) -> Response:
    """Confirm the payment with `approve` or refuse it with `decline`."""
    gateway, checkout_id = gateway_of(request), request.path_params["checkout_id"]
    try:
        approved = (await read_body(request, Confirm)).decision == "approve"
        checkout = await asyncio.to_thread(
            gateway.ledger.checkouts.confirm, checkout_id, gateway.now(), approved=approved
        )
    except SandboxRefused as refused:
        return await _refusal(request, gateway, checkout_id, refused)
    gateway.webhook_sender.wake()
    return _answer(request, checkout)


async def _pay(checkout_id: str, body: Pay, gateway: Gateway) -> Checkout:
    card = find_card_by_number(body.card)
    if card is None:
        raise NotAcceptable("unknown_card", "This is not a test card. Real cards are not accepted.")
    late_capture_delay = gateway.late_capture_delay if body.delay_s is None else timedelta(seconds=body.delay_s)
    return await asyncio.to_thread(
        gateway.ledger.checkouts.pay, checkout_id, card, gateway.now(), late_capture_delay=late_capture_delay
    )


async def _no_answer(request: Request, gateway: Gateway, checkout: Checkout) -> Response:
    await asyncio.sleep(gateway.timeout_delay_s)
    if is_form(request):
        return HTMLResponse(pages.no_answer_page(checkout), 504, headers=PAGE_HEADERS)
    raise HTTPException(504, "The bank did not respond in time.")


def _answer(request: Request, checkout: Checkout) -> Response:
    if is_form(request):
        return RedirectResponse(page_path(checkout), status_code=303)
    status = {CheckoutStatus.CAPTURED: 200, CheckoutStatus.FAILED: 402}.get(checkout.status, 202)
    answer = {
        "checkout_id": checkout.checkout_id,
        "status": checkout.status,
        "failure": checkout.failure,
        "return_url": checkout.return_url,
    }
    return JSONResponse(answer, status)


async def _refusal(request: Request, gateway: Gateway, checkout_id: str, refused: SandboxRefused) -> Response:
    if not is_form(request) or isinstance(refused, NotFound):
        raise refused
    return await asyncio.to_thread(_page, gateway, checkout_id, str(refused), refused.status)


def _page(gateway: Gateway, checkout_id: str, alert: str = "", status: int = 200) -> Response:
    checkout = gateway.ledger.checkouts.find(checkout_id)
    return HTMLResponse(pages.checkout_page(checkout, gateway.now(), alert=alert), status, headers=PAGE_HEADERS)


ROUTES = [
    Route("/sandbox", show_cards),
    Route("/sandbox/pages.css", style),
    Route("/sandbox/health", health),
    Route("/sandbox/checkouts/{checkout_id}", pay, methods=["POST"]),
    Route("/sandbox/checkouts/{checkout_id}/pay", show_checkout),
    Route("/sandbox/checkouts/{checkout_id}/pay", pay, methods=["POST"]),
    Route("/sandbox/checkouts/{checkout_id}/confirm", confirm, methods=["POST"]),
]
