"""Webhooks of payment providers: each provider event has one effect, however often and in whatever order it arrives."""

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
from domain.decisions.disputes.dispute_exceptions import DisputeReport
from domain.decisions.disputes.disputing import lose_dispute, open_dispute, win_dispute
from domain.decisions.paying import capture, expire, fail, require_action, require_payment
from domain.decisions.refunds.transfers import complete_refund, fail_refund, require_refund
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
    """Receive a payment provider's webhook.

    Records what the provider reports, each event once. The body must be signed and at most five minutes old. A capture
    is decided at once: the order is confirmed or the money is refunded. Events of unknown kinds are acknowledged and
    ignored. For payment providers; the signature replaces an access token.
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
    return await webhook_response(
        request, event.event_id, await record_provider_event(request, provider, gateway, event)
    )


async def webhook_response(request: Request, event_id: str, outcome: Outcome | None) -> Response:
    """Return the answer to a provider; without an outcome the event concerned no payment or refund of this service."""
    if outcome is not None:
        return command_response(outcome, {"event_id": event_id, "known": True})
    position = await services_of(request).store.head()
    return json_response({"event_id": event_id, "known": False, "position": position})


async def record_provider_event(
    request: Request, provider: str, gateway: PaymentGateway, event: ProviderEvent
) -> Outcome | None:
    """Record a provider's event once; None if it concerns no payment or refund of this service.

    The command id covers the whole event: different content under the same event id is another command.
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
    """Return the command for a provider's event."""
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
            return for_payment_of(provider, payment, captured)
        case ProviderEventKind.CHECKOUT_ACTION_REQUIRED:
            return for_payment_of(provider, payment, partial(require_action, payment=payment))
        case ProviderEventKind.CHECKOUT_FAILED:
            return for_payment_of(provider, payment, partial(fail, payment=payment, reason=reason))
        case ProviderEventKind.CHECKOUT_EXPIRED:
            return for_payment_of(provider, payment, partial(expire, payment=payment))
        case ProviderEventKind.REFUND_COMPLETED:
            known = await gateway.find_refund(event.reference)
            transfer = event.reference if known is None else known.refund_id
            completed = partial(complete_refund, reference=event.reference, provider_refund=transfer)
            return for_refund_of(provider, event.reference, completed)
        case ProviderEventKind.REFUND_FAILED:
            return for_refund_of(
                provider, event.reference, partial(fail_refund, reference=event.reference, reason=reason)
            )
        case ProviderEventKind.DISPUTE_OPENED | ProviderEventKind.DISPUTE_WON | ProviderEventKind.DISPUTE_LOST:
            return for_payment_of(
                provider, payment, lambda context: DISPUTES[event.kind](context, dispute_report_of(event))
            )
        case _:
            assert_never(event.kind)


def dispute_report_of(event: ProviderEvent) -> DisputeReport:
    """Return the dispute that a provider's event reports."""
    assert event.dispute_id is not None, "the gateway reads no dispute without its id"
    return DisputeReport(
        payment=event.reference,
        dispute=event.dispute_id,
        amount=event.amount,
        currency=event.currency,
        at=event.created_at,
        source=SOURCE,
    )


def for_payment_of(provider: str, payment: str, decide: Decide) -> Decide:
    """Return the decision, refused if the payment belongs to another provider."""

    def decided(context: DecisionContext) -> Changes:
        if require_payment(context, payment).provider != provider:
            raise NotFound("There is no such payment.")
        return decide(context)  # type: ignore[arg-type] # a domain decision reads through the narrower DecisionContext

    return decided


def for_refund_of(provider: str, reference: str, decide: Decide) -> Decide:
    """Return the decision, refused if the refund belongs to another provider."""

    def decided(context: DecisionContext) -> Changes:
        if require_refund(context, transfer_of(reference)[0]).provider != provider:
            raise NotFound("There is no such refund.")
        return decide(context)  # type: ignore[arg-type]

    return decided
