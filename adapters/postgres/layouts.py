"""Documents of published layouts in PostgreSQL, and a cache of their inventories."""

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

import orjson

from adapters.postgres import sql
from adapters.postgres.pool import Pool, execute, rows
from domain.errors import NotFound
from domain.layout.formats.reading import read_layout
from domain.layout.inventory import Inventory
from domain.layout.publishing import publish
from domain.ports.personal_data import LayoutDocuments

FORMAT = "seatledger"
DOCUMENT_BYTES_KEPT_MAX = 48 * 1024 * 1024
"""Limit of the documents of cached inventories; an inventory takes about five times the size of its document."""

COUNTED_BYTES_MIN = 16 * 1024
"""The minimum size that an entry counts as."""


class PostgresLayouts:
    """`LayoutDocuments` in the schema `records`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def save(self, layout: str, document: bytes) -> None:
        """Store the document of a layout; a stored document is never changed."""
        await execute(self._pool, sql.INSERT_LAYOUT, {"layout": layout, "document": document})

    async def find(self, layout: str) -> bytes | None:
        """Return a layout's document, byte for byte; None if there is none."""
        found = await rows(self._pool, sql.LAYOUT, {"layout": layout})
        return bytes(found[0]["document"]) if found else None


class LayoutInventories:
    """Cache of inventories by layout; each is built in a single thread, and concurrent requests share one build.

    Args:
        bytes_max: limit of the documents of cached inventories; the least recently used entries are evicted.
    """

    def __init__(self, documents: LayoutDocuments, *, bytes_max: int = DOCUMENT_BYTES_KEPT_MAX) -> None:
        self._documents = documents
        self._bytes_max = bytes_max
        self._bytes: dict[str, int] = {}
        self._threads = ThreadPoolExecutor(1, "inventories")
        self._entries: OrderedDict[str, asyncio.Future[Inventory]] = OrderedDict()

    async def of(self, layout: str) -> Inventory:
        """Return a layout's inventory.

        Raises:
            NotFound: there is no such layout.
            RecordsUnavailable: the documents cannot be read.
        """
        entry = self._entries.get(layout)
        if entry is None:
            entry = self._entries[layout] = asyncio.ensure_future(self._build(layout))
            entry.add_done_callback(lambda built: self._on_built(layout, built))
        self._entries.move_to_end(layout)
        return await asyncio.shield(entry)

    async def _build(self, layout: str) -> Inventory:
        document = await self._documents.find(layout)
        if document is None:
            raise NotFound("There is no such layout.")
        built = await asyncio.get_running_loop().run_in_executor(self._threads, inventory_of, document)
        self._bytes[layout] = max(COUNTED_BYTES_MIN, len(document))
        return built

    def _on_built(self, layout: str, built: asyncio.Future[Inventory]) -> None:
        if built.cancelled() or built.exception() is not None:
            self._entries.pop(layout, None)
        while len(self._bytes) > 1 and sum(self._bytes.values()) > self._bytes_max:
            oldest = next(key for key in self._entries if key in self._bytes)
            del self._entries[oldest], self._bytes[oldest]


def inventory_of(document: bytes) -> Inventory:
    """Parse a published document to its inventory."""
    return Inventory(publish(read_layout(FORMAT, orjson.loads(document))))
