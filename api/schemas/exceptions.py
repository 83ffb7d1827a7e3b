"""Exceptions as requests and answers write them: money that no rule explains, and how it ends."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.values import Cursor, Money, Position
from domain.money_exception import ExceptionKind, Resolution, ResolutionReason


class ExceptionStatus(StrEnum):
    """Whether somebody still has to end it."""

    OPEN = "open"
    CLOSED = "closed"


class ResolutionRequest(RequestBody):
    """Why support ends an exception so."""

    reason: ResolutionReason


class ProposedResolution(ResponseBody):
    """What the first of two accounts decided; another one has to agree."""

    resolution: Resolution
    by: str


class ExceptionResponse(ResponseBody):
    """One exception. `amount` is in question; what it is about is named as far as it is known."""

    exception_id: str
    kind: ExceptionKind
    status: ExceptionStatus
    owner: str
    amount: Money
    refundable: Annotated[Money | None, Field(description="What can be sent back; null: nothing.")]
    provider: str
    provider_entry: Annotated[int | None, Field(description="The entry's number in the provider's books.")]
    order_id: str | None
    order_code: str | None
    payment_id: str | None
    refund_id: str | None
    account_id: Annotated[str | None, Field(description="Who owns the order, and so never decides.")]
    performance_id: str | None
    attempts: Annotated[int, Field(description="Transfers that were tried.")]
    failure: Annotated[str | None, Field(description="Why the last of them failed.")]
    possible: Annotated[list[Resolution], Field(description="How it can end.")]
    proposed: ProposedResolution | None
    resolution: Resolution | None
    reason: ResolutionReason | None
    closed_by: Annotated[str | None, Field(description="The account, or the rule that found it resolved.")]
    resolution_refund_id: Annotated[str | None, Field(description="The refund that sends the money back.")]
    opened_at: datetime
    closed_at: datetime | None
    age_seconds: Annotated[int, Field(description="Since it was opened, until it was closed.")]


class Exceptions(ResponseBody):
    """A page of exceptions, oldest first."""

    items: list[ExceptionResponse]
    next: Cursor


class ExceptionResolved(ResponseBody):
    """What a decision came to: `closed`, or still `open` because another account has to agree."""

    exception_id: str
    status: ExceptionStatus
    resolution: Resolution
    refund_id: Annotated[str | None, Field(description="The refund that sends the money back.")]
    position: Position
