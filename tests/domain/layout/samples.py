"""Small layout documents of every format, ways to change one place in them, and the shared charts."""

import copy
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from domain.layout.formats.reading import read_layout
from domain.layout.model import Layout
from domain.layout.publishing import publish
from domain.layout.validation import LayoutFaults
from runtime.demo.venues import arena, stadium, theatre

CHARTS = Path(__file__).resolve().parents[4] / "shared" / "data" / "layouts"
GONE: Final = object()

GRID: dict[str, Any] = {
    "sections": [
        {"name": "Stalls", "category": "A", "rows": 3, "seats_per_row": 4},
        {"name": "Balcony", "category": "B", "rows": 2, "seats_per_row": 5},
    ]
}

SEATSIO: dict[str, Any] = {
    "name": "Club",
    "version": 21,
    "categories": {
        "list": [
            {"key": 1, "label": "Front", "color": "#4176A5", "accessible": False},
            {"key": "gold", "label": "Gold", "color": "#FCA700", "accessible": True},
        ]
    },
    "zones": {"list": [{"key": "north", "label": "North", "focalPoint": {"x": 10.5, "y": 20}}]},
    "subChart": {
        "focalPoint": {"x": 225, "y": 33.2},
        "rows": [
            {
                "label": "A",
                "seats": [
                    {"label": "1", "x": 0, "y": 0, "categoryKey": 1, "uuid": "u1", "accessible": True},
                    {"label": "2", "x": 20.5, "y": 0, "categoryKey": "gold", "uuid": "u2", "companionSeat": True},
                    {"label": "3", "x": 41, "y": 0, "categoryKey": 1, "uuid": "u3", "restrictedView": True},
                ],
            }
        ],
        "tables": [
            {
                "label": "T1",
                "bookAsAWhole": False,
                "seats": [
                    {"label": "1", "x": 100, "y": 90, "categoryKey": 1, "uuid": "t1"},
                    {"label": "2", "x": 110, "y": 100, "categoryKey": 1, "uuid": "t2"},
                ],
            }
        ],
        "booths": [{"label": "B1", "center": {"x": 200, "y": 200}, "categoryKey": "gold", "uuid": "b1"}],
        "generalAdmissionAreas": [
            {
                "label": "Standing",
                "categoryKey": 1,
                "capacity": 30,
                "uuid": "g1",
                "type": "circle",
                "center": {"x": 50, "y": 300},
                "radius1": 40,
                "radius2": 20,
                "rotationAngle": 90,
            }
        ],
        "shapes": [
            {"label": "Stage", "type": "rectangle", "center": {"x": 100, "y": -50}, "width": 80, "height": 20},
            {"label": "Bar", "type": "polygon", "points": [{"x": 0, "y": 0}, {"x": 9, "y": 0}, {"x": 9, "y": 9}]},
        ],
        "sections": [
            {
                "label": "Stand",
                "categoryKey": "gold",
                "zone": "north",
                "topLeft": {"x": 1000, "y": 500},
                "points": [{"x": 1001, "y": 501}, {"x": 1100, "y": 501}, {"x": 1100, "y": 600}],
                "subChart": {
                    "rows": [
                        {
                            "label": "A",
                            "seats": [
                                {"label": "1", "x": 5, "y": 6, "categoryKey": None, "uuid": "s1"},
                                {"label": "2", "x": 25, "y": 6, "uuid": "s2"},
                            ],
                        }
                    ],
                    "sections": [
                        {
                            "label": "Inner",
                            "topLeft": {"x": 10, "y": 20},
                            "subChart": {
                                "rows": [{"label": "Z", "seats": [{"label": "9", "x": 1, "y": 2, "uuid": "i1"}]}]
                            },
                        }
                    ],
                },
            }
        ],
    },
}

PRETIX: dict[str, Any] = {
    "name": "Hall",
    "categories": [{"name": "Stalls", "color": "#7f4a91"}, {"name": "Rear"}],
    "size": {"width": 600, "height": 400},
    "zones": [
        {
            "name": "Ground floor",
            "position": {"x": 50, "y": 100},
            "rows": [
                {
                    "row_number": "A",
                    "row_number_position": "both",
                    "position": {"x": 5, "y": 7},
                    "seats": [
                        {"seat_guid": "A-1", "seat_number": "1", "position": {"x": 0, "y": 0}, "category": "Stalls"},
                        {"seat_guid": "A-2", "seat_number": "2", "position": {"x": 30, "y": 0}, "category": "Rear"},
                    ],
                }
            ],
            "areas": [
                {
                    "shape": "rectangle",
                    "rectangle": {"width": 200, "height": 40},
                    "position": {"x": 150, "y": -60},
                    "rotation": 0,
                    "text": {"text": "Stage", "position": {"x": 0, "y": 0}},
                },
                {"width": 20, "height": 10, "position": {"x": 0, "y": 0}, "text": "Bar"},
                {"shape": "circle", "circle": {"radius": 10}, "position": {"x": 9, "y": 9}},
                {"shape": "ellipse", "ellipse": {"radius": {"x": 10, "y": 5}}, "position": {"x": 9, "y": 9}},
                {"shape": "polygon", "polygon": {"points": [{"x": 0, "y": 0}, {"x": 5, "y": 0}]}, "position": None},
                {"shape": "text", "position": {"x": 9, "y": 9}, "text": {"text": "Exit"}},
            ],
        }
    ],
}

CSV = """section,row,seat,category,x,y,accessible,companion
Stalls,A,1,Front,0,0,yes,
Stalls,A,2,Front,50.5,0,,yes
Stalls,B,1,Rear,0,90,no,no
"""

SEATLEDGER: dict[str, Any] = {
    "format": "seatledger-layout-1",
    "name": "Ours",
    "categories": [{"key": "a", "label": "Stalls", "color": "#0072B2", "accessible": False}],
    "focal_points": [{"key": "stage", "x": 0, "y": -100}],
    "landmarks": [{"label": "Stage", "outline": [{"x": 0, "y": 0}, {"x": 5, "y": 0}, {"x": 5, "y": 5}]}],
    "sections": [
        {
            "label": "Stalls",
            "focal_point": "stage",
            "outline": [{"x": 0, "y": 0}, {"x": 99, "y": 0}, {"x": 99, "y": 99}],
            "rows": [
                {
                    "label": "A",
                    "seats": [
                        {"id": "a1", "label": "1", "category": "a", "x": 0, "y": 0, "key": "s7"},
                        {"id": "a2", "label": "2", "category": "a", "x": 50, "y": 0, "attributes": ["accessible"]},
                    ],
                },
                {
                    "label": "4",
                    "kind": "table",
                    "seats": [{"id": "t1", "label": "1", "category": "a", "x": 200, "y": 0}],
                },
            ],
        }
    ],
    "areas": [{"id": "pit", "label": "Pit", "category": "a", "capacity": 40, "key": "a3"}],
    "minted": {"seats": 9, "areas": 3},
}

VENUES: dict[str, Callable[[], dict[str, object]]] = {"theatre": theatre, "stadium": stadium, "arena": arena}
SAMPLES: dict[str, Any] = {
    "grid": GRID,
    "seatsio": SEATSIO,
    "pretix": PRETIX,
    "csv": CSV,
    "seatledger": SEATLEDGER,
}


def published(format_name: str, document: object) -> Layout:
    """Read and publish a document for the first time."""
    return publish(read_layout(format_name, document))


@cache
def demo_venue(name: str) -> Layout:
    """Publish one of the demo's venues, once a session."""
    return published("seatledger", VENUES[name]())


def changed(document: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return a copy with another value at `path`, or without that field where the value is GONE."""
    copied = copy.deepcopy(document)
    *steps, last = (int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path))
    target: Any = copied
    for step in steps:
        target = target[step]
    if value is GONE:
        del target[last]
    else:
        target[last] = value
    return copied


def faults_of(format_name: str, document: object) -> list[tuple[str, str]]:
    """Return code and path of every fault that reading the document finds."""
    with pytest.raises(LayoutFaults) as refused:
        read_layout(format_name, document)
    return [(fault.code.value, fault.path) for fault in refused.value.faults]


def chart(name: str) -> dict[str, Any]:
    """Load a shared seats.io chart; skip the test where the folder is absent."""
    path = CHARTS / f"{name}.seatsio.json"
    if not path.exists():
        pytest.skip("The shared charts are not here.")
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded
