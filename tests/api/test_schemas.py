"""Strict types of request bodies: no conversion between flags, numbers, texts and times."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BeforeValidator, Strict

from api import schemas
from api.schemas.base import RequestBody
from api.schemas.fields.values import rfc3339


def bodies(shape: type[RequestBody] = RequestBody) -> Iterator[type[RequestBody]]:
    """Yield every request body."""
    for below in shape.__subclasses__():
        yield below
        yield from bodies(below)


def leaves(hint: Any, marks: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Yield the plain types of a hint, each with its annotations."""
    if get_origin(hint) is Annotated:
        inner, *annotations = get_args(hint)
        yield from leaves(inner, (*marks, *annotations))
    elif get_args(hint) and get_origin(hint) is not Literal:
        for argument in get_args(hint):
            yield from leaves(argument, marks)
    else:
        yield hint, marks


def loose(hint: Any) -> bool:
    """Return whether a field would convert a number to a flag, a text to a number or a number to a time."""
    for kind, marks in leaves(hint):
        if kind in {int, bool, float} and not any(isinstance(mark, Strict) for mark in marks):
            return True
        if kind is datetime and not any(isinstance(mark, BeforeValidator) and mark.func is rfc3339 for mark in marks):
            return True
    return False


def test_every_number_flag_and_time_is_strict() -> None:
    for module in pkgutil.iter_modules(schemas.__path__):
        importlib.import_module(f"{schemas.__name__}.{module.name}")
    found = [
        f"{body.__name__}.{field}"
        for body in bodies()
        for field, hint in get_type_hints(body, include_extras=True).items()
        if field in body.model_fields and loose(hint)
    ]
    assert found == []


def test_a_loose_field_is_found() -> None:
    assert loose(int | None)
    assert loose(Annotated[bool, "any"])
    assert loose(list[datetime])
    assert not loose(Annotated[int, Strict()] | None)
    assert not loose(str)
