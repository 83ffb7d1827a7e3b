"""The public documents of layouts, as browsers draw them: made once, kept while they are in use."""

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from domain.errors import NotFound
from domain.layout.drawing import draw
from domain.layout.publishing import publish
from domain.layout.reading import read_layout
from domain.people import LayoutDocuments

BYTES_KEPT_MAX = 64 * 1024 * 1024
COUNTED_BYTES_MIN = 16 * 1024
"""What the smallest one counts as."""

OWN_FORMAT = "seatledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A layout's public document, plain and compressed; `categories`: key or label → key."""

    plain: bytes
    compressed: bytes
    categories: Mapping[str, str]

    @property
    def size(self) -> int:
        """How many bytes both documents count as."""
        return max(COUNTED_BYTES_MIN, len(self.plain) + len(self.compressed))


class Drawings:
    """The drawings of published layouts, each made in a thread, however many ask for it at once."""

    def __init__(self, documents: LayoutDocuments) -> None:
        self._documents = documents
        self._bytes: dict[str, int] = {}
        self._known: OrderedDict[str, asyncio.Future[Drawing]] = OrderedDict()

    async def of(self, layout: str) -> Drawing:
        """Return a layout's drawing; it never changes.

        Raises:
            NotFound: there is no such layout.
            RecordsUnavailable: the documents cannot be asked for.
        """
        known = self._known.get(layout)
        if known is None:
            known = self._known[layout] = asyncio.ensure_future(self._make(layout))
            known.add_done_callback(lambda made: self._settle(layout, made))
        self._known.move_to_end(layout)
        return await asyncio.shield(known)

    async def _make(self, layout: str) -> Drawing:
        document = await self._documents.find(layout)
        if document is None:
            raise NotFound("There is no such layout.")
        made = await asyncio.to_thread(drawing_of, document)
        self._bytes[layout] = made.size
        return made

    def _settle(self, layout: str, made: asyncio.Future[Drawing]) -> None:
        if made.cancelled() or made.exception() is not None:
            self._known.pop(layout, None)
        while len(self._bytes) > 1 and sum(self._bytes.values()) > BYTES_KEPT_MAX:
            oldest = next(kept for kept in self._known if kept in self._bytes)
            del self._known[oldest], self._bytes[oldest]


def drawing_of(document: bytes) -> Drawing:
    """Draw a published document."""
    layout = publish(read_layout(OWN_FORMAT, document.decode()))
    plain = orjson.dumps(draw(layout))
    labels = {category.label: category.key for category in layout.categories}
    keys = {category.key: category.key for category in layout.categories}
    return Drawing(plain=plain, compressed=gzip.compress(plain, mtime=0), categories=labels | keys)
