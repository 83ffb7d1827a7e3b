"""The table from error class to HTTP status and public code; the only place that decides a status."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from api.http.problems.codes import ProblemCode
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
from eventstore.postgres.error_classification import RETRYABLE_ERRORS
from projections.engine.queries import ModelMissing


@dataclass(frozen=True, slots=True)
class ProblemMapping:
    """HTTP answer to a class of errors. Without `code` the error's own code is used, without `detail` its message."""

    status: HTTPStatus
    code: ProblemCode | None = None
    detail: str | None = None
    retry_after_seconds: int | None = None


AGAIN_SOON_SECONDS = 1
AGAIN_LATER_SECONDS = 2
CLOCK_AGAIN_SECONDS = 30
CLOCK_BEHIND = (
    "The database's clock is behind the last recorded event, so nothing can be recorded; nothing was changed. "
    "An operator must check it: seatledger clock."
)
DATABASE_UNAVAILABLE = "The database is unavailable and nothing was changed; retry later."
OVERLOADED = "The service is overloaded and nothing was changed; retry shortly."
READ_MODEL_MISSING = "This read model does not exist yet; retry later."
COMMAND_TOO_LARGE = (
    "The request would record more events than one command may; nothing was changed. Split it into smaller requests."
)
CONCURRENT_DUPLICATE_REFUSED = (
    "A concurrent duplicate of this request was refused; nothing was changed. Send it again for a new decision."
)
OUTCOME_UNKNOWN = "The outcome is not known yet; send the same request with the same Idempotency-Key again."

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
    api.Busy: ProblemMapping(HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.BUSY, OVERLOADED, AGAIN_SOON_SECONDS),
    api.Behind: ProblemMapping(HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.BEHIND, None, AGAIN_SOON_SECONDS),
    AddressTaken: ProblemMapping(
        HTTPStatus.CONFLICT, ProblemCode.ALREADY_THERE, "An account with this address exists; log in."
    ),
    **dict.fromkeys(
        RETRYABLE_ERRORS,
        ProblemMapping(
            HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.UNAVAILABLE, DATABASE_UNAVAILABLE, AGAIN_LATER_SECONDS
        ),
    ),
    ModelMissing: ProblemMapping(
        HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.BEHIND, READ_MODEL_MISSING, AGAIN_LATER_SECONDS
    ),
    RecordsUnavailable: ProblemMapping(
        HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.UNAVAILABLE, DATABASE_UNAVAILABLE, AGAIN_LATER_SECONDS
    ),
    PaymentUnavailable: ProblemMapping(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ProblemCode.PROVIDER_UNAVAILABLE,
        "The payment provider does not respond; send the same request with the same Idempotency-Key again.",
        AGAIN_LATER_SECONDS,
    ),
    PaymentRefused: ProblemMapping(HTTPStatus.CONFLICT, ProblemCode.PAYMENT_REFUSED),
    WebhookForged: ProblemMapping(HTTPStatus.UNAUTHORIZED, ProblemCode.WEBHOOK_FORGED),
    WebhookStale: ProblemMapping(HTTPStatus.FORBIDDEN, ProblemCode.WEBHOOK_STALE),
    WebhookMalformed: ProblemMapping(HTTPStatus.UNPROCESSABLE_ENTITY, ProblemCode.MALFORMED),
    storing.CommandIdReused: ProblemMapping(HTTPStatus.UNPROCESSABLE_ENTITY, ProblemCode.IDEMPOTENCY_KEY_REUSED),
    storing.RefusedMeanwhile: ProblemMapping(
        HTTPStatus.CONFLICT, ProblemCode.REFUSED_MEANWHILE, CONCURRENT_DUPLICATE_REFUSED
    ),
    storing.Unencodable: ProblemMapping(
        HTTPStatus.UNPROCESSABLE_ENTITY, ProblemCode.MALFORMED, "The request contains text that cannot be stored."
    ),
    storing.CommandTooLarge: ProblemMapping(HTTPStatus.UNPROCESSABLE_ENTITY, ProblemCode.MALFORMED, COMMAND_TOO_LARGE),
    storing.OutcomeUnknown: ProblemMapping(
        HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, AGAIN_LATER_SECONDS
    ),
    storing.StoreUnavailable: ProblemMapping(
        HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.UNAVAILABLE, DATABASE_UNAVAILABLE, AGAIN_LATER_SECONDS
    ),
    storing.ClockBehind: ProblemMapping(
        HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.CLOCK_BEHIND, CLOCK_BEHIND, CLOCK_AGAIN_SECONDS
    ),
    storing.Overloaded: ProblemMapping(
        HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.BUSY, OVERLOADED, AGAIN_SOON_SECONDS
    ),
    storing.VersionConflict: ProblemMapping(
        HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.BUSY, OVERLOADED, AGAIN_SOON_SECONDS
    ),
    GuardConflict: ProblemMapping(HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.BUSY, OVERLOADED, AGAIN_SOON_SECONDS),
}
INTERNAL = ProblemMapping(HTTPStatus.INTERNAL_SERVER_ERROR, ProblemCode.INTERNAL, "Internal error; it has been logged.")


def mapping_of(error: Exception) -> ProblemMapping:
    """Return the mapping of an error."""
    return mapping_of_class(type(error))


def mapping_of_class(kind: type[Exception]) -> ProblemMapping:
    """Return the mapping of an error class: its own, else that of the nearest base class."""
    return next((PROBLEM_BY_ERROR[base] for base in kind.__mro__ if base in PROBLEM_BY_ERROR), INTERNAL)


def code_of(error: Exception, mapping: ProblemMapping) -> str:
    """Return the public code of an error."""
    if mapping.code is not None:
        return mapping.code
    return error.code if isinstance(error, refusals.Rejected) else ProblemCode.REJECTED
