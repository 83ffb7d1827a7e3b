"""What this program can read, and a look, before a part starts, whether that is everything in the log."""

from domain.event_registry import UPCASTERS, VERSIONS
from eventstore.schema.compatibility import EventTypeIndex
from eventstore.schema.upcasting import UpcasterChain

EVOLUTION = UpcasterChain(versions=VERSIONS, upcasters=UPCASTERS)


async def check_log(url: str) -> None:
    """Make sure that every event in the log can be read.

    Raises:
        UnreadableLog: it can't; the message says which one, and what to do.
        StoreUnavailable: the database does not answer.
    """
    async with EventTypeIndex(url) as survey:
        await survey.check(EVOLUTION)
