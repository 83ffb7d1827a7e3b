"""Validation of search terms: an unknown name is an error, since an empty result would mean "it never happened"."""

from collections.abc import Collection
from difflib import get_close_matches

from audit.log_search import Search, search
from domain.errors import Invalid, NotFound
from domain.event_registry import EVENTS, STREAM_TYPES
from eventstore.store import EventFilter, Store

ACTOR_KINDS = frozenset({"account", "guest", "device", "process", "provider", "operator"})
ACTOR_STREAMS = ("account", "device")


async def require_known(store: Store, filter_: EventFilter) -> None:
    """Check the terms of a filter.

    Raises:
        Invalid: an unknown event name, or a prefix that no stream has.
        NotFound: the stream, performance or organizer does not exist.
    """
    require_names(filter_.names or ())
    if filter_.prefix is not None:
        require_prefix(filter_.prefix)
    streams = {f"{subject}-{key}": f"{subject} {key}" for subject, key in filter_.subjects.items()}
    if filter_.stream is not None:
        streams[filter_.stream] = f"stream {filter_.stream}"
    for stream, what in streams.items():
        if not await store.read_stream(stream, limit=1):
            raise NotFound(f"There is no {what}.")


async def require_actor(store: Store, actor: str) -> None:
    """Check that an actor exists; searches the log, so call it only after a search without results.

    Raises:
        NotFound: the actor has no stream, and no event names it.
    """
    if actor in ACTOR_KINDS:
        return
    for kind in ACTOR_STREAMS:
        if await store.read_stream(f"{kind}-{actor}", limit=1):
            return
    found = await search(store, Search(wanted=EventFilter(actor=actor), limit=1, newest_first=True))
    if not found.events and found.next_position is None:
        kinds = ", ".join(sorted(ACTOR_KINDS))
        raise NotFound(f"No event has the actor {actor}: give an id, or one of the kinds {kinds}.")


def require_names(names: Collection[str]) -> None:
    """Check that all names are names of events.

    Raises:
        Invalid: a name is unknown; the message suggests similar ones.
    """
    for name in names:
        if name not in EVENTS:
            similar = get_close_matches(name, EVENTS, n=3)
            hint = f" Did you mean {' or '.join(similar)}?" if similar else ""
            raise Invalid(f"No event is called {name}.{hint}")


def require_prefix(prefix: str) -> None:
    """Check that a stream's name can begin with the prefix.

    Raises:
        Invalid: no type of stream has this prefix.
    """
    if not any(prefix.startswith(f"{kind}-") or f"{kind}-".startswith(prefix) for kind in STREAM_TYPES):
        raise Invalid(f"No stream's name begins with {prefix}; the kinds are {', '.join(sorted(STREAM_TYPES))}.")
