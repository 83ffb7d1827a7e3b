"""Published layouts in PostgreSQL, and their inventories in memory."""

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
"""Of the documents whose inventories are kept; an inventory takes about five times its document."""

COUNTED_BYTES_MIN = 16 * 1024
"""What the smallest one counts as."""


class PostgresLayouts:
    """`LayoutDocuments` in the schema `records`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def save(self, layout: str, document: bytes) -> None:
        """Keep the document of a layout; a second time changes nothing."""
        await execute(self._pool, sql.KEEP_LAYOUT, {"layout": layout, "document": document})

    async def find(self, layout: str) -> bytes | None:
        """Return a layout's document, byte for byte."""
        found = await rows(self._pool, sql.LAYOUT, {"layout": layout})
        return bytes(found[0]["document"]) if found else None


class LayoutInventories:
    """The inventories of layouts in use; each is built once, in one thread for all, however many ask for it at once.

    Args:
        bytes_max: how many bytes the documents of those that are kept have; the least recently used go first.
    """

    def __init__(self, documents: LayoutDocuments, *, bytes_max: int = DOCUMENT_BYTES_KEPT_MAX) -> None:
        self._documents = documents
        self._bytes_max = bytes_max
        self._bytes: dict[str, int] = {}
        self._threads = ThreadPoolExecutor(1, "inventories")
        self._known: OrderedDict[str, asyncio.Future[Inventory]] = OrderedDict()

    async def of(self, layout: str) -> Inventory:
        """Return a layout's inventory.

        Raises:
            NotFound: no document is kept under this id.
            RecordsUnavailable: the documents cannot be asked for.
        """
        known = self._known.get(layout)
        if known is None:
            known = self._known[layout] = asyncio.ensure_future(self._build(layout))
            known.add_done_callback(lambda built: self._settle(layout, built))
        self._known.move_to_end(layout)
        return await asyncio.shield(known)

    async def _build(self, layout: str) -> Inventory:
        document = await self._documents.find(layout)
        if document is None:
            raise NotFound("There is no such layout.")
        built = await asyncio.get_running_loop().run_in_executor(self._threads, inventory_of, document)
        self._bytes[layout] = max(COUNTED_BYTES_MIN, len(document))
        return built

    def _settle(self, layout: str, built: asyncio.Future[Inventory]) -> None:
        if built.cancelled() or built.exception() is not None:
            self._known.pop(layout, None)
        while len(self._bytes) > 1 and sum(self._bytes.values()) > self._bytes_max:
            oldest = next(kept for kept in self._known if kept in self._bytes)
            del self._known[oldest], self._bytes[oldest]


def inventory_of(document: bytes) -> Inventory:
    """Read a published document."""
    return Inventory(publish(read_layout(FORMAT, orjson.loads(document))))
