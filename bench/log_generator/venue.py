"""The venue of the generated log: one layout, its places, and groups of adjacent seats."""

import hashlib
from dataclasses import dataclass
from random import Random

import orjson

from domain.layout.formats.reading import read_layout
from domain.layout.inventory import Inventory
from domain.layout.native_writer import write_native
from domain.layout.publishing import publish
from domain.values import Price

SECTIONS = (("Balcony", "C", 0.2), ("Circle", "B", 0.3), ("Stalls", "A", 0.5))
"""Name, price category and share of the seats; the last section takes the remaining ones."""

SEATS_MIN = 60
SEATS_PER_ROW = 10
SEATS_PER_LONG_ROW = 50
LARGE = 10_000
"""A venue with more seats has long rows."""

GROUP_SIZES = (1, 2, 3, 4)
GROUP_SHARES = (15, 60, 10, 15)
CURRENCY = "EUR"
PRICES = tuple(
    Price(category=category, ticket_type=ticket_type, amount=amount // discount)
    for category, amount in (("A", 9_500), ("B", 6_500), ("C", 3_900))
    for ticket_type, discount in (("adult", 1), ("child", 2))
)


@dataclass(frozen=True, slots=True)
class SeatGroup:
    """Adjacent seats of one category that are booked together, by their indexes in the venue."""

    category: str
    seats: tuple[int, ...]


class GeneratedVenue:
    """A published layout of about so many seats, at least 60.

    `places`: each seat as it is recorded in an order line, as JSON.
    """

    def __init__(self, seats: int) -> None:
        self._per_row = SEATS_PER_LONG_ROW if seats > LARGE else SEATS_PER_ROW
        rows = max(seats, SEATS_MIN) // self._per_row
        shares = [round(rows * share) for _, _, share in SECTIONS[:-1]]
        sections = [
            {"name": name, "category": category, "rows": count, "seats_per_row": self._per_row}
            for (name, category, _), count in zip(SECTIONS, [*shares, rows - sum(shares)], strict=True)
        ]
        layout = publish(read_layout("grid", {"sections": sections}))
        self.document = write_native(layout)
        self.document_sha256 = hashlib.sha256(self.document).hexdigest()
        self.inventory = Inventory(layout)
        self.keys = self.inventory.keys
        places = [place for place in map(self.inventory.place, self.keys) if place is not None]
        self.places = [orjson.dumps(place).decode() for place in places]
        self._categories = [place.category for place in places]

    def groups(self, random: Random) -> list[SeatGroup]:
        """Divide every row into groups of adjacent seats, in random order."""
        found = []
        for first in range(0, len(self.keys), self._per_row):
            row = list(range(first, first + self._per_row))
            while row:
                (size,) = random.choices(GROUP_SIZES, GROUP_SHARES)
                found.append(SeatGroup(self._categories[row[0]], tuple(row[:size])))
                row = row[size:]
        random.shuffle(found)
        return found

    def first_group(self, category: str, size: int) -> list[str]:
        """Return the keys of the first group of a category."""
        first = self._categories.index(category)
        return list(self.keys[first : first + size])
