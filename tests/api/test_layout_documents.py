"""Public layout documents: small for any layout."""

import json
import random

from adapters.layout_process.work import render_document

ROWS, SEATS_PER_ROW = 390, 100
JITTER_CM = 8.0
BYTES_MAX = 300_000


def test_given_39_000_seats_none_of_them_in_line_then_the_drawing_stays_small() -> None:
    dice = random.Random(39)
    rows = [
        {
            "label": str(row),
            "seats": [
                {
                    "id": f"{row}-{seat}",
                    "label": str(seat),
                    "category": "stalls",
                    "x": round(60 * seat + dice.uniform(-JITTER_CM, JITTER_CM), 1),
                    "y": round(90 * row + dice.uniform(-JITTER_CM, JITTER_CM), 1),
                }
                for seat in range(SEATS_PER_ROW)
            ],
        }
        for row in range(ROWS)
    ]
    document = {
        "format": "seatledger-layout-1",
        "name": "Field",
        "categories": [{"key": "stalls", "label": "Stalls", "color": "#336699"}],
        "sections": [{"label": "Field", "rows": rows}],
        "areas": [],
    }
    answer, drawing = render_document(json.dumps(document).encode())
    assert len(drawing[answer["plain"] :]) <= BYTES_MAX
