"""What payment providers announce: each of their events has one effect, however often and whenever it comes."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, assert_never
from uuid import uuid5

import structlog
from fastapi import Path, Request, Response

from api.dependencies import services_of
from api.http.commands import COMMANDS, JSON, command_response, execute_command, json_response
from api.http.problems import problem_responses
from api.http.routing import business_router
from api.schemas.payments import WebhookResult
from domain.decision import Changes, DecisionContext
from domain.decisions.disputing import DisputeReport, lose_dispute, open_dispute, win_dispute
from domain.decisions.paying import capture, expire, fail, require_action, require_payment
from domain.decisions.refund_transfers import complete_refund, fail_refund, require_refund
from domain.decisions.settling import settle
from domain.errors import NotFound
from domain.ports.payment_gateway import PaymentGateway, ProviderEvent, ProviderEventKind, WebhookUnknown
from domain.refund import transfer_of
from eventstore.command import Decide, Outcome

SOURCE = "webhook"
UNEXPLAINED = "unexplained"
PROVIDER_LENGTH_MAX = 40

DISPUTES: Mapping[ProviderEventKind, Callable[[DecisionContext, DisputeReport], Changes]] = {
    ProviderEventKind.DISPUTE_OPENED: open_dispute,
    ProviderEventKind.DISPUTE_WON: win_dispute,
    ProviderEventKind.DISPUTE_LOST: lose_dispute,
}

router = business_router("webhooks")
_log = structlog.get_logger(__name__)


@router.post(
    "/webhooks/{provider}",
    responses={200: {"model": WebhookResult}, **problem_responses(401, 403)},
    openapi_extra={"requestBody": {"required": True, "content": {JSON: {"schema": {"type": "object"}}}}},
)
async def receive_webhook(request: Request, provider: Annotated[str, Path(max_length=PROVIDER_LENGTH_MAX)]) -> Response:
    """Record what a provider announces; signed, at most five minutes old, and each event once.

    A capture is decided at once: the order is confirmed, or the money goes back. An event of a kind that this program
    does not know is answered and ignored.
    """
    services = services_of(request)
    gateway = services.gateways.get(provider)
    if gateway is None:
        raise NotFound("There is no such payment provider.")
    try:
        event = gateway.read_webhook(headers=request.headers, body=await request.body(), now=services.clock.now())
    except WebhookUnknown as unknown:
        _log.info("webhook of an unknown kind ignored", provider=provider, kind=unknown.kind)
        services.metrics.webhooks_ignored += 1
        return await webhook_response(request, unknown.event_id, None)
    return await webhook_response(request, event.event_id, await record_announcement(request, provider, gateway, event))


async def webhook_response(request: Request, event_id: str, outcome: Outcome | None) -> Response:
    """Answer a provider; without an outcome it was about nothing of ours."""
    if outcome is not None:
        return command_response(outcome, {"event_id": event_id, "known": True})
    position = await services_of(request).store.head()
    return json_response({"event_id": event_id, "known": False, "position": position})


async def record_announcement(
    request: Request, provider: str, gateway: PaymentGateway, event: ProviderEvent
) -> Outcome | None:
    """Write a fact into the log, once; None if it is about nothing of ours.

    The command's id covers the whole fact: another one under the same event id is another command.
    """
    actor = {"kind": "provider", "id": provider, "role": None}
    fact = (event.event_id, event.kind, event.reference, str(event.amount), event.currency, event.dispute_id or "")
    command = uuid5(COMMANDS, f"webhooks/{provider}/{'/'.join(fact)}")
    try:
        decide = await decision_for(provider, gateway, event)
        outcome = await execute_command(request, decide, command_id=command, actor=actor)
    except NotFound:
        return None
    if event.kind is not ProviderEventKind.CHECKOUT_CAPTURED:
        return outcome
    decided = partial(settle, payment=event.reference)
    return await execute_command(request, decided, command_id=command, step="settle", actor=actor)


async def decision_for(provider: str, gateway: PaymentGateway, event: ProviderEvent) -> Decide:
    """Return the command that an announcement amounts to."""
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
        case ProviderEventKind.DISPUTE_OPENED | ProviderEventKind.DISPUTE_WON | ProviderEventKind.DISPUTE_LOST:
            return about_payment(
                provider, payment, lambda context: DISPUTES[event.kind](context, dispute_report_of(event))
            )
        case _:
            assert_never(event.kind)


def dispute_report_of(event: ProviderEvent) -> DisputeReport:
    """Return what an announcement says about a dispute."""
    assert event.dispute_id is not None, "the gateway reads no dispute without its id"
    return DisputeReport(
        payment=event.reference,
        dispute=event.dispute_id,
        amount=event.amount,
        currency=event.currency,
        at=event.created_at,
        source=SOURCE,
    )


def about_payment(provider: str, payment: str, decide: Decide) -> Decide:
    """Make sure that the payment is this provider's."""

    def decided(context: DecisionContext) -> Changes:
        if require_payment(context, payment).provider != provider:
            raise NotFound("There is no such payment.")
        return decide(context)  # type: ignore[arg-type] # whoever reads a book may read these

    return decided


def about_refund(provider: str, reference: str, decide: Decide) -> Decide:
    """Make sure that the refund is this provider's."""

    def decided(context: DecisionContext) -> Changes:
        if require_refund(context, transfer_of(reference)[0]).provider != provider:
            raise NotFound("There is no such refund.")
        return decide(context)  # type: ignore[arg-type]

    return decided
