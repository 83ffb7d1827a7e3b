"""Exceptions in requests and responses."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.fields.values import Cursor, Money, Position
from domain.money_exception import ExceptionKind, Resolution, ResolutionReason


class ExceptionStatus(StrEnum):
    """Whether the exception needs a decision."""

    OPEN = "open"
    CLOSED = "closed"


class ResolutionRequest(RequestBody):
    """Why support chose this resolution."""

    reason: ResolutionReason


class ProposedResolution(ResponseBody):
    """The first account's decision; a second account must agree."""

    resolution: Resolution
    by: str


class ExceptionResponse(ResponseBody):
    """One exception: the amount in question and the known ids it concerns."""

    exception_id: str
    kind: ExceptionKind
    status: ExceptionStatus
    owner: str
    amount: Money
    refundable: Annotated[Money | None, Field(description="The amount that can be refunded; null: none.")]
    provider: str
    provider_entry: Annotated[int | None, Field(description="Number of the entry in the provider's ledger.")]
    order_id: str | None
    order_code: str | None
    payment_id: str | None
    refund_id: str | None
    account_id: Annotated[str | None, Field(description="Owner of the order; this account cannot decide.")]
    performance_id: str | None
    attempts: Annotated[int, Field(description="Number of attempted transfers.")]
    failure: Annotated[str | None, Field(description="Why the last transfer failed.")]
    possible: Annotated[list[Resolution], Field(description="The possible resolutions.")]
    proposed: ProposedResolution | None
    resolution: Resolution | None
    reason: ResolutionReason | None
    closed_by: Annotated[str | None, Field(description="The account, or the process that found it resolved.")]
    resolution_refund_id: Annotated[str | None, Field(description="Id of the refund that resolves it.")]
    opened_at: datetime
    closed_at: datetime | None
    age_seconds: Annotated[int, Field(description="Seconds from opening to closing, or until now.")]


class Exceptions(ResponseBody):
    """A page of exceptions, oldest first."""

    items: list[ExceptionResponse]
    next: Cursor


class ExceptionResolved(ResponseBody):
    """The exception after the decision: `closed`, or `open` while a second account must agree."""

    exception_id: str
    status: ExceptionStatus
    resolution: Resolution
    refund_id: Annotated[str | None, Field(description="Id of the refund that resolves it.")]
    position: Position
