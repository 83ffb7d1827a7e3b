"""Whatever the OpenAPI document allows, and much that it does not, is sent by every role: no fault, no surprise."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
import schemathesis
from requests import Session
from schemathesis import BaseSchema, Case
from schemathesis.checks import not_a_server_error
from schemathesis.generation.meta import TestPhase
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from projections.registry import EVERY_MODEL
from tests.example_count import ExampleCount
from tests.system.actors import Participant, Resources, all_actors, make_things
from tests.system.shop import ANSWER_WITHIN_S, Shop

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    allow_header_conformance,
    unsupported_method,
]
ENDLESS = ("/api/v1/performances/{performance_id}/live", "/api/v1/projections/live")
PAUSE = "/api/v1/projections/{name}/pause"
UNKNOWN_ID = "019a5b00-0000-7000-8000-00000000dead"
UNKNOWN_SEAT = "nosuchseat"
SEATS_NAMED = 20
SEED = 20_261_121
EXAMPLES = 2
"""Requests made up for each operation, sent by everybody; beside them comes every border of the document, once."""

Json = dict[str, Any]

operations = schemathesis.pytest.from_fixture("document")


@pytest.fixture(scope="module")
def things(shop: Shop) -> Resources:
    """What the requests name beside what they make up."""
    return make_things(shop, shop.buyers(1)[0])


@pytest.fixture(scope="module")
def actors(shop: Shop, things: Resources) -> Mapping[str, Participant]:
    """Everybody, by name."""
    return {actor.name: actor for actor in all_actors(shop, things.owner)}


@pytest.fixture(scope="module")
def document(shop: Shop, things: Resources, example_count: ExampleCount) -> BaseSchema:
    """The OpenAPI document, narrowed so that every second id or seat in a request is one that exists."""
    found = shop.ask("GET", "/../../openapi.json").json()
    for path in ENDLESS:
        del found["paths"][path]
    seats = things.house.seats(things.ids["performance_id"])[:SEATS_NAMED]
    known: dict[str, Sequence[str]] = {name: [value, UNKNOWN_ID] for name, value in things.ids.items()}
    known["seat"] = [*seats, UNKNOWN_SEAT]
    return schemathesis.openapi.from_dict(
        narrowed(found, known), config=schemathesis.Config.from_dict(config(example_count))
    )


def config(example_count: ExampleCount) -> Json:
    """Say how Schemathesis makes requests up."""
    return {
        "seed": SEED + example_count.seed,
        "generation": {"max-examples": example_count.of(EXAMPLES), "database": "none"},
        "phases": {"examples": {"enabled": False}, "stateful": {"enabled": False}},
        "suppress-health-check": ["all"],
    }


@pytest.fixture(scope="module")
def line() -> Iterator[Session]:
    """A connection that stays open from one request to the next."""
    with Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture(autouse=True)
def node_id_by_its_old_name(request: pytest.FixtureRequest) -> None:
    """Give Schemathesis 4.32 the private name that pytest 9.2 no longer has; it makes one subtest per operation."""
    request.node._nodeid = request.node.nodeid


@operations.parametrize()
def test_no_request_of_any_role_is_answered_with_a_fault_or_a_surprise(
    case: Case[Any], shop: Shop, line: Session, actors: Mapping[str, Participant]
) -> None:
    for actor in senders(case, actors):
        headers = {} if actor.token is None else {"Authorization": f"Bearer {actor.token}"}
        answer = case.call(shop.url, line, headers, timeout=ANSWER_WITHIN_S)
        try:
            case.validate_response(answer, checks=CHECKS)
        except BaseException as failure:
            failure.add_note(f"sent by: {actor.name}")
            raise
    if case.path == PAUSE:
        let_all_go_on(shop)


def let_all_go_on(shop: Shop) -> None:
    """Resume whatever a request has paused: every later one would wait two seconds for it."""
    for model in EVERY_MODEL:
        shop.do(f"/projections/{model.name}/resume", shop.token("admin"))


def senders(case: Case[Any], actors: Mapping[str, Participant]) -> Sequence[Participant]:
    """Let everybody send what is made up; the borders of the document are tried by whoever gets furthest."""
    assert case.meta is not None
    everyone = list(actors.values())
    return everyone if case.meta.phase.name is TestPhase.FUZZING else [actors["admin"]]


def narrowed(document: Json, known: Mapping[str, Sequence[str]]) -> Json:
    """Return the document with the ids in its requests drawn from those that are known; answers stay as they are."""
    made = copy.deepcopy(document)
    for operations in made["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path" and parameter["name"] in known:
                    parameter["schema"] = {"type": "string", "enum": list(known[parameter["name"]])}
    for schema in made["components"]["schemas"].values():
        if schema.get("additionalProperties") is False:
            narrow_body(schema, known)
    return made


def narrow_body(schema: Json, known: Mapping[str, Sequence[str]]) -> None:
    """Let the ids in a request's body be drawn from those that are known."""
    for name, values in known.items():
        if name in schema.get("properties", {}):
            schema["properties"][name] = {"type": "string", "enum": list(values)}
