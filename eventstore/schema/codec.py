"""Event ↔ JSON. Strict in both directions: unknown names, unknown fields and naive times are refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import partial
from typing import Any, get_args, get_type_hints

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError

from eventstore.errors import Unencodable, UnknownEvent
from eventstore.schema.upcasting import Upcaster, UpcasterChain
from eventstore.store import NewEvent


@dataclass(frozen=True, slots=True)
class Shape:
    """Serialization of one event class: its stored name, schema version, time fields and strict JSON reader."""

    name: str
    schema_version: int
    times: tuple[str, ...]
    read: Callable[[str], Any]


class Codec:
    """Encodes and decodes the events of one registry.

    Args:
        names: stored name → class (a frozen dataclass).
        versions: stored name → the schema version that is written.
        upcasters: (stored name, version) → the step to the next version.
    """

    def __init__(
        self,
        names: Mapping[str, type],
        versions: Mapping[str, int],
        upcasters: Mapping[tuple[str, int], Upcaster],
    ) -> None:
        self._evolution = UpcasterChain(versions=versions, upcasters=upcasters)
        self._by_name = {name: shape_of(name, event, versions[name]) for name, event in names.items()}
        self._by_class = {event: self._by_name[name] for name, event in names.items()}

    def encode(self, event: object) -> NewEvent:
        """Return the event in its stored form.

        Limits of the store (NUL, length) are checked later, by `validation.check_append`.

        Raises:
            Unencodable: a class without a stored name, a naive time, or text that is not Unicode.
        """
        shape = self._by_class.get(type(event))
        if shape is None:
            raise Unencodable(f"{type(event).__name__} has no stored name.")
        for name in shape.times:
            moment = getattr(event, name)
            if moment is not None and moment.tzinfo is None:
                raise Unencodable(f"{shape.name}.{name} is a time without a zone.")
        try:
            data = orjson.dumps(event)
        except TypeError as error:
            raise Unencodable(f"{shape.name} cannot be written as JSON: {error}.") from error
        return NewEvent(shape.name, shape.schema_version, data.decode())

    def decode(self, name: str, schema_version: int, data: str) -> Any:
        """Return the event object of a stored event, upcast to the current schema version.

        Raises:
            UnknownEvent: unknown name, no upcasters from that version, or fields that the class does not have.
        """
        shape = self._by_name.get(name)
        if shape is None or schema_version != shape.schema_version:
            objection = self._evolution.why_unreadable(name, schema_version)
            if shape is None or objection is not None:
                raise UnknownEvent(objection)
            data = orjson.dumps(self._evolution.upcast(name, schema_version, orjson.loads(data))).decode()
        try:
            event = shape.read(data)
        except ValidationError as error:
            raise UnknownEvent(f"{name} version {schema_version} does not fit its class: {error}") from error
        for field in shape.times:
            moment = getattr(event, field)
            if moment is not None and moment.tzinfo is None:
                raise UnknownEvent(f"{name}.{field} is stored as a time without a zone.")
        return event


def shape_of(name: str, event: type, schema_version: int) -> Shape:
    """Return the serialization of an event class."""
    forbid_unknown_fields(event)
    hints = get_type_hints(event)
    times = tuple(field for field, hint in hints.items() if hint is datetime or datetime in get_args(hint))
    return Shape(name, schema_version, times, partial(TypeAdapter(event).validate_json, strict=True))


def forbid_unknown_fields(shape: Any) -> None:
    """Make pydantic refuse unknown fields of a dataclass and of the dataclasses nested in it."""
    if is_dataclass(shape) and isinstance(shape, type):
        shape.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[attr-defined]
        hints = get_type_hints(shape)
        for field in fields(shape):
            forbid_unknown_fields(hints[field.name])
    for argument in get_args(shape):
        forbid_unknown_fields(argument)
