"""Completes the OpenAPI document that FastAPI generates: tags, errors, security scheme and examples."""

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from api.http.problems import MEDIA_TYPE, Problem, ProblemCode
from api.http.problems.codes import CODE_DESCRIPTIONS
from api.http.problems.statuses import codes_of_status
from api.http.routing import TOKEN_SCHEME
from api.openapi.examples import ExampleBuilder
from api.openapi.request_examples import REQUEST_EXAMPLES
from api.openapi.sample_values import TEXT_EXAMPLES
from api.openapi.tags import TAGS

Json = dict[str, Any]

JSON = "application/json"
UNDESCRIBED = "Successful Response"
PROBLEM_RESPONSE = "problem_{status}"
PARAMETERS = {
    "q": "Part of a name or address; empty: no filter.",
    "cursor": "`next` of the previous page.",
    "name": "Name of the read model.",
    "process": "Name of the process.",
    "provider": "Name of the payment provider.",
    "scan_id": "The `scan_id` of the answer to the scan.",
    "seat": "Key of the seat.",
    "stream": "Name of the stream.",
    "venue": "Only events at this venue.",
}
"""Descriptions of parameters by name; others are the id of what they name."""

WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")


def complete_document(build: Callable[[], Json]) -> Callable[[], Json]:
    """Return a function that returns the completed document."""

    def complete() -> Json:
        document = build()
        if "tags" not in document:
            add_components(document)
            describe_parameters(document)
            add_examples(document)
            sort_by_tag(document)
        return document

    return complete


def add_components(document: Json) -> None:
    """Add the schema `Problem`, one response per error status, and the security scheme."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    describe_codes(schemas["ProblemCode"])
    components["securitySchemes"] = {TOKEN_SCHEME: {"type": "http", "scheme": "bearer"}}
    responses = components.setdefault("responses", {})
    for _, operation in operations(document):
        for status, response in operation["responses"].items():
            if MEDIA_TYPE in response.get("content", {}):
                name = PROBLEM_RESPONSE.format(status=status)
                responses.setdefault(name, problem_response(HTTPStatus(int(status))))
                operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}


def describe_codes(schema: Json) -> None:
    """Describe every error code, for people and for generators (`x-enum-descriptions`)."""
    lines = [f"- `{code}`: {CODE_DESCRIPTIONS[code]}" for code in ProblemCode]
    schema["description"] = "\n".join([f"{schema['description']}\n", *lines])
    schema["x-enum-descriptions"] = [CODE_DESCRIPTIONS[code] for code in ProblemCode]


def problem_response(status: HTTPStatus) -> Json:
    """Return the response of an error status, with an example for each of its codes."""
    codes = codes_of_status(status)
    examples = {
        code.value: {"summary": CODE_DESCRIPTIONS[code], "value": problem_example(status, code)} for code in codes
    }
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
    return {
        "description": f"{status.phrase}: {', '.join(f'`{code}`' for code in codes)}.",
        "content": {MEDIA_TYPE: content},
    }


def problem_example(status: HTTPStatus, code: ProblemCode) -> Json:
    """Return the body of an error."""
    return {
        "type": f"urn:seatledger:problem:{code}",
        "title": status.phrase,
        "status": int(status),
        "code": str(code),
        "detail": CODE_DESCRIPTIONS[code],
    }


def describe_parameters(document: Json) -> None:
    """Describe the parameters that their routes do not describe."""
    for _, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            name = parameter["name"]
            parameter.setdefault("description", PARAMETERS.get(name) or f"Id of the {name.removesuffix('_id')}.")


def add_examples(document: Json) -> None:
    """Add named examples to every request body and every success response."""
    builder = ExampleBuilder(document["components"]["schemas"])
    for _, operation in operations(document):
        name = operation["operationId"]
        for media in operation.get("requestBody", {}).get("content", {}).values():
            media["examples"] = REQUEST_EXAMPLES.get(name, {})
        for response in operation["responses"].values():
            for media_type, media in response.get("content", {}).items():
                media["examples"] = response_examples(builder, name, media_type, media.get("schema", {}))
                if response["description"] == UNDESCRIBED:
                    response["description"] = next(example["summary"] for example in media["examples"].values())


def response_examples(builder: ExampleBuilder, operation: str, media_type: str, schema: Json) -> Json:
    """Return the examples of a success response, named after its schema; none for binary files."""
    if (operation, media_type) in TEXT_EXAMPLES:
        return {operation: {"summary": "Response", "value": TEXT_EXAMPLES[operation, media_type]}}
    if "$ref" not in schema:
        return {}
    model = schema["$ref"].rpartition("/")[2]
    summary = builder.schemas[model].get("description", model).partition(".")[0]
    return {WORD_START.sub("_", model).lower(): {"summary": summary, "value": builder.example(schema)}}


def sort_by_tag(document: Json) -> None:
    """List the tags, and order the paths by the tag of their first operation."""
    order = {tag["name"]: index for index, tag in enumerate(TAGS)}
    document["tags"] = TAGS
    document["paths"] = dict(
        sorted(document["paths"].items(), key=lambda path: min(order[each["tags"][0]] for each in path[1].values()))
    )


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    """Yield every operation with its path."""
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation
