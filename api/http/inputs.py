"""What a route reads from a request; whatever else a request says is refused, never ignored and never guessed at."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, get_args, get_origin
from uuid import UUID

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.params import Header, Path, Query

from api.http.bodies import require_json
from api.schemas.values import UUID_PATTERN
from application.errors import Malformed

READING = frozenset({"GET", "HEAD"})
IF_MATCH = b"if-match"
ONCE = frozenset({IF_MATCH, b"authorization", b"content-type", b"device-key", b"idempotency-key"})
"""Headers of which the framework would take the first and ignore the others."""

PRECONDITIONS = frozenset({IF_MATCH, b"if-unmodified-since"})
ID_TEXT = re.compile(UUID_PATTERN)
SPELLINGS: dict[type, tuple[re.Pattern[str], str]] = {
    UUID: (ID_TEXT, "Write an id in hexadecimal digits: 8-4-4-4-12."),
    int: (re.compile(r"-?[0-9]+"), "Write a whole number in digits."),
    bool: (re.compile("true|false"), "Write true or false."),
}
"""How a value of a query is spelt, by its type; libraries would take many other spellings for it."""

Faults = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteInputs:
    """What a route reads from a request: ids in its path, query parameters, whether it takes a body and If-Match.

    `spelt`: how a value of a query parameter has to be spelt; `repeatable`: those that may be given several times.
    """

    ids: frozenset[str]
    query: frozenset[str]
    spelt: dict[str, tuple[re.Pattern[str], str]]
    repeatable: frozenset[str]
    body: bool
    json_body: bool
    if_match: bool

    @classmethod
    def of(cls, parameters: Sequence[Any], *, raw_body: bool, json_body: bool) -> Self:
        """Return what an endpoint with these parameters reads."""
        query = [field for field in parameters if isinstance(field.field_info, Query)]
        return cls(
            ids=frozenset(
                field.alias
                for field in parameters
                if isinstance(field.field_info, Path) and field.field_info.annotation is UUID
            ),
            query=frozenset(field.alias for field in query),
            spelt={
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
        """Refuse what the route does not read, or can read in more ways than one.

        Raises:
            RequestValidationError: names every parameter that is unknown, stands twice or is spelt in another way.
            Malformed: there is a precondition that the route does not check, or a header that stands twice.
        """
        if request.scope["query_string"]:
            faults = self._faults_of_query(request.query_params.multi_items())
            if faults:
                raise RequestValidationError(faults)
        if request.method not in READING:
            self._refuse_headers(request)

    def read_ids(self, path_params: dict[str, str]) -> None:
        """Write the ids in a path in small letters, as they are looked up.

        Raises:
            RequestValidationError: one is spelt in another way.
        """
        for name in self.ids:
            if not ID_TEXT.fullmatch(path_params[name]):
                raise RequestValidationError([fault_of("path", name, SPELLINGS[UUID][1])])
            path_params[name] = path_params[name].lower()

    def refuse_other_body(self, request: Request, body: bytes) -> None:
        """Refuse a body where the route reads none, and one that is not said to be JSON where it reads JSON.

        Raises:
            Malformed.
        """
        if body and not self.body:
            raise Malformed("This route takes no body; send none.")
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
            fault_of("query", name, self.spelt[name][1])
            for name, value in given
            if name in self.spelt and not self.spelt[name][0].fullmatch(value)
        ]

    def _advice(self, name: str) -> str:
        if name in self.query:
            return "Give this query parameter once."
        known = ", ".join(sorted(self.query)) or "none"
        return f"Unknown query parameter; this route takes: {known}."

    def _refuse_headers(self, request: Request) -> None:
        seen: set[bytes] = set()
        for header, _ in request.scope["headers"]:
            if header in PRECONDITIONS and not (self.if_match and header == IF_MATCH):
                raise Malformed(f"This route checks no {header.decode().title()}; leave it out. Nothing was changed.")
            if header in ONCE:
                if header in seen:
                    raise Malformed(f"Give {header.decode().title()} once.")
                seen.add(header)


def fault_of(place: str, name: str, message: str) -> dict[str, Any]:
    """Describe what is wrong with one parameter."""
    return {"type": "parameter", "loc": (place, name), "msg": message}


def kind_of(annotation: Any) -> type | None:
    """Return the type whose spelling a parameter has to follow, if it is one of those."""
    options = get_args(annotation) or (annotation,)
    return next((option for option in options if option in SPELLINGS), None)


def takes_many(annotation: Any) -> bool:
    """Return whether a query parameter of this type may be repeated."""
    return get_origin(annotation) is list or any(get_origin(option) is list for option in get_args(annotation))
