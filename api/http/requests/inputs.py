"""The inputs that a route reads from a request; all other inputs are refused."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, get_args, get_origin
from uuid import UUID

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.params import Header, Path, Query

from api.http.requests.bodies import require_json
from api.schemas.fields.values import UUID_PATTERN
from application.errors import Malformed

READING = frozenset({"GET", "HEAD"})
IF_MATCH = b"if-match"
SINGLE_HEADERS = frozenset({IF_MATCH, b"authorization", b"content-type", b"device-key", b"idempotency-key"})
"""Headers of which the framework reads only the first."""

PRECONDITIONS = frozenset({IF_MATCH, b"if-unmodified-since"})
ID_TEXT = re.compile(UUID_PATTERN)
SPELLINGS: dict[type, tuple[re.Pattern[str], str]] = {
    UUID: (ID_TEXT, "Must be an id in hexadecimal digits: 8-4-4-4-12."),
    int: (re.compile(r"-?[0-9]+"), "Must be a whole number in digits."),
    bool: (re.compile("true|false"), "Must be true or false."),
}
"""The only accepted notation of a query value, by type; libraries accept many others."""

Faults = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteInputs:
    """The inputs of a route: ids in its path, query parameters, and whether it takes a body and If-Match.

    Args:
        notations: the required notation of query parameters.
        repeatable: the query parameters that may be repeated.
    """

    ids: frozenset[str]
    query: frozenset[str]
    notations: dict[str, tuple[re.Pattern[str], str]]
    repeatable: frozenset[str]
    body: bool
    json_body: bool
    if_match: bool

    @classmethod
    def of(cls, parameters: Sequence[Any], *, raw_body: bool, json_body: bool) -> Self:
        """Return the inputs of an endpoint with these parameters."""
        query = [field for field in parameters if isinstance(field.field_info, Query)]
        return cls(
            ids=frozenset(
                field.alias
                for field in parameters
                if isinstance(field.field_info, Path) and field.field_info.annotation is UUID
            ),
            query=frozenset(field.alias for field in query),
            notations={
                field.alias: SPELLINGS[kind]
                for field in query
                if (kind := kind_of(field.field_info.annotation)) is not None
            },
            repeatable=frozenset(field.alias for field in query if takes_many(field.field_info.annotation)),
            body=raw_body or json_body,
            json_body=json_body,
            if_match=any(
                isinstance(field.field_info, Header) and field.alias.encode() == IF_MATCH for field in parameters
            ),
        )

    def refuse_other_inputs(self, request: Request) -> None:
        """Refuse inputs that the route does not read, or that are ambiguous.

        Raises:
            RequestValidationError: lists every unknown, repeated or wrongly written parameter.
            Malformed: a precondition that the route does not check, or a repeated header.
        """
        if request.scope["query_string"]:
            faults = self._faults_of_query(request.query_params.multi_items())
            if faults:
                raise RequestValidationError(faults)
        if request.method not in READING:
            self._refuse_headers(request)

    def read_ids(self, path_params: dict[str, str]) -> None:
        """Convert the ids of a path to lower case, as they are stored.

        Raises:
            RequestValidationError: an id is not in 8-4-4-4-12 notation.
        """
        for name in self.ids:
            if not ID_TEXT.fullmatch(path_params[name]):
                raise RequestValidationError([fault_of("path", name, SPELLINGS[UUID][1])])
            path_params[name] = path_params[name].lower()

    def refuse_other_body(self, request: Request, body: bytes) -> None:
        """Refuse a body where the route reads none, and a body without a JSON media type where it reads JSON.

        Raises:
            Malformed: the body is refused.
        """
        if body and not self.body:
            raise Malformed("This route takes no body.")
        if body and self.json_body:
            require_json(request)

    def _faults_of_query(self, given: Sequence[tuple[str, str]]) -> Faults:
        named = Counter(name for name, _ in given)
        unread = [
            fault_of("query", name, self._advice(name))
            for name, times in named.items()
            if name not in self.query or (times > 1 and name not in self.repeatable)
        ]
        return unread or [
            fault_of("query", name, self.notations[name][1])
            for name, value in given
            if name in self.notations and not self.notations[name][0].fullmatch(value)
        ]

    def _advice(self, name: str) -> str:
        if name in self.query:
            return "Must be given only once."
        known = ", ".join(sorted(self.query)) or "none"
        return f"Unknown query parameter; this route takes: {known}."

    def _refuse_headers(self, request: Request) -> None:
        seen: set[bytes] = set()
        for header, _ in request.scope["headers"]:
            if header in PRECONDITIONS and not (self.if_match and header == IF_MATCH):
                raise Malformed(f"This route does not support {header.decode().title()}; nothing was changed.")
            if header in SINGLE_HEADERS:
                if header in seen:
                    raise Malformed(f"The header {header.decode().title()} must be given only once.")
                seen.add(header)


def fault_of(place: str, name: str, message: str) -> dict[str, Any]:
    """Return the fault of one parameter."""
    return {"type": "parameter", "loc": (place, name), "msg": message}


def kind_of(annotation: Any) -> type | None:
    """Return the type that determines a parameter's notation, if it has one."""
    options = get_args(annotation) or (annotation,)
    return next((option for option in options if option in SPELLINGS), None)


def takes_many(annotation: Any) -> bool:
    """Return whether a query parameter of this type may be repeated."""
    return get_origin(annotation) is list or any(get_origin(option) is list for option in get_args(annotation))
