"""Verification and parsing of the sandbox gateway's webhooks: signature, then age, then body.

Source: the scheme of https://docs.stripe.com/webhooks#verify-manually, under the sandbox's own header name.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, ValidationError, model_validator

from domain.ports.payment_gateway import (
    WEBHOOK_WINDOW,
    ProviderEvent,
    ProviderEventKind,
    WebhookForged,
    WebhookMalformed,
    WebhookStale,
    WebhookUnknown,
)
from domain.provider_facts import is_storable

SIGNATURE_HEADER = "seatledger-sandbox-signature"
SIGNATURES_MAX = 8
DISPUTE_KINDS = frozenset(
    {ProviderEventKind.DISPUTE_OPENED, ProviderEventKind.DISPUTE_WON, ProviderEventKind.DISPUTE_LOST}
)
UNIX_SECONDS = re.compile(r"[0-9]{1,11}")

_Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,100}$")]


_Kind = Annotated[str, StringConstraints(pattern=r"^[a-z0-9._-]{1,100}$")]


class _Envelope(BaseModel):
    """The fields that events of all kinds have."""

    event_id: _Id
    type: _Kind


class _EventBody(BaseModel):
    """The fields of an event of a known kind; unknown fields are ignored."""

    event_id: _Id
    type: ProviderEventKind
    created_at: AwareDatetime
    reference: _Id
    checkout_id: _Id
    amount: Annotated[int, Field(strict=True, gt=0)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    failure: _Id | None = None
    dispute_id: _Id | None = None

    @model_validator(mode="after")
    def _check_money(self) -> Self:
        if not is_storable(self.amount, self.currency, self.created_at):
            raise ValueError("The amount or the time cannot be recorded.")
        if self.type in DISPUTE_KINDS and self.dispute_id is None:
            raise ValueError("A dispute needs an id.")
        return self


def read_webhook(*, secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
    """Verify a webhook and return its event.

    Args:
        headers: names are compared without regard to case.
        body: the received bytes, unchanged, since the signature covers them.

    Raises:
        WebhookForged: no signature was made with `secret` over this time and body.
        WebhookStale: the signature's time is more than `WEBHOOK_WINDOW` before or after `now`.
        WebhookMalformed: the signature is valid, but the body is not an event.
        WebhookUnknown: the signature is valid, but the kind of event is unknown.
    """
    header = next((value for name, value in headers.items() if name.lower() == SIGNATURE_HEADER), "")
    seconds, signatures = _parts(header)
    expected = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest().encode()
    if not any(hmac.compare_digest(expected, signature) for signature in signatures):
        raise WebhookForged("No signature matches this body.")
    if abs(now - datetime.fromtimestamp(seconds, UTC)) > WEBHOOK_WINDOW:
        raise WebhookStale("The signature's time is too far from now.")
    return _event(body)


def _parts(header: str) -> tuple[int, list[bytes]]:
    """Split `t=<unix seconds>,v1=<hex>[,v1=<hex>…]`; several signatures occur while the provider changes its secret."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    signatures = [value.encode() for name, _, value in pairs if name == "v1"]
    if len(times) != 1 or not UNIX_SECONDS.fullmatch(times[0]) or not 0 < len(signatures) <= SIGNATURES_MAX:
        raise WebhookForged("The signature header is missing or malformed.")
    return int(times[0]), signatures


def _event(body: bytes) -> ProviderEvent:
    try:
        envelope = _Envelope.model_validate_json(body)
        if envelope.type not in set(ProviderEventKind):
            raise WebhookUnknown(envelope.event_id, envelope.type)
        fields = _EventBody.model_validate_json(body)
    except ValidationError as error:
        raise WebhookMalformed("The body is not a valid event.") from error
    return ProviderEvent(
        event_id=fields.event_id,
        kind=fields.type,
        created_at=fields.created_at,
        reference=fields.reference,
        checkout_id=fields.checkout_id,
        amount=fields.amount,
        currency=fields.currency,
        failure=fields.failure,
        dispute_id=fields.dispute_id,
    )
