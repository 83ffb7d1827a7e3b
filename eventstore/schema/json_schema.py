"""JSON Schemas (2020-12) of the stored events, for consumers in other languages."""

import re
from collections.abc import Mapping, Sequence
from inspect import getdoc
from typing import Any

from pydantic import TypeAdapter

from eventstore.schema.codec import forbid_unknown_fields

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PART = re.compile(r"(?<=[.;:]) |(?<=,) and ")

Schema = dict[str, Any]


def schema_of(name: str, schema_version: int, event: type, examples: Sequence[Mapping[str, Any]] = ()) -> Schema:
    """Return the JSON Schema of an event's stored data.

    Args:
        event: its class in this version. A sentence of its docstring that names a field in backticks becomes that
            field's description.
        examples: stored documents of this event.
    """
    forbid_unknown_fields(event)
    schema = TypeAdapter(event).json_schema(mode="validation")
    for shape in [schema, *schema.get("$defs", {}).values()]:
        _describe(shape)
    return {
        "$schema": DIALECT,
        "$id": urn_of(name, schema_version),
        **schema,
        "title": name,
        "description": getdoc(event) or "",
        **({"examples": list(examples)} if examples else {}),
    }


def urn_of(name: str, schema_version: int) -> str:
    """Return the permanent identifier of a schema."""
    return f"urn:seatledger:event:{name}:{schema_version}"


def _describe(shape: Schema) -> None:
    """Replace the generated titles of fields by the sentences of the docstring that name them."""
    parts = _PART.split(" ".join(shape.get("description", "").split()))
    for name, field in shape.get("properties", {}).items():
        field.pop("title", None)
        sentences = [part for part in parts if f"`{name}`" in part]
        if sentences:
            field["description"] = " ".join(sentences).strip(";,: ")
