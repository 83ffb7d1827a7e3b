"""The OpenAPI document: every operation and every error code is described, with examples that fit their schemas."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, cast
from unittest.mock import NonCallableMock

import jsonschema_rs
import pytest
from pydantic import TypeAdapter

from api.app import make_app
from api.dependencies import Services
from api.http.problems import ProblemCode
from api.http.problems.codes import CODE_DESCRIPTIONS
from api.openapi.request_examples import REQUEST_EXAMPLES
from api.openapi.tags import TAGS
from api.routes import ROUTERS

SUMMARY_LENGTH_MAX = 60
OPERATION_ID = re.compile(r"[a-z]+(_[a-z]+)+")
BINARY = {"type": "string", "format": "binary"}
GENERATED_NAME = re.compile(r"_api_v1_|_(get|post|put|patch|delete)$")

Json = dict[str, Any]


@cache
def document() -> Json:
    """Return the document; its generation needs no services."""
    return make_app(cast(Services, NonCallableMock())).openapi()


def operations() -> Iterator[Any]:
    """Yield a test parameter for each operation."""
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield pytest.param(method, operation, id=f"{method.upper()} {path}")


def contents(operation: Json) -> Iterator[tuple[str, Json]]:
    """Yield the media types of the request body and of the success responses, each with its purpose."""
    for media in operation.get("requestBody", {}).get("content", {}).values():
        yield "request", media
    for status, response in operation["responses"].items():
        for media in response.get("content", {}).values():
            yield status, media


def validator(schema: Json) -> Any:
    """Return a validator of a schema of the document."""
    return jsonschema_rs.validator_for({**schema, "components": document()["components"]})


OPERATIONS = list(operations())


class TestOperation:
    @pytest.mark.parametrize(("method", "operation"), OPERATIONS)
    def test_then_it_has_a_summary_a_description_and_an_id(self, method: str, operation: Json) -> None:
        assert 0 < len(operation["summary"]) <= SUMMARY_LENGTH_MAX
        assert not operation["summary"].endswith(".")
        own_text, access = operation["description"].split("**Access:**")
        assert own_text.strip()
        assert access.strip()
        assert ("**Changes:** nothing." in access) == (method == "get")
        assert OPERATION_ID.fullmatch(operation["operationId"])
        assert not GENERATED_NAME.search(operation["operationId"])

    @pytest.mark.parametrize(("method", "operation"), OPERATIONS)
    def test_then_it_has_one_known_tag(self, method: str, operation: Json) -> None:
        assert len(operation["tags"]) == 1
        assert operation["tags"][0] in {tag["name"] for tag in TAGS}

    @pytest.mark.parametrize(("method", "operation"), OPERATIONS)
    def test_then_request_and_responses_have_named_examples_that_fit(self, method: str, operation: Json) -> None:
        assert all(each.get("description") != "Successful Response" for each in operation["responses"].values())
        for _, media in contents(operation):
            if media.get("schema") == BINARY and not media["examples"]:
                continue
            assert media["examples"]
            for name, example in media["examples"].items():
                assert (name, example["summary"]) != ("", "")
                validator(media["schema"]).validate(example["value"])

    @pytest.mark.parametrize(("method", "operation"), OPERATIONS)
    def test_then_every_parameter_is_described(self, method: str, operation: Json) -> None:
        assert [each["name"] for each in operation.get("parameters", ()) if not each.get("description")] == []


class TestDocument:
    def test_then_operation_ids_are_unique(self) -> None:
        ids = [operation["operationId"] for methods in document()["paths"].values() for operation in methods.values()]
        assert len(set(ids)) == len(ids)

    def test_then_every_tag_is_described_and_used(self) -> None:
        used = {tag for methods in document()["paths"].values() for each in methods.values() for tag in each["tags"]}
        assert [tag["name"] for tag in document()["tags"]] == [tag["name"] for tag in TAGS]
        assert used == {tag["name"] for tag in TAGS if tag["description"]}

    def test_then_every_error_code_is_described_and_belongs_to_a_status(self) -> None:
        assert set(CODE_DESCRIPTIONS) == set(ProblemCode)
        schema = document()["components"]["schemas"]["ProblemCode"]
        assert len(schema["x-enum-descriptions"]) == len(schema["enum"])
        listed = {name for each in document()["components"]["responses"].values() for name in examples_of(each)}
        assert set(ProblemCode) - listed == {ProblemCode.METHOD_NOT_ALLOWED}

    def test_then_every_schema_is_described(self) -> None:
        schemas: Mapping[str, Json] = document()["components"]["schemas"]
        assert [name for name, schema in schemas.items() if not schema.get("description")] == []

    def test_then_request_examples_pass_the_routes_validation(self) -> None:
        for router in ROUTERS:
            for route in cast(Any, router.routes):
                for example in REQUEST_EXAMPLES.get(route.operation_id, {}).values():
                    if route.body_field is not None:
                        TypeAdapter(route.body_field.field_info.annotation).validate_python(example["value"])


def examples_of(response: Json) -> Iterator[str]:
    """Yield the names of a response's examples."""
    for media in response["content"].values():
        yield from media["examples"]
