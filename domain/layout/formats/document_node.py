"""One object of a document with its path: reads its fields, and collects faults instead of stopping at the first."""

import unicodedata
from collections.abc import Collection, Mapping
from typing import Final

from domain.layout.formats.labels import visible_text
from domain.layout.model import LABEL_LENGTH_MAX, SOURCE_ID_LENGTH_MAX, Point
from domain.layout.validation import FaultCode, FaultCollector

COORDINATE_MAX = 10_000_000
COORDINATE_DECIMALS = 6
WHOLE_MAX = 2**53
SHOWN_LENGTH_MAX = 40
NORMALIZED_SHRINKS_MAX = 4
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
ABSENT: Final = object()


class DocumentNode:
    """A JSON object inside a document; its path is built only when a fault needs it."""

    __slots__ = ("_above", "_step", "fields", "findings")

    def __init__(
        self,
        fields: Mapping[str, object],
        findings: FaultCollector,
        above: "DocumentNode | None" = None,
        step: str = "",
    ) -> None:
        self.fields = fields
        self.findings = findings
        self._above = above
        self._step = step

    def path(self, field: str = "") -> str:
        """Return the path of this object, or of one of its fields."""
        above = self._above.path() if self._above else ""
        return ".".join(filter(None, (above, self._step, field)))

    def fault(self, code: FaultCode, field: str, message: str) -> None:
        """Add a fault of one field, or of the whole object if `field` is empty."""
        self.findings.add(code, self.path(field), message)

    def has(self, field: str) -> bool:
        """Return whether the field is present and not null."""
        return self.fields.get(field) is not None

    def reject_other_fields(self, allowed: Collection[str]) -> None:
        """Add a fault for every field that is not allowed."""
        for field in self.fields:
            if field not in allowed:
                known = ", ".join(sorted(allowed))
                self.fault(FaultCode.UNKNOWN_FIELD, quoted(field), f"This field is unknown; known are: {known}.")

    def child(self, field: str) -> "DocumentNode | None":
        """Read a required object."""
        value = self._required(field, "an object")
        if value is ABSENT:
            return None
        if not isinstance(value, dict):
            self._wrong_type(field, "an object")
            return None
        return DocumentNode(value, self.findings, self, field)

    def children(self, field: str, limit: int) -> "list[DocumentNode]":
        """Read an optional list of at most `limit` objects; other entries are faults and omitted."""
        value = self.fields.get(field)
        if value is None:
            return []
        if not isinstance(value, list):
            self._wrong_type(field, "a list")
            return []
        if len(value) > limit:
            self.fault(FaultCode.TOO_MANY, field, f"There are {len(value)} entries; at most {limit} are allowed.")
            return []
        return [node for index, entry in enumerate(value) if (node := self._entry(field, index, entry))]

    def required_children(self, field: str, limit: int) -> "list[DocumentNode]":
        """Read a required list of objects; the caller checks whether it may be empty."""
        return [] if self._required(field, "a list") is ABSENT else self.children(field, limit)

    def text(self, field: str, limit: int = LABEL_LENGTH_MAX) -> str:
        """Read a required text, trimmed and in normal form C; a whole number counts as its digits."""
        value = self.fields.get(field)
        if type(value) is str and 0 < len(value) <= limit and _plain(value):
            return value
        value = self._required(field, "a text")
        if isinstance(value, str) and not visible_text(value):
            self.fault(FaultCode.LABEL_MISSING, field, "This is empty; enter the text to show.")
            return ""
        return "" if value is ABSENT else self._clean(field, value, limit)

    def optional_text(self, field: str, limit: int = LABEL_LENGTH_MAX) -> str:
        """Read an optional text; absent, null and blank are empty."""
        value = self.fields.get(field)
        if type(value) is str and len(value) <= limit and _plain(value):
            return value
        return "" if value is None else self._clean(field, value, limit)

    def texts(self, field: str, limit: int) -> list[str]:
        """Read an optional list of at most `limit` texts."""
        value = self.fields.get(field)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value) or len(value) > limit:
            self._wrong_type(field, f"a list of at most {limit} texts")
            return []
        return value

    def source_id(self, field: str) -> str:
        """Read the id that the source gives to a place."""
        return self.text(field, SOURCE_ID_LENGTH_MAX)

    def number(self, field: str) -> float:
        """Read a required coordinate."""
        value = self.fields.get(field)
        if type(value) is float or type(value) is int:
            if -COORDINATE_MAX <= value <= COORDINATE_MAX:
                return coordinate(value)
            self.fault(FaultCode.BAD_NUMBER, field, f"A coordinate must be within ±{COORDINATE_MAX}.")
        elif self._required(field, "a number") is not ABSENT:
            self._wrong_type(field, "a number")
        return 0.0

    def optional_number(self, field: str, default: float = 0.0) -> float:
        """Read an optional coordinate; `default` if it is absent or null."""
        return self.number(field) if self.has(field) else default

    def whole(self, field: str, least: int, most: int) -> int:
        """Read a required whole number between `least` and `most`; a faulty one gives `least`."""
        value = self._required(field, "a whole number")
        if value is ABSENT:
            return least
        if isinstance(value, float) and value.is_integer() and abs(value) < WHOLE_MAX:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self._wrong_type(field, "a whole number")
            return least
        if not least <= value <= most:
            self.fault(FaultCode.BAD_NUMBER, field, f"This must be a whole number from {least} to {most}.")
            return least
        return value

    def flag(self, field: str) -> bool:
        """Read true or false; absent and null are false."""
        value = self.fields.get(field)
        if value is None or isinstance(value, bool):
            return bool(value)
        self._wrong_type(field, "true or false")
        return False

    def point(self) -> Point:
        """Read this object as a position."""
        return Point(x=self.number("x"), y=self.number("y"))

    def optional_point(self, field: str) -> Point | None:
        """Read an optional position; None if it is absent or null."""
        node = self.child(field) if self.has(field) else None
        return node.point() if node else None

    def _entry(self, field: str, index: int, entry: object) -> "DocumentNode | None":
        step = f"{field}[{index}]"
        if isinstance(entry, dict):
            return DocumentNode(entry, self.findings, self, step)
        self._wrong_type(step, "an object")
        return None

    def _required(self, field: str, kind: str) -> object:
        value = self.fields.get(field)
        if value is None:
            self.fault(FaultCode.MISSING, field, f"This must be {kind}; it is missing.")
            return ABSENT
        return value

    def _wrong_type(self, field: str, kind: str) -> None:
        self.fault(FaultCode.WRONG_TYPE, field, f"This must be {kind}; it is of another type.")

    def _clean(self, field: str, value: object, limit: int) -> str:
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < WHOLE_MAX:
            return str(value)
        if not isinstance(value, str):
            self._wrong_type(field, "a text")
            return ""
        text = value.strip()
        if len(text) <= limit * NORMALIZED_SHRINKS_MAX:  # NFC normalisation is quadratic in combining marks
            text = unicodedata.normalize("NFC", text)
        if len(text) > limit:
            self.fault(FaultCode.BAD_TEXT, field, f"This text is longer than {limit} characters; shorten it.")
            return ""
        if not text.isprintable() and any(_refused(character) for character in text):
            self.fault(FaultCode.BAD_TEXT, field, "This text has control or invalid characters; remove them.")
            return ""
        return text


def coordinate(value: float) -> float:
    """Round a coordinate to the stored precision; zero has no sign."""
    return round(float(value), COORDINATE_DECIMALS) + 0.0


def quoted(text: str) -> str:
    """Return untrusted text for use in a message: shortened and printable."""
    short = text if len(text) <= SHOWN_LENGTH_MAX else f"{text[:SHOWN_LENGTH_MAX]}…"
    return short if short.isprintable() else ascii(short)[1:-1]


def _plain(text: str) -> bool:
    """Return whether a text needs no cleaning; a fast check that most texts pass."""
    return text.isascii() and text.isprintable() and text.strip() == text


def _refused(character: str) -> bool:
    return unicodedata.category(character) in _REFUSED_CATEGORIES or character in _DIRECTION_CONTROLS
