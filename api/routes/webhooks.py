"""What payment providers announce: each of their events has one effect, however often and whenever it comes."""

from functools import partial
from typing import Annotated
from uuid import UUID, uuid5

from fastapi import Path, Request, Response

from api.commands import COMMANDS, JSON, carry_out, shown
from api.engine import engine_of
from api.problems import documented
from api.routing import business_router
from api.schemas.payments import WebhookTaken
from domain.books import Books, Changes
from domain.errors import NotFound
from domain.paying import capture, existing, expire, fail, require_action
from domain.ports import PaymentGateway, ProviderEvent, ProviderEventKind
from domain.refund import transfer_of
from domain.refunding import complete_refund, fail_refund
from domain.refunding import existing as existing_refund
from domain.settling import settle
from eventstore.command import Decide

SOURCE = "webhook"
UNEXPLAINED = "unexplained"
PROVIDER_LENGTH_MAX = 40

router = business_router("webhooks")


@router.post(
    "/webhooks/{provider}",
    responses={200: {"model": WebhookTaken}, **documented(401, 403)},
    openapi_extra={"requestBody": {"required": True, "content": {JSON: {"schema": {"type": "object"}}}}},
)
async def take(request: Request, provider: Annotated[str, Path(max_length=PROVIDER_LENGTH_MAX)]) -> Response:
    """Record what a provider announces; signed, at most five minutes old, and each event once.

    What we learn of a capture is decided at once: the order is confirmed, or the money goes back.
    """
    engine = engine_of(request)
    gateway = engine.gateways.get(provider)
    if gateway is None:
        raise NotFound("There is no such payment provider.")
    event = gateway.read_webhook(headers=request.headers, body=await request.body(), now=engine.clock.now())
    command = uuid5(COMMANDS, f"webhooks/{provider}/{event.event_id}")
    known = await record(request, provider, gateway, event, command)
    return shown({"event_id": event.event_id, "known": known})


async def record(request: Request, provider: str, gateway: PaymentGateway, event: ProviderEvent, command: UUID) -> bool:
    """Write a fact into the log; False if it is about nothing of ours."""
    actor = {"kind": "provider", "id": provider, "role": None}
    try:
        decide = await decision(provider, gateway, event)
        if decide is None:
            return True
        await carry_out(request, decide, command_id=command, actor=actor)
    except NotFound:
        return False
    if event.kind is ProviderEventKind.CHECKOUT_CAPTURED:
        decided = partial(settle, payment=event.reference)
        await carry_out(request, decided, command_id=command, step="settle", actor=actor)
    return True


async def decision(provider: str, gateway: PaymentGateway, event: ProviderEvent) -> Decide | None:
    """Return the command that an announcement amounts to; None for disputes, which are read from the books."""
    payment, reason = event.reference, event.failure or UNEXPLAINED
    match event.kind:
        case ProviderEventKind.CHECKOUT_CAPTURED:
            captured = partial(
                capture,
                payment=payment,
                amount=event.amount,
                currency=event.currency,
                captured_at=event.created_at,
                source=SOURCE,
            )
            return about_payment(provider, payment, captured)
        case ProviderEventKind.CHECKOUT_ACTION_REQUIRED:
            return about_payment(provider, payment, partial(require_action, payment=payment))
        case ProviderEventKind.CHECKOUT_FAILED:
            return about_payment(provider, payment, partial(fail, payment=payment, reason=reason))
        case ProviderEventKind.CHECKOUT_EXPIRED:
            return about_payment(provider, payment, partial(expire, payment=payment))
        case ProviderEventKind.REFUND_COMPLETED:
            known = await gateway.find_refund(event.reference)
            transfer = event.reference if known is None else known.refund_id
            completed = partial(complete_refund, reference=event.reference, provider_refund=transfer)
            return about_refund(provider, event.reference, completed)
        case ProviderEventKind.REFUND_FAILED:
            return about_refund(
                provider, event.reference, partial(fail_refund, reference=event.reference, reason=reason)
            )
        case _:
            return None


def about_payment(provider: str, payment: str, decide: Decide) -> Decide:
    """Make sure that the payment is this provider's."""

    def decided(books: Books) -> Changes:
        if existing(books, payment).provider != provider:
            raise NotFound("There is no such payment.")
        return decide(books)  # type: ignore[arg-type] # whoever reads a book may read these

    return decided


def about_refund(provider: str, reference: str, decide: Decide) -> Decide:
    """Make sure that the refund is this provider's."""

    def decided(books: Books) -> Changes:
        if existing_refund(books, transfer_of(reference)[0]).provider != provider:
            raise NotFound("There is no such refund.")
        return decide(books)  # type: ignore[arg-type]

    return decided
