"""Cache of rendered layouts: the public documents that browsers draw."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

from domain.errors import NotFound
from domain.layout.native_writer import categories_in
from domain.ports.layout_documents import LayoutWorker, RenderedLayout
from domain.ports.personal_data import LayoutDocuments

CACHED_BYTES_MAX = 64 * 1024 * 1024
COUNTED_BYTES_MIN = 16 * 1024
"""The minimum size that an entry counts as."""


class LayoutDocumentCache:
    """Cache of rendered layouts; concurrent requests for one layout share one rendering."""

    def __init__(self, documents: LayoutDocuments, work: LayoutWorker) -> None:
        self._documents = documents
        self._work = work
        self._bytes: dict[str, int] = {}
        self._entries: OrderedDict[str, asyncio.Future[RenderedLayout]] = OrderedDict()

    async def get(self, layout: str) -> RenderedLayout:
        """Return a rendered layout; a published layout never changes.

        Raises:
            NotFound: there is no such layout.
            RecordsUnavailable: the documents cannot be read.
        """
        entry = self._entries.get(layout)
        if entry is None:
            entry = self._entries[layout] = asyncio.ensure_future(self._render(layout))
            entry.add_done_callback(lambda rendered: self._store(layout, rendered))
        self._entries.move_to_end(layout)
        return await asyncio.shield(entry)

    async def get_categories(self, layout: str) -> Mapping[str, str]:
        """Return a layout's categories, key or label → key, without rendering it.

        Raises:
            NotFound: there is no such layout.
            RecordsUnavailable: the documents cannot be read.
        """
        return categories_in(await self._document(layout))

    async def _document(self, layout: str) -> bytes:
        document = await self._documents.find(layout)
        if document is None:
            raise NotFound("There is no such layout.")
        return document

    async def _render(self, layout: str) -> RenderedLayout:
        rendered = await self._work.render(await self._document(layout))
        self._bytes[layout] = cached_size(rendered)
        return rendered

    def _store(self, layout: str, rendered: asyncio.Future[RenderedLayout]) -> None:
        if rendered.cancelled() or rendered.exception() is not None:
            self._entries.pop(layout, None)
        while len(self._bytes) > 1 and sum(self._bytes.values()) > CACHED_BYTES_MAX:
            oldest = next(key for key in self._entries if key in self._bytes)
            del self._entries[oldest], self._bytes[oldest]


def cached_size(rendered: RenderedLayout) -> int:
    """Return the size in bytes that a rendered layout counts as."""
    return max(COUNTED_BYTES_MIN, len(rendered.plain) + len(rendered.compressed))
