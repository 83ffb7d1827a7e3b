"""Money, places and lines as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from domain.values import Line, Place

Body = dict[str, Any]
PlainLine = Mapping[str, Any]


def money(amount: int, currency: str) -> Body:
    """Return an amount in minor units as JSON."""
    return {"amount": amount, "currency": currency}


def to_plain_json(lines: Sequence[Line]) -> list[PlainLine]:
    """Return lines in the format of events and read models."""
    found: list[PlainLine] = orjson.loads(orjson.dumps(lines))
    return found


def place_to_plain_json(place: Place) -> Mapping[str, Any]:
    """Return a place in the format of events and read models."""
    return asdict(place)


def place_json(place: Mapping[str, Any]) -> Body:
    """Return a place as JSON; the number of a place within a standing area is not shown."""
    label = place["category_label"] or place["category"]
    return {**place, "seat": None if place["area"] else place["seat"], "category_label": label}


def line_json(line: PlainLine, currency: str) -> Body:
    """Return one place and its quoted price as JSON."""
    return {
        "line_id": line["line_id"],
        "place": place_json(line["place"]),
        "ticket_type": line["ticket_type"],
        "components": line["components"],
        "price": money(line["gross"], currency),
    }


def lines_json(lines: Sequence[PlainLine], currency: str) -> list[Body]:
    """Return lines as JSON."""
    return [line_json(line, currency) for line in lines]


def id_of(stream: str) -> str:
    """Return the id in a stream's name."""
    return stream.partition("-")[2]
