"""What every process reads and decides with, whatever it is for: the codec of the business's events, and a handler."""

from collections.abc import Mapping
from functools import cache

from domain.errors import Rejected
from domain.history import EVENTS, KINDS, UPCASTERS, VERSIONS, subjects
from eventstore.cache import CACHED_STREAMS_MAX, StateCache
from eventstore.codec import Codec
from eventstore.handler import Clock, Handler, Judge
from eventstore.store import Store

OPERATOR: Mapping[str, str | None] = {"kind": "process", "id": "operator", "role": None}
"""The actor of what is done by whoever runs the machine."""


@cache
def build_codec() -> Codec:
    """Return the reader and writer of every stored event; it holds no state and takes a while to build."""
    return Codec(EVENTS, VERSIONS, UPCASTERS)


def build_handler(*, store: Store, judge: Judge, clock: Clock, cache_size: int = CACHED_STREAMS_MAX) -> Handler:
    """Return a handler that knows the business's streams."""
    return Handler(
        store=store,
        judge=judge,
        codec=build_codec(),
        kinds=KINDS,
        refusal=Rejected,
        clock=clock,
        cache=StateCache(cache_size),
        subjects=subjects,
    )
