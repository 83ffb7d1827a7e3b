"""Checks, before a part starts, that this program can read every event of the log."""

from domain.event_registry import UPCASTERS, VERSIONS
from eventstore.schema.compatibility import EventTypeIndex
from eventstore.schema.upcasting import UpcasterChain

UPCASTER_CHAIN = UpcasterChain(versions=VERSIONS, upcasters=UPCASTERS)


async def check_log(url: str) -> None:
    """Check that every event of the log has a known type and version.

    Raises:
        UnreadableLog: an event has not; the message names it and what to do.
        StoreUnavailable: the database does not answer.
    """
    async with EventTypeIndex(url) as event_types:
        await event_types.check(UPCASTER_CHAIN)
