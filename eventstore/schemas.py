"""Events as JSON Schemas (2020-12), for whoever reads the log in another language."""

import re
from collections.abc import Mapping, Sequence
from inspect import getdoc
from typing import Any

from pydantic import TypeAdapter

from eventstore.codec import forbid_unknown_fields

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PART = re.compile(r"(?<=[.;:]) |(?<=,) and ")

Schema = dict[str, Any]


def schema_of(name: str, schema_version: int, event: type, examples: Sequence[Mapping[str, Any]] = ()) -> Schema:
    """Return what the stored data of an event looks like.

    Args:
        event: its class in this version; what its docstring says of a field in backticks becomes that field's words.
        examples: stored documents of it.
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
    """Name a schema for ever."""
    return f"urn:seatledger:event:{name}:{schema_version}"


def _describe(shape: Schema) -> None:
    """Let each field say what the docstring says of it, and nothing that only repeats its name."""
    parts = _PART.split(" ".join(shape.get("description", "").split()))
    for name, field in shape.get("properties", {}).items():
        field.pop("title", None)
        sentences = [part for part in parts if f"`{name}`" in part]
        if sentences:
            field["description"] = " ".join(sentences).strip(";,: ")
