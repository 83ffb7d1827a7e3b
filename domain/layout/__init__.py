"""The layout of a venue: its model, its keys, the formats it is read from, and the public document of browsers.

`read_layout` parses a document to a `Draft`; `publish` gives it keys and returns a `Layout`; `Inventory` looks up its
places for sales; `write_native` writes the format `seatledger`, `to_public_document` the public document.
"""

from domain.layout.formats.reading import FORMATS, read_layout
from domain.layout.inventory import Inventory
from domain.layout.model import DOCUMENT_BYTES_MAX, Draft, Layout
from domain.layout.native_writer import write_native
from domain.layout.public_document import to_public_document
from domain.layout.publishing import publish
from domain.layout.validation import Fault, FaultCode, LayoutFaults

__all__ = [
    "DOCUMENT_BYTES_MAX",
    "FORMATS",
    "Draft",
    "Fault",
    "FaultCode",
    "Inventory",
    "Layout",
    "LayoutFaults",
    "publish",
    "read_layout",
    "to_public_document",
    "write_native",
]
