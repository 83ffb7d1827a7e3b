"""What is wrong with a layout document: every fault at once, each with its place and what to do."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import NoReturn

from domain.errors import Invalid

FAULTS_MAX = 10_000


class FaultCode(StrEnum):
    """The kinds of fault, for programs; the message is for people."""

    UNKNOWN_FORMAT = "unknown_format"
    MALFORMED = "malformed"
    MISSING = "missing"
    UNKNOWN_FIELD = "unknown_field"
    WRONG_TYPE = "wrong_type"
    BAD_NUMBER = "bad_number"
    BAD_TEXT = "bad_text"
    BAD_COLOR = "bad_color"
    BAD_KEY = "bad_key"
    LABEL_MISSING = "label_missing"
    CATEGORY_MISSING = "category_missing"
    UNKNOWN_CATEGORY = "unknown_category"
    UNKNOWN_FOCAL_POINT = "unknown_focal_point"
    DUPLICATE_LABEL = "duplicate_label"
    DUPLICATE_SOURCE_ID = "duplicate_source_id"
    DUPLICATE_KEY = "duplicate_key"
    TOO_MANY = "too_many"
    TOO_DEEP = "too_deep"
    UNSUPPORTED = "unsupported"
    NOTHING_TO_SELL = "nothing_to_sell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing to put right; `path` leads to it (`sections[2].rows[0].seats[4].label`, empty: the whole document)."""

    code: FaultCode
    path: str
    message: str


class LayoutFaults(Invalid):
    """The document cannot become a layout; `faults` names everything that must be put right."""

    code = "layout_faults"

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        noun = "fault" if len(self.faults) == 1 else "faults"
        super().__init__(
            f"The layout has {len(self.faults)} {noun}; put them right and send it again.",
            faults=[asdict(fault) for fault in self.faults],
        )


class FaultCollector:
    """Gathers faults while a document is read.

    Args:
        tolerated: what is no fault in this reading.
    """

    __slots__ = ("_faults", "_tolerated")

    def __init__(self, tolerated: frozenset[FaultCode] = frozenset()) -> None:
        self._faults: list[Fault] = []
        self._tolerated = tolerated

    def __bool__(self) -> bool:
        return bool(self._faults)

    def add(self, code: FaultCode, path: str, message: str) -> None:
        """Note a fault.

        Raises:
            LayoutFaults: there are so many that reading on helps nobody.
        """
        if code in self._tolerated:
            return
        self._faults.append(Fault(code=code, path=path, message=message))
        if len(self._faults) >= FAULTS_MAX:
            last = f"These are the first {FAULTS_MAX} faults; there may be more."
            raise LayoutFaults([*self._faults, Fault(code=FaultCode.TOO_MANY, path="", message=last)])

    def fail(self, code: FaultCode, path: str, message: str) -> NoReturn:
        """Note a fault that leaves nothing more to read.

        Raises:
            LayoutFaults: always.
        """
        self.add(code, path, message)
        raise LayoutFaults(self._faults)

    def raise_if_any(self) -> None:
        """End the reading of a faulty document.

        Raises:
            LayoutFaults: something was noted.
        """
        if self._faults:
            raise LayoutFaults(self._faults)
