"""The public documents of layouts, as browsers draw them: made once, kept while they are in use."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

from domain.errors import NotFound
from domain.layout.native_writer import categories_in
from domain.ports.layout_documents import LayoutWorker, RenderedLayout
from domain.ports.personal_data import LayoutDocuments

CACHED_BYTES_MAX = 64 * 1024 * 1024
COUNTED_BYTES_MIN = 16 * 1024
"""What the smallest one counts as."""


class LayoutDocumentCache:
    """The drawings of published layouts, each made once, however many ask for it at once."""

    def __init__(self, documents: LayoutDocuments, work: LayoutWorker) -> None:
        self._documents = documents
        self._work = work
        self._bytes: dict[str, int] = {}
        self._known: OrderedDict[str, asyncio.Future[RenderedLayout]] = OrderedDict()

    async def get(self, layout: str) -> RenderedLayout:
        """Return a layout's drawing; it never changes.

        Raises:
            NotFound: there is no such layout.
            RecordsUnavailable: the documents cannot be asked for.
        """
        known = self._known.get(layout)
        if known is None:
            known = self._known[layout] = asyncio.ensure_future(self._make(layout))
            known.add_done_callback(lambda made: self._store(layout, made))
        self._known.move_to_end(layout)
        return await asyncio.shield(known)

    async def get_categories(self, layout: str) -> Mapping[str, str]:
        """Return a layout's categories, key or label → key, without drawing it.

        Raises:
            NotFound: there is no such layout.
            RecordsUnavailable: the documents cannot be asked for.
        """
        return categories_in(await self._document(layout))

    async def _document(self, layout: str) -> bytes:
        document = await self._documents.find(layout)
        if document is None:
            raise NotFound("There is no such layout.")
        return document

    async def _make(self, layout: str) -> RenderedLayout:
        made = await self._work.render(await self._document(layout))
        self._bytes[layout] = cached_size(made)
        return made

    def _store(self, layout: str, made: asyncio.Future[RenderedLayout]) -> None:
        if made.cancelled() or made.exception() is not None:
            self._known.pop(layout, None)
        while len(self._bytes) > 1 and sum(self._bytes.values()) > CACHED_BYTES_MAX:
            oldest = next(kept for kept in self._known if kept in self._bytes)
            del self._known[oldest], self._bytes[oldest]


def cached_size(drawing: RenderedLayout) -> int:
    """Return how many bytes a drawing counts as."""
    return max(COUNTED_BYTES_MIN, len(drawing.plain) + len(drawing.compressed))
