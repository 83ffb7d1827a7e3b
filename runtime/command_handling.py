"""Builds the codec of the domain's events and the command handler, which every program uses."""

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
    """Return the actor recorded for commands given in a terminal: the account of the operating system."""
    return {"kind": "operator", "id": account_name(), "role": None}


def account_name() -> str:
    """Return the name of the account that this process runs as, or its number if it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


@cache
def build_codec() -> Codec:
    """Return the codec of every stored event; built once a process, because it is stateless and slow to build."""
    return Codec(EVENTS, VERSIONS, UPCASTERS)


def build_handler(
    *, store: Store, appender: Appender, clock: Clock, cache_size: int = CACHED_STREAMS_MAX
) -> CommandHandler:
    """Return a handler for the domain's stream types.

    Args:
        cache_size: streams whose state is kept in memory; 0 turns the cache off.
    """
    return CommandHandler(
        store=store,
        appender=appender,
        codec=build_codec(),
        stream_types=STREAM_TYPES,
        refusal=Rejected,
        clock=clock,
        cache=StateCache(cache_size),
        subjects=subject_ids,
    )
