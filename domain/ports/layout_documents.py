"""Parsing and rendering of layout documents in a worker, because a large document takes much time and memory."""

from dataclasses import dataclass
from typing import BinaryIO, Protocol

from domain.layout.validation import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedDocument:
    """A layout in the format `seatledger`, and the number of its places."""

    content: bytes
    sha256: str
    capacity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedLayout:
    """The parsed body of a request to publish a layout.

    Args:
        malformed: why the body is not valid JSON; None: it is.
        outline: the body with its document replaced by an empty one.
        faults: the faults of the document.
        published: the layout, if there are no faults.
    """

    malformed: str | None = None
    outline: object = None
    faults: tuple[Fault, ...] = ()
    published: PublishedDocument | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedLayout:
    """A layout's public document as JSON, and the same compressed with gzip."""

    plain: bytes
    compressed: bytes


class LayoutWorker(Protocol):
    """CPU-bound work on layouts, run outside the event loop, with limits of time and memory."""

    async def publish(self, body: BinaryIO, previous: bytes | None) -> RequestedLayout:
        """Parse a request's body and publish its document as the version after `previous`.

        Raises:
            LayoutFaults: the document exceeds the limit of time or memory.
        """
        ...

    async def render(self, document: bytes) -> RenderedLayout:
        """Render a published document.

        Raises:
            LayoutFaults: the document exceeds the limit of time or memory.
        """
        ...
