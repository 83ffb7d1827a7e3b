"""What every process reads and decides with, whatever it is for: the codec of the business's events, and a handler."""

import getpass
import os
from collections.abc import Mapping
from functools import cache

from domain.errors import Rejected
from domain.event_registry import EVENTS, STREAM_TYPES, UPCASTERS, VERSIONS, subject_ids
from eventstore.cache import CACHED_STREAMS_MAX, StateCache
from eventstore.command_handler import Appender, Clock, CommandHandler
from eventstore.schema.codec import Codec
from eventstore.store import Store


def operator_actor() -> Mapping[str, str | None]:
    """Return the actor of what is done in a terminal: the account that the machine knows them by."""
    return {"kind": "operator", "id": account_name(), "role": None}


def account_name() -> str:
    """Return the name of the account that this process runs as; its number where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


@cache
def build_codec() -> Codec:
    """Return the reader and writer of every stored event; it holds no state and takes a while to build."""
    return Codec(EVENTS, VERSIONS, UPCASTERS)


def build_handler(
    *, store: Store, judge: Appender, clock: Clock, cache_size: int = CACHED_STREAMS_MAX
) -> CommandHandler:
    """Return a handler that knows the business's streams."""
    return CommandHandler(
        store=store,
        appender=judge,
        codec=build_codec(),
        stream_types=STREAM_TYPES,
        refusal=Rejected,
        clock=clock,
        cache=StateCache(cache_size),
        subjects=subject_ids,
    )
