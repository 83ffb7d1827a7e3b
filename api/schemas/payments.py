"""Payments in requests and responses. Card data never reaches this API."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.fields.texts import ShortText
from api.schemas.fields.values import Money, Position
from domain.dispute import DisputeStatus
from domain.payment import PaymentOutcome, PaymentStatus


class PaymentRequest(RequestBody):
    """The payment provider to use."""

    provider: Annotated[ShortText, Field(examples=["sandbox"])]


class PaymentOpened(ResponseBody):
    """The started payment; send the buyer to `checkout_url`."""

    payment_id: str
    order_id: str
    provider: str
    status: PaymentStatus
    amount: Money
    checkout_url: str
    expires_at: datetime
    position: Position


class PaymentResponse(ResponseBody):
    """One payment. `outcome` of a capture: confirmed, refunded, or an exception for support."""

    payment_id: str
    order_id: str
    provider: str
    status: PaymentStatus
    failure: Annotated[str | None, Field(description="The provider's reason for a failure.")]
    amount: Money
    captured: Annotated[Money | None, Field(description="The captured amount; null before a capture.")]
    dispute: Annotated[
        DisputeStatus | None, Field(description="State of the dispute; null if the payment is not disputed.")
    ]
    checkout_url: Annotated[
        str | None,
        Field(description="URL of the checkout: only for the owner, only while it can be paid, not in lists."),
    ]
    outcome: PaymentOutcome | None
    expires_at: datetime


class WebhookResult(ResponseBody):
    """The recorded provider event."""

    event_id: str
    known: Annotated[bool, Field(description="Whether it concerns a payment or refund of this service.")]
    position: Position
