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

DRAWINGS_KEPT_MAX = 100
OWN_FORMAT = "seatledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A layout's public document, plain and compressed; `categories`: key or label → key."""

    plain: bytes
    compressed: bytes
    categories: Mapping[str, str]


class Drawings:
    """The drawings of published layouts, each made in a thread, however many ask for it at once."""

    def __init__(self, documents: LayoutDocuments) -> None:
        self._documents = documents
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
        return await asyncio.to_thread(drawing_of, document)

    def _settle(self, layout: str, made: asyncio.Future[Drawing]) -> None:
        if made.cancelled() or made.exception() is not None:
            self._known.pop(layout, None)
        elif len(self._known) > DRAWINGS_KEPT_MAX:
            self._known.popitem(last=False)


def drawing_of(document: bytes) -> Drawing:
    """Draw a published document."""
    layout = publish(read_layout(OWN_FORMAT, document.decode()))
    plain = orjson.dumps(draw(layout))
    labels = {category.label: category.key for category in layout.categories}
    keys = {category.key: category.key for category in layout.categories}
    return Drawing(plain=plain, compressed=gzip.compress(plain, mtime=0), categories=labels | keys)
