"""Orders in requests and responses."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.fields.locales import Locale
from api.schemas.fields.texts import Name, ShortText
from api.schemas.fields.values import Cursor, Id, Money, Position, QuotedLine
from api.schemas.holds import Items
from api.schemas.payments import PaymentResponse
from api.schemas.people import Email
from api.schemas.refunds import RefundResponse
from api.schemas.summaries import WithPerformance
from domain.order import OrderStatus

TERMS_LENGTH_MAX = 40

Terms = Annotated[ShortText, StringConstraints(max_length=TERMS_LENGTH_MAX)]


class Contact(RequestBody):
    """Recipient of the order's mail; required from guests."""

    email: Email
    name: Name


class OrderRequest(RequestBody):
    """Either a hold to order, or places to hold and order in one atomic step."""

    hold_id: Id | None = None
    performance_id: Id | None = None
    items: Items | None = None
    contact: Contact | None = None
    terms_version: Annotated[
        Terms | None, Field(description="Version of the terms of sale that the buyer accepted.")
    ] = None
    locale: Locale = "en"

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        stepwise, at_once = self.hold_id is not None, (self.performance_id is not None, self.items is not None)
        if at_once not in {(True, True), (False, False)} or stepwise is at_once[0]:
            raise ValueError("must have either hold_id, or performance_id and items")
        return self


class OrderPlaced(ResponseBody):
    """The new order; an order without anything to pay is confirmed at once."""

    order_id: str
    order_code: Annotated[str, Field(description="Short code for people.")]
    hold_id: str
    status: OrderStatus
    total: Money
    expires_at: datetime
    position: Position


class OrderCancelled(ResponseBody):
    """The cancelled order."""

    order_id: str
    status: OrderStatus
    position: Position


class ContactResponse(ResponseBody):
    """Recipient of the order's mail."""

    email: str
    name: str


class OrderLine(QuotedLine):
    """One line of an order."""

    ticket_id: Annotated[str | None, Field(description="Set once the order is confirmed.")]
    cancelled: Annotated[bool, Field(description="Whether the right to attend has ended.")]


class OrderResponse(WithPerformance):
    """An order with its lines, payments and refunds."""

    order_id: str
    order_code: str
    account_id: str
    performance_id: str
    event_id: str
    organizer_id: str
    status: OrderStatus
    total: Money
    placed_at: datetime
    confirmed_at: datetime | None
    expires_at: datetime
    lines: list[OrderLine]
    lines_cancelled: Annotated[
        Literal["none", "some", "all"],
        Field(description="Lines whose right to attend has ended; the status stays `confirmed` after a refund."),
    ]
    paid_by: Annotated[str | None, Field(description="Id of the payment that confirmed the order.")]
    payments: list[PaymentResponse]
    refunds: list[RefundResponse]


class ListedOrder(OrderResponse):
    """An order in a list."""

    contact: ContactResponse | None


class OrderDetails(ListedOrder):
    """An order, for its owner and support."""

    hold_id: str


class Orders(ResponseBody):
    """A page of orders, newest first."""

    items: list[ListedOrder]
    next: Cursor
