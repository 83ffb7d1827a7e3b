"""The drawing of a venue: its model, its keys, its readers and the document that browsers draw from.

A document becomes a draft by `read_layout`, a draft a layout with seat keys by `publish`; a layout answers a sale's
questions through `Inventory`, becomes our own file by `export` and the public document by `draw`.
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
