"""Refunds in requests and responses."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.fields.texts import SEVERAL_LINES, visible
from api.schemas.fields.values import Cursor, Money, Position
from api.schemas.summaries import WithPerformance
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
    """The lines to refund; omitted: all lines that can be refunded."""

    lines: Annotated[list[LineId], Field(min_length=1, max_length=SEATS_PER_HOLD_MAX)] | None = None
    reason: Annotated[
        ReasonText | None,
        Field(description="Support's reason, without personal data; required after the start of the performance."),
    ] = None


class RejectionRequest(RequestBody):
    """Why the refund is rejected, without personal data."""

    reason: ReasonText | None = None


class RefundResponse(ResponseBody):
    """A refund and its lines; without lines for money that belongs to no line."""

    refund_id: str
    order_id: Annotated[str | None, Field(description="null: money without an order, refunded to close an exception.")]
    order_code: str | None
    payment_id: str | None
    status: RefundStatus
    lines: list[str]
    amount: Money
    reason: RefundReason
    reason_text: Annotated[str | None, Field(description="Support's reason.")]
    requested_by: Annotated[
        str | None, Field(description="Id of the requesting account; null: requested by a process.")
    ]
    requested_at: datetime
    decided_by: Annotated[str | None, Field(description="Id of the deciding account, or name of a process.")]
    decided_at: datetime | None
    rejection: Annotated[str | None, Field(description="Why it was rejected.")]
    completed_at: Annotated[datetime | None, Field(description="When the provider completed the transfer.")]
    failure: Annotated[str | None, Field(description="Why the last transfer failed.")]


class RefundDetails(RefundResponse, WithPerformance):
    """A refund with its performance."""

    performance_id: Annotated[str | None, Field(description="null: money without an order.")]


class RefundRequested(RefundResponse):
    """The requested refund."""

    position: Position


class RefundDecided(ResponseBody):
    """The decided refund; approved money is transferred at once, and the status is `completed` once it has arrived."""

    refund_id: str
    status: RefundStatus
    position: Position


class Refunds(ResponseBody):
    """A page of refunds, oldest first."""

    items: list[RefundDetails]
    next: Cursor
