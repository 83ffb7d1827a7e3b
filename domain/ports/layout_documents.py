"""What a request to publish a layout comes to, and who reads it: its document may be large, so only its answer is."""

from dataclasses import dataclass
from typing import BinaryIO, Protocol

from domain.layout.validation import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedDocument:
    """A layout in our own format, and how many people it takes."""

    content: bytes
    sha256: str
    capacity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedLayout:
    """A request's body, read.

    Args:
        malformed: what is wrong with it as JSON.
        outline: the body with an empty document in its document's place.
        faults: what is wrong with the document.
        published: the layout, if nothing is wrong.
    """

    malformed: str | None = None
    outline: object = None
    faults: tuple[Fault, ...] = ()
    published: PublishedDocument | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedLayout:
    """A layout's public document, plain and by gzip."""

    plain: bytes
    compressed: bytes


class LayoutWorker(Protocol):
    """Heavy work on layouts, done where it holds nobody up, within limits of time and memory."""

    async def publish(self, body: BinaryIO, previous: bytes | None) -> RequestedLayout:
        """Read a request's body and publish its document after a venue's previous one.

        Raises:
            LayoutFaults: reading takes more time or memory than there is.
        """
        ...

    async def render(self, document: bytes) -> RenderedLayout:
        """Draw a published document.

        Raises:
            LayoutFaults: drawing takes more time or memory than there is.
        """
        ...
