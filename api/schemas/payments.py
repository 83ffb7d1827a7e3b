"""Payments as requests say them and answers show them; card data never touches this API."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.texts import ShortText
from api.schemas.values import Money, Position
from domain.payment import DisputeStatus, PaymentOutcome, PaymentStatus


class PaymentRequest(RequestBody):
    """With whom somebody wants to pay."""

    provider: Annotated[ShortText, Field(examples=["sandbox"])]


class PaymentOpened(ResponseBody):
    """An attempt to pay that began; send the buyer to `checkout_url`."""

    payment_id: str
    order_id: str
    provider: str
    status: PaymentStatus
    amount: Money
    checkout_url: str
    expires_at: datetime
    position: Position


class PaymentResponse(ResponseBody):
    """One attempt to pay. `outcome`, once it is decided: confirmed, refunded, or an exception somebody looks at."""

    payment_id: str
    order_id: str
    provider: str
    status: PaymentStatus
    failure: Annotated[str | None, Field(description="Why the provider refused, in its words.")]
    amount: Money
    captured: Annotated[Money | None, Field(description="What the provider took, if anything.")]
    dispute: Annotated[DisputeStatus | None, Field(description="Where the buyer's bank stands, if it disputes it.")]
    checkout_url: Annotated[
        str | None, Field(description="Where to pay: for the owner alone, while it can be paid, and not in lists.")
    ]
    outcome: PaymentOutcome | None
    expires_at: datetime


class WebhookResult(ResponseBody):
    """What was announced is on record."""

    event_id: str
    known: Annotated[bool, Field(description="Whether it is about a payment or a refund of ours.")]
    position: Position
