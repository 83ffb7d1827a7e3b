"""Builds the example of a response from its JSON schema and from sample values by property name."""

from collections.abc import Mapping
from typing import Any

from api.openapi.sample_values import SAMPLES, SCHEMA_SAMPLES

Json = dict[str, Any]

REF = "#/components/schemas/"
BY_TYPE: Mapping[str, Any] = {
    "string": "text",
    "integer": 1,
    "number": 1.0,
    "boolean": False,
    "null": None,
    "object": {},
}


class ExampleBuilder:
    """Builds examples.

    Args:
        schemas: the document's schemas by name.
    """

    def __init__(self, schemas: Mapping[str, Json]) -> None:
        self.schemas = schemas

    def example(self, schema: Json) -> Any:
        """Return a value that satisfies a schema.

        In order of preference: the schema's own example, its constant, its first enumerated value, a value of its type.
        """
        if "$ref" in schema:
            return self._object(schema["$ref"].removeprefix(REF))
        for key in ("examples", "enum"):
            if schema.get(key):
                return schema[key][0]
        if "const" in schema:
            return schema["const"]
        if "anyOf" in schema:
            return self.example(schema["anyOf"][0])
        if schema.get("type") == "array":
            return [self.example(schema.get("items", {}))]
        return BY_TYPE[schema.get("type", "object")]

    def _object(self, name: str) -> Any:
        schema = self.schemas[name]
        if "properties" not in schema:
            return self.example(schema)
        own = SCHEMA_SAMPLES.get(name, {})
        return {key: self._property(key, found, own) for key, found in schema["properties"].items()}

    def _property(self, name: str, schema: Json, own: Mapping[str, Any]) -> Any:
        for samples in (own, SAMPLES):
            if name in samples:
                return samples[name]
        return self.example(schema)
