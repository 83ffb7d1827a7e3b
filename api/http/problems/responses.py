"""Errors as RFC 9457 problem+json responses, and the exception handlers of the application."""

from collections.abc import Mapping
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

from api.http.problems.codes import ProblemCode
from api.http.problems.faults import fault
from api.http.problems.mapping import INTERNAL, PROBLEM_BY_ERROR, code_of, mapping_of
from eventstore import errors as storing
from eventstore.postgres.error_classification import DATABASE_NOT_READY

MEDIA_TYPE = "application/problem+json"
FAULTS_SHOWN_MAX = 100
CLIENT_CLOSED_REQUEST = 499
"""For the metrics only; no client receives this status."""

BY_STATUS: Mapping[int, ProblemCode] = {
    HTTPStatus.NOT_FOUND: ProblemCode.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: ProblemCode.METHOD_NOT_ALLOWED,
}

_log = structlog.get_logger(__name__)


class Problem(BaseModel):
    """An error (RFC 9457): `code` for programs, `detail` for people.

    Some codes add members, such as the `seats` taken.
    """

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:seatledger:problem:seats_taken"])
    title: str
    status: int
    code: ProblemCode
    detail: str


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    details: Mapping[str, object] | None = None,
) -> Response:
    """Return a problem response; `details` become members beside the standard ones."""
    members = {
        "type": f"urn:seatledger:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "code": str(code),
        "detail": detail,
    }
    content = orjson.dumps({**(details or {}), **members}, default=str, option=orjson.OPT_UTC_Z)
    return Response(content, status_code=int(status), headers=dict(headers or {}), media_type=MEDIA_TYPE)


def problem_of(error: Exception) -> Response:
    """Return the problem response to an error, by the table of mappings."""
    mapping = mapping_of(error)
    headers = {}
    retry_after = getattr(error, "retry_after_seconds", mapping.retry_after_seconds)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    if mapping.status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    details: Mapping[str, object] = getattr(error, "details", {})
    return problem(
        mapping.status, code_of(error, mapping), mapping.detail or str(error), headers=headers, details=details
    )


async def ignore_disconnected_client(_: Request, _error: Exception) -> Response:
    """Return an empty response: the client disconnected before its request was read."""
    return Response(status_code=CLIENT_CLOSED_REQUEST)


async def known_error(_: Request, error: Exception) -> Response:
    """Return the response to an error that the table lists."""
    if isinstance(error, DATABASE_NOT_READY):
        _log.warning("database not prepared", error=str(error))
    return problem_of(error)


async def unknown_error(_: Request, _error: Exception) -> Response:
    """Return the response to an unexpected error; the server logs the error."""
    return problem(INTERNAL.status, ProblemCode.INTERNAL, str(INTERNAL.detail))


async def unreadable_request(_: Request, error: Exception) -> Response:
    """Return the response to a request that does not match its schema: all faults, without the values sent."""
    assert isinstance(error, RequestValidationError)
    faults = [fault(found) for found in error.errors()[:FAULTS_SHOWN_MAX]]
    detail = "; ".join(f"{found['path']}: {found['message']}" for found in faults[:3])
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, ProblemCode.MALFORMED, detail, details={"faults": faults})


async def framework_error(request: Request, error: Exception) -> Response:
    """Return the response to an error of the framework: unknown path or method."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(methods_of(request))
    code = BY_STATUS.get(error.status_code, ProblemCode.MALFORMED)
    return problem(error.status_code, code, HTTPStatus(error.status_code).description, headers=headers)


def methods_of(request: Request) -> list[str]:
    """Return every method that the request's path supports, over all its routes."""
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
        storing.ClientDisconnected: ignore_disconnected_client,
        Exception: unknown_error,
    }


async def problem_response(request: Request, error: Exception) -> Response:
    """Return the response to any error."""
    by_class = handlers()
    kind = next(kind for kind in type(error).__mro__ if kind in by_class)
    response: Response = await by_class[kind](request, error)
    return response


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI descriptions of the problems that a route can answer with."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }
