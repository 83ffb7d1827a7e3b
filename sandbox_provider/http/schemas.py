"""Bodies of the gateway's HTTP API; amounts are integers in minor units, times are RFC 3339."""

from typing import Annotated, Literal, TypeVar
from urllib.parse import parse_qs

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.requests import Request as HttpRequest

from sandbox_provider.checkouts import CheckoutRequest
from sandbox_provider.models import Checkout, DeliveryState, NotAcceptable, Refund
from sandbox_provider.refunds import RefundRequest

AMOUNT_MAX = 99_999_999
LATE_S_MAX = 86_400.0
PAGE_MAX = 100
ROW_MAX = 2**63 - 1
FORM = "application/x-www-form-urlencoded"

Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,100}$")]
Amount = Annotated[int, Field(strict=True, gt=0, le=AMOUNT_MAX)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
WebAddress = Annotated[str, StringConstraints(pattern=r"^https?://[^\s\x00-\x1f\x7f]+$", max_length=2_000)]
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=200)]


class Request(BaseModel):
    """Base class of request bodies and queries; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class OpenCheckout(Request):
    """Body of a request for a checkout."""

    reference: Reference
    amount: Amount
    currency: Currency
    expires_at: AwareDatetime
    return_url: WebAddress
    description: Line = ""

    def to_request(self) -> CheckoutRequest:
        """Convert the body to a request to the ledger."""
        return CheckoutRequest(**self.model_dump())


class SubmitRefund(Request):
    """Body of a request for a refund."""

    reference: Reference
    checkout_id: Reference
    amount: Amount
    currency: Currency

    def to_request(self) -> RefundRequest:
        """Convert the body to a request to the ledger."""
        return RefundRequest(**self.model_dump())


class Pay(Request):
    """Body of a payment. `delay_s`: seconds from expiry to capture, for a card that is captured late."""

    card: Annotated[str, StringConstraints(max_length=40)]
    delay_s: Annotated[float, Field(ge=0, le=LATE_S_MAX, allow_inf_nan=False)] | None = None


class Confirm(Request):
    """Body of a confirmation."""

    decision: Literal["approve", "decline"]


class CloseDispute(Request):
    """Body that closes a dispute, from the shop's point of view."""

    outcome: Literal["won", "lost"]


class ByReference(Request):
    """Query by reference."""

    reference: Reference


class Page(Request):
    """Query for a page after an id, oldest first."""

    after: Annotated[int, Field(ge=0, le=ROW_MAX)] = 0
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = PAGE_MAX


class DeliveryPage(Page):
    """Query for a page of deliveries, in one state or in any."""

    state: DeliveryState | None = None


RequestT = TypeVar("RequestT", bound=Request)


def is_form(request: HttpRequest) -> bool:
    """Return whether the body is an HTML form, not JSON."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


async def read_body(request: HttpRequest, shape: type[RequestT]) -> RequestT:
    """Parse a JSON body, or an HTML form.

    Raises:
        NotAcceptable: the body is not valid; the message names each fault without its value.
    """
    body = await request.body()
    try:
        if not is_form(request):
            return shape.model_validate_json(body)
        fields = parse_qs(body.decode("ascii", "replace"), keep_blank_values=True)
        return shape.model_validate({name: values[-1] for name, values in fields.items()})
    except ValidationError as error:
        raise _to_not_acceptable(error) from error


def read_query(request: HttpRequest, shape: type[RequestT]) -> RequestT:
    """Parse the query string.

    Raises:
        NotAcceptable: the query is not valid.
    """
    try:
        return shape.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise _to_not_acceptable(error) from error


def _to_not_acceptable(error: ValidationError) -> NotAcceptable:
    faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
    return NotAcceptable("bad_request", faults.encode("ascii", "backslashreplace").decode())


def checkout_document(checkout: Checkout, url: str) -> dict[str, object]:
    """Return a checkout as JSON for the shop; `url`: its page."""
    return {
        "checkout_id": checkout.checkout_id,
        "reference": checkout.reference,
        "url": url,
        "status": checkout.status,
        "amount": checkout.amount,
        "currency": checkout.currency,
        "captured_amount": checkout.captured_amount,
        "captured_currency": checkout.captured_currency,
        "opened_at": checkout.opened_at,
        "expires_at": checkout.expires_at,
        "captured_at": checkout.captured_at,
        "failed_at": checkout.failed_at,
        "failure": checkout.failure,
        "dispute": checkout.dispute,
        "dispute_id": checkout.dispute_id,
    }


def refund_document(refund: Refund) -> dict[str, object]:
    """Return a refund as JSON for the shop."""
    return {
        "refund_id": refund.refund_id,
        "reference": refund.reference,
        "checkout_id": refund.checkout_id,
        "status": refund.status,
        "amount": refund.amount,
        "currency": refund.currency,
        "requested_at": refund.requested_at,
        "decided_at": refund.decided_at,
        "failure": refund.failure,
    }
