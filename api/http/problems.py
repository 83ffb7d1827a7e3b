"""Every error as RFC 9457 problem+json: one table from the class of an error to its status.

Nothing else in the API knows which status an error has. `code` is one closed list, public and stable.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.http.faults import fault
from application import errors as api
from domain import errors as refusals
from domain.ports.payment_gateway import (
    PaymentRefused,
    PaymentUnavailable,
    WebhookForged,
    WebhookMalformed,
    WebhookStale,
)
from domain.ports.personal_data import AddressTaken, RecordsUnavailable
from eventstore import errors as storing
from eventstore.command import GuardConflict
from eventstore.postgres.error_classification import OUT_OF_REACH, UNPREPARED
from projections.engine.queries import ModelMissing

MEDIA_TYPE = "application/problem+json"
FAULTS_SHOWN_MAX = 100

_log = structlog.get_logger(__name__)


class ProblemCode(StrEnum):
    """What went wrong, for programs; closed and stable."""

    ALREADY_EXTENDED = "already_extended"
    ALREADY_PAID = "already_paid"
    ALREADY_THERE = "already_there"
    AREA_SOLD_OUT = "area_sold_out"
    BEHIND = "behind"
    BEING_DELETED = "being_deleted"
    BODY_TOO_LARGE = "body_too_large"
    BODY_TOO_SLOW = "body_too_slow"
    BUSY = "busy"
    CHANGED_MEANWHILE = "changed_meanwhile"
    CLOCK_BEHIND = "clock_behind"
    DELETION_GIVEN_UP = "deletion_given_up"
    EXCEPTION_ENDED = "exception_ended"
    DEVICE_REVOKED = "device_revoked"
    FORBIDDEN = "forbidden"
    GUEST_HAS_LOGGED_IN = "guest_has_logged_in"
    HAS_BOOKINGS = "has_bookings"
    HAS_EVENTS = "has_events"
    HEADER_TOO_LARGE = "header_too_large"
    HOLD_ENDED = "hold_ended"
    HOLD_LAPSED = "hold_lapsed"
    HOLD_ORDERED = "hold_ordered"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    IMPOSSIBLE = "impossible"
    INTERNAL = "internal"
    INVALID = "invalid"
    LAST_HOLDER = "last_holder"
    LAYOUT_FAULTS = "layout_faults"
    LIMIT_REACHED = "limit_reached"
    MALFORMED = "malformed"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NONCE_REUSED = "nonce_reused"
    NOT_CONFIRMED = "not_confirmed"
    NOT_FAILED = "not_failed"
    NOT_FOUND = "not_found"
    NOT_IN_PARTS = "not_in_parts"
    NOT_ON_SALE = "not_on_sale"
    NOT_PARKED = "not_parked"
    NOT_SKIPPED = "not_skipped"
    NOT_PAUSED = "not_paused"
    NOT_RUNNING = "not_running"
    NO_RETIRED_VERSION = "no_retired_version"
    NOTHING_TO_REFUND = "nothing_to_refund"
    ORDER_CONFIRMED = "order_confirmed"
    ORDER_ENDED = "order_ended"
    OUTCOME_UNKNOWN = "outcome_unknown"
    OWN_DECISION = "own_decision"
    PAYMENT_DISPUTED = "payment_disputed"
    DISPUTE_SETTLED = "dispute_settled"
    PAYMENT_REFUSED = "payment_refused"
    PERFORMANCE_CANCELLED = "performance_cancelled"
    PERFORMANCE_STARTED = "performance_started"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    REBUILD_UNDER_WAY = "rebuild_under_way"
    REFUND_DECIDED = "refund_decided"
    REFUSED_MEANWHILE = "refused_meanwhile"
    REJECTED = "rejected"
    REQUEST_TOO_SLOW = "request_too_slow"
    RESOLUTION_NOT_POSSIBLE = "resolution_not_possible"
    SEATS_NAMED_TWICE = "seats_named_twice"
    SEATS_TAKEN = "seats_taken"
    TICKET_USED = "ticket_used"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    TOO_MANY_PAYMENTS = "too_many_payments"
    TOO_MANY_SEATS = "too_many_seats"
    TOO_MANY_WATCHERS = "too_many_watchers"
    TOO_MUCH_SET_ASIDE = "too_much_set_aside"
    UNAUTHENTICATED = "unauthenticated"
    UNAVAILABLE = "unavailable"
    UNKNOWN_SEATS = "unknown_seats"
    URL_TOO_LONG = "url_too_long"
    WEBHOOK_FORGED = "webhook_forged"
    WEBHOOK_STALE = "webhook_stale"
    WRONG_CREDENTIALS = "wrong_credentials"


class Problem(BaseModel):
    """An error: `code` for programs, `detail` for people; some codes add members, such as the `seats` taken."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:seatledger:problem:seats_taken"])
    title: str
    status: int
    code: ProblemCode
    detail: str


@dataclass(frozen=True, slots=True)
class ProblemMapping:
    """How a class of errors is answered; without a code, by the error's own, and without a detail, in its own words."""

    status: HTTPStatus
    code: ProblemCode | None = None
    detail: str | None = None
    retry_after_seconds: int | None = None


CLIENT_CLOSED_REQUEST = 499
"""For the metrics alone: nobody reads this answer."""

AGAIN_SOON_SECONDS = 1
AGAIN_LATER_SECONDS = 2
CLOCK_AGAIN_SECONDS = 30
CLOCK_BEHIND = (
    "The database's clock is behind the last recorded event, so nothing can be recorded; nothing was changed. "
    "An operator has to look: seatledger clock."
)
DOWN = "The records cannot be reached; nothing was changed. Try again later."
BUSY = "Too much is going on; nothing was changed. Try again in a moment."
NOT_YET = "This view has not been made yet; try again later."
TOO_MUCH = "The request would record more at once than can be recorded; nothing was changed. Ask for less at a time."
OVERTAKEN = (
    "The same request, sent twice, was refused while this one was under way; nothing was changed. "
    "Send it again to have it judged anew."
)
UNKNOWN = "The outcome is not known yet. Send the same request with the same Idempotency-Key again."

PROBLEM_BY_ERROR: Mapping[type[Exception], ProblemMapping] = {
    refusals.Invalid: ProblemMapping(HTTPStatus.UNPROCESSABLE_ENTITY),
    refusals.NotFound: ProblemMapping(HTTPStatus.NOT_FOUND),
    refusals.Forbidden: ProblemMapping(HTTPStatus.FORBIDDEN),
    refusals.GuestHasLoggedIn: ProblemMapping(HTTPStatus.UNAUTHORIZED),
    refusals.ChangedMeanwhile: ProblemMapping(HTTPStatus.PRECONDITION_FAILED),
    refusals.Conflict: ProblemMapping(HTTPStatus.CONFLICT),
    refusals.Rejected: ProblemMapping(HTTPStatus.CONFLICT),
    api.Unauthenticated: ProblemMapping(HTTPStatus.UNAUTHORIZED, ProblemCode.UNAUTHENTICATED),
    api.WrongCredentials: ProblemMapping(HTTPStatus.UNAUTHORIZED, ProblemCode.WRONG_CREDENTIALS),
    api.ForeignOrigin: ProblemMapping(HTTPStatus.FORBIDDEN, ProblemCode.FORBIDDEN),
    api.TooManyAttempts: ProblemMapping(HTTPStatus.TOO_MANY_REQUESTS, ProblemCode.TOO_MANY_ATTEMPTS),
    api.TooManyWatchers: ProblemMapping(HTTPStatus.TOO_MANY_REQUESTS, ProblemCode.TOO_MANY_WATCHERS),
    api.BodyTooLarge: ProblemMapping(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, ProblemCode.BODY_TOO_LARGE),
    api.BodyTooSlow: ProblemMapping(HTTPStatus.REQUEST_TIMEOUT, ProblemCode.BODY_TOO_SLOW),
    api.HeaderTooLarge: ProblemMapping(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, ProblemCode.HEADER_TOO_LARGE),
    api.Malformed: ProblemMapping(HTTPStatus.UNPROCESSABLE_ENTITY, ProblemCode.MALFORMED),
    api.Busy: ProblemMapping(HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.BUSY, BUSY, AGAIN_SOON_SECONDS),
    api.Behind: ProblemMapping(HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.BEHIND, None, AGAIN_SOON_SECONDS),
    AddressTaken: ProblemMapping(
        HTTPStatus.CONFLICT, ProblemCode.ALREADY_THERE, "This address has an account; log in."
    ),
    **dict.fromkeys(
        OUT_OF_REACH, ProblemMapping(HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.UNAVAILABLE, DOWN, AGAIN_LATER_SECONDS)
    ),
    ModelMissing: ProblemMapping(HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.BEHIND, NOT_YET, AGAIN_LATER_SECONDS),
    RecordsUnavailable: ProblemMapping(
        HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.UNAVAILABLE, DOWN, AGAIN_LATER_SECONDS
    ),
    PaymentUnavailable: ProblemMapping(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ProblemCode.PROVIDER_UNAVAILABLE,
        "The payment provider does not answer. Send the same request with the same Idempotency-Key again.",
        AGAIN_LATER_SECONDS,
    ),
    PaymentRefused: ProblemMapping(HTTPStatus.CONFLICT, ProblemCode.PAYMENT_REFUSED),
    WebhookForged: ProblemMapping(HTTPStatus.UNAUTHORIZED, ProblemCode.WEBHOOK_FORGED),
    WebhookStale: ProblemMapping(HTTPStatus.FORBIDDEN, ProblemCode.WEBHOOK_STALE),
    WebhookMalformed: ProblemMapping(HTTPStatus.UNPROCESSABLE_ENTITY, ProblemCode.MALFORMED),
    storing.CommandReused: ProblemMapping(HTTPStatus.UNPROCESSABLE_ENTITY, ProblemCode.IDEMPOTENCY_KEY_REUSED),
    storing.RefusedMeanwhile: ProblemMapping(HTTPStatus.CONFLICT, ProblemCode.REFUSED_MEANWHILE, OVERTAKEN),
    storing.Unencodable: ProblemMapping(
        HTTPStatus.UNPROCESSABLE_ENTITY, ProblemCode.MALFORMED, "The request holds text that cannot be stored."
    ),
    storing.TooMuch: ProblemMapping(HTTPStatus.UNPROCESSABLE_ENTITY, ProblemCode.MALFORMED, TOO_MUCH),
    storing.OutcomeUnknown: ProblemMapping(
        HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.OUTCOME_UNKNOWN, UNKNOWN, AGAIN_LATER_SECONDS
    ),
    storing.StoreUnavailable: ProblemMapping(
        HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.UNAVAILABLE, DOWN, AGAIN_LATER_SECONDS
    ),
    storing.ClockBehind: ProblemMapping(
        HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.CLOCK_BEHIND, CLOCK_BEHIND, CLOCK_AGAIN_SECONDS
    ),
    storing.Overloaded: ProblemMapping(HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.BUSY, BUSY, AGAIN_SOON_SECONDS),
    storing.VersionConflict: ProblemMapping(HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.BUSY, BUSY, AGAIN_SOON_SECONDS),
    GuardConflict: ProblemMapping(HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.BUSY, BUSY, AGAIN_SOON_SECONDS),
}
INTERNAL = ProblemMapping(
    HTTPStatus.INTERNAL_SERVER_ERROR, ProblemCode.INTERNAL, "Something broke here; it has been noted."
)

BY_STATUS: Mapping[int, ProblemCode] = {
    HTTPStatus.NOT_FOUND: ProblemCode.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: ProblemCode.METHOD_NOT_ALLOWED,
}


def mapping_of(error: Exception) -> ProblemMapping:
    """Return the table's row of an error: its own class's, or the nearest above."""
    return next((PROBLEM_BY_ERROR[kind] for kind in type(error).__mro__ if kind in PROBLEM_BY_ERROR), INTERNAL)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    details: Mapping[str, object] | None = None,
) -> Response:
    """Write one problem; `details` become members beside the standard ones."""
    known = {
        "type": f"urn:seatledger:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "code": str(code),
        "detail": detail,
    }
    content = orjson.dumps({**(details or {}), **known}, default=str, option=orjson.OPT_UTC_Z)
    return Response(content, status_code=int(status), headers=dict(headers or {}), media_type=MEDIA_TYPE)


def problem_of(error: Exception) -> Response:
    """Answer an error by the table."""
    answer = mapping_of(error)
    headers = {}
    retry_after = getattr(error, "retry_after_seconds", answer.retry_after_seconds)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    if answer.status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    details: Mapping[str, object] = getattr(error, "details", {})
    return problem(answer.status, code_of(error, answer), answer.detail or str(error), headers=headers, details=details)


def code_of(error: Exception, answer: ProblemMapping) -> str:
    """Return the public code of an error."""
    if answer.code is not None:
        return answer.code
    return error.code if isinstance(error, refusals.Rejected) else ProblemCode.REJECTED


async def ignore_disconnected_client(_: Request, _error: Exception) -> Response:
    """Answer nobody: the client hung up before its request was read."""
    return Response(status_code=CLIENT_CLOSED_REQUEST)


async def known_error(_: Request, error: Exception) -> Response:
    """Answer an error that the table names."""
    if isinstance(error, UNPREPARED):
        _log.warning("the database is not prepared", trouble=str(error))
    return problem_of(error)


async def unknown_error(_: Request, _error: Exception) -> Response:
    """Answer a bug; the server logs it by itself."""
    return problem(INTERNAL.status, ProblemCode.INTERNAL, str(INTERNAL.detail))


async def unreadable_request(_: Request, error: Exception) -> Response:
    """Answer a request that does not fit its route's description, naming every fault but echoing no value."""
    assert isinstance(error, RequestValidationError)
    faults = [fault(found) for found in error.errors()[:FAULTS_SHOWN_MAX]]
    detail = "; ".join(f"{found['path']}: {found['message']}" for found in faults[:3])
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, ProblemCode.MALFORMED, detail, details={"faults": faults})


async def framework_error(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses by itself: no such path, no such method on it."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(methods_of(request))
    code = BY_STATUS.get(error.status_code, ProblemCode.MALFORMED)
    return problem(error.status_code, code, HTTPStatus(error.status_code).description, headers=headers)


def methods_of(request: Request) -> list[str]:
    """Return every method that the request's path knows, whichever route it is on."""
    path = request.scope["path"]
    routes = (route for route in request.app.routes if route.path_regex.match(path))
    return sorted({method for route in routes for method in route.methods or ()})


@cache
def handlers() -> dict[Any, Any]:
    """Return the exception handlers of the application."""
    return {
        **dict.fromkeys(PROBLEM_BY_ERROR, known_error),
        RequestValidationError: unreadable_request,
        HTTPException: framework_error,
        ClientDisconnect: ignore_disconnected_client,
        storing.Abandoned: ignore_disconnected_client,
        Exception: unknown_error,
    }


async def problem_response(request: Request, error: Exception) -> Response:
    """Answer an error, whatever it is."""
    known = handlers()
    kind = next(kind for kind in type(error).__mro__ if kind in known)
    response: Response = await known[kind](request, error)
    return response


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the problems a route can answer with, for OpenAPI."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }
