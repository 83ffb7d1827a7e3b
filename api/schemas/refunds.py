"""Refunds as requests say them and answers show them."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.summaries import WithPerformance
from api.schemas.texts import SEVERAL_LINES, visible
from api.schemas.values import Cursor, Money, Position
from domain.refund import RefundStatus
from domain.values import SEATS_PER_HOLD_MAX, RefundReason

REASON_LENGTH_MAX = 500

ReasonText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=REASON_LENGTH_MAX, pattern=SEVERAL_LINES),
    AfterValidator(visible),
]
LineId = Annotated[str, StringConstraints(pattern="^[1-9][0-9]{0,3}$")]


class RefundRequest(RequestBody):
    """Which lines of the order are to go back; left out: all that are left and that nobody has entered with."""

    lines: Annotated[list[LineId], Field(min_length=1, max_length=SEATS_PER_HOLD_MAX)] | None = None
    reason: Annotated[
        ReasonText | None,
        Field(description="Support's reason in words, without personal data; needed once the performance has begun."),
    ] = None


class RejectionRequest(RequestBody):
    """Why a refund is rejected, in words, without personal data."""

    reason: ReasonText | None = None


class RefundResponse(ResponseBody):
    """Money going back, and the lines it is for (none: money that came beside the lines)."""

    refund_id: str
    order_id: Annotated[str | None, Field(description="Null: money of no order, that ended an exception.")]
    order_code: str | None
    payment_id: str | None
    status: RefundStatus
    lines: list[str]
    amount: Money
    reason: RefundReason
    reason_text: Annotated[str | None, Field(description="Support's reason, in words.")]
    requested_by: Annotated[str | None, Field(description="An account; null: it was asked for by itself.")]
    requested_at: datetime
    decided_by: Annotated[str | None, Field(description="An account, or the name of a process.")]
    decided_at: datetime | None
    rejection: Annotated[str | None, Field(description="Why it was rejected, in words.")]
    completed_at: Annotated[datetime | None, Field(description="When the provider had given the money back.")]
    failure: Annotated[str | None, Field(description="Why the last transfer failed.")]


class RefundDetails(RefundResponse, WithPerformance):
    """A refund by itself, with the performance it is about."""

    performance_id: Annotated[str | None, Field(description="Null: money of no order.")]


class RefundRequested(RefundResponse):
    """A refund that was asked for."""

    position: Position


class RefundDecided(ResponseBody):
    """A refund that was approved or rejected; approved money is sent at once, and `completed` when it has arrived."""

    refund_id: str
    status: RefundStatus
    position: Position


class Refunds(ResponseBody):
    """A page of refunds, oldest first."""

    items: list[RefundDetails]
    next: Cursor
