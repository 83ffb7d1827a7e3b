"""Parses a layout document of any supported format."""

import json
from collections.abc import Callable
from typing import Final

from domain.layout.formats.csv_table import BYTE_ORDER_MARK, read_csv
from domain.layout.formats.document_node import DocumentNode, quoted
from domain.layout.formats.grid import read_grid
from domain.layout.formats.json_text import reject_duplicate_fields
from domain.layout.formats.pretix import read_pretix
from domain.layout.formats.repeated_ids import with_ids_of_labels
from domain.layout.formats.seatledger import read_seatledger
from domain.layout.formats.seatsio import read_seatsio
from domain.layout.model import Draft
from domain.layout.validation import FaultCode, FaultCollector

CSV: Final = "csv"
_JSON_READERS: Final[dict[str, Callable[[DocumentNode], Draft]]] = {
    "grid": read_grid,
    "seatsio": read_seatsio,
    "pretix": read_pretix,
    "seatledger": read_seatledger,
}
FORMATS: Final = (*_JSON_READERS, CSV)


def read_layout(format_name: str, document: object, *, relabel_ids: bool = False) -> Draft:
    """Parse a document to a draft.

    Args:
        document: the text of a file, or parsed JSON.
        relabel_ids: replace source ids that several places share by ids made of labels, instead of refusing them.

    Raises:
        LayoutFaults: holds every fault of the document, or `format_name` is none of `FORMATS`.
    """
    if relabel_ids:
        findings = FaultCollector(frozenset({FaultCode.DUPLICATE_SOURCE_ID}))
        return with_ids_of_labels(_read(format_name, document, findings))
    return _read(format_name, document, FaultCollector())


def _read(format_name: str, document: object, findings: FaultCollector) -> Draft:
    if format_name == CSV:
        return _read_table(document, findings)
    reader = _JSON_READERS.get(format_name)
    if reader is None:
        known = ", ".join(FORMATS)
        findings.fail(
            FaultCode.UNKNOWN_FORMAT, "", f"There is no format {quoted(format_name)}; choose one of: {known}."
        )
    return reader(_root(document, findings))


def _read_table(document: object, findings: FaultCollector) -> Draft:
    if not isinstance(document, str):
        findings.fail(FaultCode.WRONG_TYPE, "", "A table must be sent as one text.")
    return read_csv(document, findings)


def _root(document: object, findings: FaultCollector) -> DocumentNode:
    parsed = _parsed(document, findings) if isinstance(document, str) else document
    if not isinstance(parsed, dict):
        findings.fail(FaultCode.WRONG_TYPE, "", "The document must be a JSON object.")
    return DocumentNode(parsed, findings)


def _parsed(text: str, findings: FaultCollector) -> object:
    try:
        return json.loads(text.removeprefix(BYTE_ORDER_MARK), object_pairs_hook=reject_duplicate_fields)
    except RecursionError:
        findings.fail(FaultCode.TOO_DEEP, "", "The document is nested too deeply.")
    except ValueError as error:
        findings.fail(FaultCode.MALFORMED, "", f"This is not JSON: {error}.")
