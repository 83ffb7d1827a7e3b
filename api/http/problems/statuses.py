"""Which error codes a status has, for the OpenAPI document."""

from collections.abc import Iterator
from functools import cache
from http import HTTPStatus

from api.http.problems.codes import ProblemCode
from api.http.problems.mapping import INTERNAL, PROBLEM_BY_ERROR, ProblemMapping, mapping_of_class
from domain import errors
from domain.errors import Rejected
from domain.layout.validation import LayoutFaults

CONNECTION_CODES: tuple[tuple[HTTPStatus, ProblemCode], ...] = (
    (HTTPStatus.METHOD_NOT_ALLOWED, ProblemCode.METHOD_NOT_ALLOWED),
    (HTTPStatus.REQUEST_TIMEOUT, ProblemCode.REQUEST_TOO_SLOW),
    (HTTPStatus.REQUEST_URI_TOO_LONG, ProblemCode.URL_TOO_LONG),
    (HTTPStatus.SERVICE_UNAVAILABLE, ProblemCode.TOO_MANY_CONNECTIONS),
)
"""Codes that no error class has: the framework and the server's edge answer with them."""

REFUSALS = (
    *(kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Rejected)),
    LayoutFaults,
)
"""Every class of refusals."""


@cache
def codes_of_status(status: HTTPStatus) -> tuple[ProblemCode, ...]:
    """Return the codes that an error status can have, in alphabetical order."""
    return tuple(sorted({code for of_status, code in status_codes() if of_status == status}))


def status_codes() -> Iterator[tuple[HTTPStatus, ProblemCode]]:
    """Yield every pair of status and code."""
    yield from CONNECTION_CODES
    for kind in (*PROBLEM_BY_ERROR, *REFUSALS):
        mapping = mapping_of_class(kind)
        yield mapping.status, code_of_class(kind, mapping)
    yield INTERNAL.status, ProblemCode.INTERNAL


def code_of_class(kind: type[Exception], mapping: ProblemMapping) -> ProblemCode:
    """Return the public code of an error class."""
    if mapping.code is not None:
        return mapping.code
    return ProblemCode(kind.code) if issubclass(kind, Rejected) else ProblemCode.REJECTED
