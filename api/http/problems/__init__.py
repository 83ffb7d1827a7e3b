"""Errors of the API: public codes, their HTTP statuses, and problem+json responses (RFC 9457)."""

from api.http.problems.codes import ProblemCode
from api.http.problems.faults import fault
from api.http.problems.mapping import PROBLEM_BY_ERROR, ProblemMapping, mapping_of
from api.http.problems.responses import (
    MEDIA_TYPE,
    Problem,
    handlers,
    problem,
    problem_of,
    problem_response,
    problem_responses,
)

__all__ = [
    "MEDIA_TYPE",
    "PROBLEM_BY_ERROR",
    "Problem",
    "ProblemCode",
    "ProblemMapping",
    "fault",
    "handlers",
    "mapping_of",
    "problem",
    "problem_of",
    "problem_response",
    "problem_responses",
]
