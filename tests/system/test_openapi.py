"""Whatever the OpenAPI document allows, and much that it does not, is sent by every role: no fault, no surprise."""

import copy
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.system.cast import Actor, Things, everybody, make_things
from tests.system.shop import Shop

COMMAND = Path(sys.executable).with_name("schemathesis")
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance,allow_header_conformance,unsupported_method"
)
ENDLESS = "/api/v1/performances/{performance_id}/live"
UNKNOWN_ID = "019a5b00-0000-7000-8000-00000000dead"
UNKNOWN_SEAT = "nosuchseat"
SEATS_NAMED = 20
SEED = 20_261_121
EXAMPLES = {
    "admin": ("coverage,fuzzing", 6),
    "owner": ("fuzzing", 6),
    "organizer": ("fuzzing", 3),
    "support": ("fuzzing", 2),
    "auditor": ("fuzzing", 2),
    "entry manager": ("fuzzing", 2),
    "guest": ("fuzzing", 2),
    "nobody": ("fuzzing", 1),
}
"""Role → the phases it goes through, and how many requests it makes up for each operation."""

Json = dict[str, Any]


@pytest.fixture(scope="module")
def things(shop: Shop) -> Things:
    """What the requests name beside what they make up."""
    return make_things(shop, shop.buyers(1)[0])


@pytest.fixture(scope="module")
def actors(shop: Shop, things: Things) -> Mapping[str, Actor]:
    """Everybody, by name."""
    return {actor.name: actor for actor in everybody(shop, things.owner)}


@pytest.fixture(scope="module")
def document(shop: Shop, things: Things, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OpenAPI document, narrowed so that every second id or seat in a request is one that exists."""
    found = json.loads(shop.ask("GET", "/../../openapi.json").content)
    del found["paths"][ENDLESS]
    seats = things.house.seats(things.ids["performance_id"])[:SEATS_NAMED]
    known: dict[str, Sequence[str]] = {name: [value, UNKNOWN_ID] for name, value in things.ids.items()}
    known["seat"] = [*seats, UNKNOWN_SEAT]
    file = tmp_path_factory.mktemp("openapi") / "openapi.json"
    file.write_text(json.dumps(narrowed(found, known)))
    return file


@pytest.mark.parametrize("role", EXAMPLES)
def test_no_request_of_any_role_is_answered_with_a_fault_or_a_surprise(
    role: str, shop: Shop, actors: Mapping[str, Actor], document: Path
) -> None:
    token = actors[role].token
    phases, examples = EXAMPLES[role]
    done = subprocess.run(
        [
            *(COMMAND, "--no-color", "run", document, "--url", shop.url, "--checks", CHECKS),
            # One worker: Python 3.11 fails now and then when two threads parse deep code at once.
            *("--max-examples", str(examples), "--workers", "1", "--seed", str(SEED)),
            *("--phases", phases, "--generation-database", "none"),
            *("--suppress-health-check", "all", "--warnings", "off", "--request-timeout", "20"),
            *(() if token is None else ("-H", f"Authorization: Bearer {token}")),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=document.parent,
    )
    print(done.stdout[-2_000:])  # noqa: T201
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr


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
