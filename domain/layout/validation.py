"""Faults of a layout document: all are collected, each with its path and how to correct it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import NoReturn

from domain.errors import Invalid

FAULTS_MAX = 10_000


class FaultCode(StrEnum):
    """The kind of a fault, for programs; the message is for people."""

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
    """One fault; `path` locates it (`sections[2].rows[0].seats[4].label`, empty: the whole document)."""

    code: FaultCode
    path: str
    message: str


class LayoutFaults(Invalid):
    """The document is invalid; `faults` lists every fault."""

    code = "layout_faults"

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        noun = "fault" if len(self.faults) == 1 else "faults"
        super().__init__(
            f"The layout has {len(self.faults)} {noun}; correct them and send it again.",
            faults=[asdict(fault) for fault in self.faults],
        )


class FaultCollector:
    """Collects faults while a document is parsed.

    Args:
        tolerated: codes that are not collected.
    """

    __slots__ = ("_faults", "_tolerated")

    def __init__(self, tolerated: frozenset[FaultCode] = frozenset()) -> None:
        self._faults: list[Fault] = []
        self._tolerated = tolerated

    def __bool__(self) -> bool:
        return bool(self._faults)

    def add(self, code: FaultCode, path: str, message: str) -> None:
        """Add a fault.

        Raises:
            LayoutFaults: there are `FAULTS_MAX` faults.
        """
        if code in self._tolerated:
            return
        self._faults.append(Fault(code=code, path=path, message=message))
        if len(self._faults) >= FAULTS_MAX:
            last = f"These are the first {FAULTS_MAX} faults; there may be more."
            raise LayoutFaults([*self._faults, Fault(code=FaultCode.TOO_MANY, path="", message=last)])

    def fail(self, code: FaultCode, path: str, message: str) -> NoReturn:
        """Add a fault after which nothing more can be parsed.

        Raises:
            LayoutFaults: always.
        """
        self.add(code, path, message)
        raise LayoutFaults(self._faults)

    def raise_if_any(self) -> None:
        """Stop parsing if there are faults.

        Raises:
            LayoutFaults: holds all faults collected.
        """
        if self._faults:
            raise LayoutFaults(self._faults)
