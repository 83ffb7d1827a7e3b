"""Whether what somebody looks for can be there at all: a misspelt word must not read as "it never happened"."""

from collections.abc import Collection
from difflib import get_close_matches

from audit.log_search import Search, search
from domain.errors import Invalid, NotFound
from domain.event_registry import EVENTS, STREAM_TYPES
from eventstore.store import EventFilter, Store

ACTOR_KINDS = frozenset({"account", "guest", "device", "process", "provider", "operator"})
ACTOR_STREAMS = ("account", "device")


async def require_known(store: Store, wanted: EventFilter) -> None:
    """Refuse names that no event has, and streams that nothing was ever written to.

    Raises:
        Invalid: a name or a prefix that is none.
        NotFound: there is no such stream, performance or organizer.
    """
    require_names(wanted.names or ())
    if wanted.prefix is not None:
        require_prefix(wanted.prefix)
    streams = {f"{subject}-{key}": f"{subject} {key}" for subject, key in wanted.subjects.items()}
    if wanted.stream is not None:
        streams[wanted.stream] = f"stream {wanted.stream}"
    for stream, what in streams.items():
        if not await store.read_stream(stream, limit=1):
            raise NotFound(f"There is no {what}.")


async def require_actor(store: Store, actor: str) -> None:
    """Refuse an actor who has never acted and of whom nothing is known; asked only where nothing was found.

    Raises:
        NotFound: nobody is known by this id or kind.
    """
    if actor in ACTOR_KINDS:
        return
    for kind in ACTOR_STREAMS:
        if await store.read_stream(f"{kind}-{actor}", limit=1):
            return
    found = await search(store, Search(wanted=EventFilter(actor=actor), limit=1, newest_first=True))
    if not found.events and found.next_position is None:
        kinds = ", ".join(sorted(ACTOR_KINDS))
        raise NotFound(f"Nobody has ever acted as {actor}: give an id, or one of the kinds {kinds}.")


def require_names(names: Collection[str]) -> None:
    """Refuse names that no event has, and name those that are meant perhaps.

    Raises:
        Invalid: there is one.
    """
    for name in names:
        if name not in EVENTS:
            alike = get_close_matches(name, EVENTS, n=3)
            hint = f" Did you mean {' or '.join(alike)}?" if alike else ""
            raise Invalid(f"No event is called {name}.{hint}")


def require_prefix(prefix: str) -> None:
    """Refuse what no stream's name can begin with.

    Raises:
        Invalid: it begins like no kind of stream.
    """
    if not any(prefix.startswith(f"{kind}-") or f"{kind}-".startswith(prefix) for kind in STREAM_TYPES):
        raise Invalid(f"No stream's name begins with {prefix}; the kinds are {', '.join(sorted(STREAM_TYPES))}.")
