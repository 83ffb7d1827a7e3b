"""Reads the public document back, seat by seat, as a browser does; knows only what the document's description says."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnSeat:
    """A seat as a browser sees it."""

    section: str
    row: str
    key: str
    label: str
    category: str
    x: float
    y: float
    attributes: tuple[str, ...]


def drawn_seats(document: dict[str, Any]) -> Iterator[DrawnSeat]:
    """Yield every seat of the document in its order."""
    categories = [category["key"] for category in document["categories"]]
    for section in document["sections"]:
        for row in section["rows"]:
            spots = [spot for run in row["runs"] for spot in _spots(run)]
            keys = _keys(row["keys"])
            labels = _labels(row, len(spots))
            painted = [categories[index] for index, count in _pairs(row["categories"]) for _ in range(count)]
            marked = row.get("attributes", {})
            for index, (x, y) in enumerate(spots):
                yield DrawnSeat(
                    section=section["label"],
                    row=row["label"],
                    key=keys[index],
                    label=labels[index],
                    category=painted[index],
                    x=x,
                    y=y,
                    attributes=tuple(name for name, indexes in marked.items() if index in indexes),
                )


def _spots(run: dict[str, list[Any]]) -> list[tuple[float, float]]:
    [(kind, values)] = run.items()
    if kind == "line":
        count, x, y, dx, dy = values
        return [(x + index * dx, y + index * dy) for index in range(count)]
    if kind == "arc":
        count, x, y, radius, start, step = values
        angles = [start + index * step for index in range(count)]
        return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]
    assert kind == "spots"
    grain, *steps = values
    spots, x, y = [], 0, 0
    for dx, dy in _pairs(steps):
        x, y = x + dx, y + dy
        spots.append((x * grain, y * grain))
    return spots


def _keys(pairs: Sequence[Any]) -> list[str]:
    return [
        first[0] + _base36(int(first[1:], 36) + offset) for first, count in _pairs(pairs) for offset in range(count)
    ]


def _labels(row: dict[str, Any], count: int) -> list[str]:
    if "labels" in row:
        return list(row["labels"])
    rule = row["numbers"]
    return [f"{rule['prefix']}{rule['first'] + index * rule['step']}" for index in range(count)]


def _base36(number: int) -> str:
    return (_base36(number // 36) if number >= 36 else "") + DIGITS[number % 36]


def _pairs(values: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    return zip(values[::2], values[1::2], strict=True)
