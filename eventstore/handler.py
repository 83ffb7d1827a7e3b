"""The one way a command becomes events: load, decide, append, and on a conflict again.

It knows no business word. The decision is a plain function over the books; whatever it read is guarded, whatever it
asked the clock becomes the append's window, a stream it writes without having read must not exist yet. A refusal, and
any other exception of the decision, is confirmed by a guard-only append, so that none is caused by outdated states;
that append also finds out that the command had been done before.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

import orjson

from eventstore.cache import StateCache
from eventstore.codec import Codec
from eventstore.command import Attempt, Changes, Context, Decide, GuardMoved, Outcome
from eventstore.errors import CommandReused, RefusedMeanwhile, StoreUnavailable, VersionConflict
from eventstore.loaded import LoadedBooks, Unread
from eventstore.store import (
    RANGE_EVENTS_MAX,
    Append,
    Appended,
    Conflict,
    Late,
    Receipt,
    Recorded,
    Refused,
    Replayed,
    Store,
    Verdict,
    Write,
)

TRIES_MAX = 64
LOADS_MAX = 64

Seen = TypeVar("Seen")


class Kind(Protocol):
    """How a kind of stream folds."""

    @property
    def initial(self) -> Any: ...

    @property
    def evolve(self) -> Callable[[Any, Any], Any]: ...


class Clock(Protocol):
    """The server's time as far as it is known here."""

    def now(self) -> datetime: ...

    def at(self, moment: float) -> datetime: ...

    def correct(self, server_now: datetime) -> None: ...


class Judge(Protocol):
    """Takes one append and returns its verdict: the batcher, or a store in a test."""

    async def submit(self, append: Append) -> Verdict: ...


class Handler:
    """Carries commands out, one after the other for the caller, many at a time for the process.

    Args:
        store: the log, for reading.
        judge: takes appends (the batcher).
        codec: writes and reads events.
        kinds: how a stream's name begins → how it folds.
        refusal: the class of exceptions that mean "the business said no".
        subjects: says whose business a command's changes are, for its metadata.
    """

    def __init__(
        self,
        *,
        store: Store,
        judge: Judge,
        codec: Codec,
        kinds: Mapping[str, Kind],
        refusal: type[Exception],
        clock: Clock,
        cache: StateCache,
        subjects: Callable[[Changes], Mapping[str, str]],
    ) -> None:
        self._store = store
        self._judge = judge
        self._codec = codec
        self._kinds = kinds
        self._refusal = refusal
        self._clock = clock
        self._cache = cache
        self._subjects = subjects

    async def handle(self, decide: Decide, context: Context, *, presumed: frozenset[str] = frozenset()) -> Outcome:
        """Carry one command out.

        Args:
            decide: the decision; called again, with newer states, as often as it takes.
            presumed: prefixes of streams to take for new where nothing is known of them.

        Raises:
            Whatever the decision raises, once it is confirmed that the states it was made on still hold.
            CommandReused: the command id was used for another body.
            RefusedMeanwhile: another attempt of the same command came to nothing after this one was asked for.
            GuardMoved: the sender's rights changed.
            VersionConflict: too many rivals; nothing was written.
            EventStoreError: see the store.
        """
        loaded: dict[str, tuple[int, Any]] = {}
        for _ in range(TRIES_MAX):
            attempt = await self.prepare(decide, context, loaded, presumed)
            if attempt.error is not None and not attempt.append.guards:
                raise attempt.error
            outcome = await self.conclude(attempt, await self._judge.submit(attempt.append), context)
            if outcome is not None:
                return outcome
        raise VersionConflict(f"{TRIES_MAX} tries met newer versions.")

    async def prepare(
        self,
        decide: Decide,
        context: Context,
        loaded: dict[str, tuple[int, Any]],
        presumed: frozenset[str] = frozenset(),
    ) -> Attempt:
        """Load and decide, up to the append that would carry it out; `loaded` keeps what had to be loaded."""
        for _ in range(LOADS_MAX):
            books = LoadedBooks(loaded, self._cache, self._clock.now(), presumed)
            changes: Changes = {}
            error: Exception | None = None
            try:
                changes = {stream: events for stream, events in decide(books).items() if events}
            except Unread as unread:
                await self._load(unread.streams, loaded)
                continue
            except Exception as raised:  # noqa: BLE001 - believed, and raised, once its states are confirmed
                error = raised
            differing = [stream for stream in unlike_rights(books, context) if stream not in loaded]
            if differing:
                await self._load_anew(differing, loaded)
                continue
            append = self._append(books, changes, context)
            return Attempt(loaded=loaded, books=books, changes=changes, error=error, append=append)
        raise VersionConflict(f"{LOADS_MAX} loads were not enough for one decision.")

    async def conclude(self, attempt: Attempt, verdict: Verdict, context: Context) -> Outcome | None:
        """Return what the verdict makes of an attempt; None: prepare and append again.

        Raises:
            The attempt's error, now confirmed; CommandReused; RefusedMeanwhile; GuardMoved.
        """
        match verdict:
            case Appended():
                self._clock.correct(verdict.recorded_at)
                if attempt.error is not None:
                    raise attempt.error
                return self._done(attempt, verdict)
            case Replayed():
                return await self._replay(verdict, context.receipt)
            case Late():
                self._clock.correct(verdict.now)
                if context.asked is not None and self._clock.at(context.asked.until) <= self._clock.now():
                    raise StoreUnavailable("The time in which the command could take effect is over.")
            case Refused():
                self._clock.correct(verdict.now)
                if context.asked is None or self._clock.at(context.asked.at) <= verdict.refused_at:
                    raise RefusedMeanwhile("The same command came to nothing elsewhere; nothing was changed.")
            case Conflict():
                if verdict.stream in context.guards:
                    raise GuardMoved(verdict.stream)
                await self._load_anew(self._doubtful(attempt, verdict.stream), attempt.loaded)
        return None

    async def look(self, view: Callable[[LoadedBooks], Seen]) -> Seen:
        """Return what a plain function reads from the books, from one snapshot of the store; nothing is guarded."""
        loaded: dict[str, tuple[int, Any]] = {}
        nothing = StateCache(0)
        for _ in range(LOADS_MAX):
            try:
                return view(LoadedBooks(loaded, nothing, self._clock.now()))
            except Unread as unread:
                await self._load([*loaded, *unread.streams], loaded)
        raise VersionConflict(f"{LOADS_MAX} loads were not enough.")

    def _doubtful(self, attempt: Attempt, moved: str) -> list[str]:
        """Return what to load after a conflict, in one go: the stream that moved, and what may have moved with it.

        That is every state that was not loaded for this command, if it was presumed, belongs to the same kind of
        stream, or led to an error that is no refusal. A stream written without having been read must be new: if it is
        not, the decision was made on outdated states, whichever they are.
        """
        if moved not in attempt.books.seen:
            return [moved, *attempt.books.seen]
        kind = kind_of(moved)
        everything = attempt.error is not None and not isinstance(attempt.error, self._refusal)
        doubtful = [
            stream
            for stream, (version, _) in attempt.books.seen.items()
            if stream not in attempt.loaded
            and stream != moved
            and (everything or not version or kind_of(stream) == kind)
        ]
        return [moved, *doubtful]

    async def _load_anew(self, streams: list[str], loaded: dict[str, tuple[int, Any]]) -> None:
        """Load streams of which the cache may know too little, or, after a restore of the log, too much."""
        for stream in streams:
            self._cache.forget(stream)
        await self._load(streams, loaded)

    async def _load(self, streams: list[str], loaded: dict[str, tuple[int, Any]]) -> None:
        for stream, recorded in (await self._store.read_streams(streams)).items():
            state = self._fold(self._kinds[kind_of(stream)], recorded)
            loaded[stream] = (len(recorded), state)
            self._cache.put(stream, len(recorded), state)

    def _fold(self, kind: Kind, recorded: Sequence[Recorded]) -> Any:
        state = kind.initial
        for event in recorded:
            state = kind.evolve(state, self._codec.decode(event.name, event.schema_version, event.data))
        return state

    def _append(self, books: LoadedBooks, changes: Changes, context: Context) -> Append:
        asked_at, not_after, abandoned = None, books.not_after, None
        if context.asked is not None:
            abandoned = context.asked.gone
            ends_at = self._clock.at(context.asked.until)
            not_after = ends_at if not_after is None else min(not_after, ends_at)
            asked_at = self._clock.at(context.asked.at) if context.asked.again else None
        encode = self._codec.encode
        seen = books.seen
        writes = tuple(
            Write(stream, seen[stream][0] if stream in seen else 0, tuple(map(encode, events)))
            for stream, events in changes.items()
        )
        for stream in unlike_rights(books, context):
            raise GuardMoved(stream)
        guards = {stream: version for stream, (version, _) in seen.items() if stream not in changes}
        guards |= {stream: version for stream, version in context.guards.items() if stream not in changes}
        return Append(
            command_id=context.command_id,
            writes=writes,
            guards=guards,
            metadata=self._metadata(changes, context),
            not_before=books.not_before,
            not_after=not_after,
            asked_at=asked_at,
            abandoned=abandoned,
            receipt=context.receipt,
        )

    def _metadata(self, changes: Changes, context: Context) -> str:
        if not changes:
            return "{}"
        known = {
            "actor": context.actor,
            "channel": context.channel,
            "causation": context.causation,
            "correlation": context.correlation,
            **self._subjects(changes),
        }
        return orjson.dumps(known).decode()

    def _done(self, attempt: Attempt, verdict: Appended) -> Outcome:
        for stream, events in attempt.changes.items():
            kind = self._kinds[kind_of(stream)]
            version, state = attempt.books.seen.get(stream) or (0, kind.initial)
            for event in events:
                state = kind.evolve(state, event)
            self._cache.put(stream, version + len(events), state)
        return Outcome(
            events=[(stream, event) for stream, events in attempt.changes.items() for event in events],
            first=verdict.first,
            last=verdict.last,
            recorded_at=verdict.recorded_at,
        )

    async def _replay(self, verdict: Replayed, receipt: Receipt) -> Outcome:
        if verdict.receipt.body_sha256 != receipt.body_sha256:
            raise CommandReused("This idempotency key was used for another request.")
        recorded: list[Recorded] = []
        after = verdict.first - 1
        while after < verdict.last:
            part = await self._store.read_range(after=after, limit=min(verdict.last - after, RANGE_EVENTS_MAX))
            recorded += part
            after = part[-1].position
        decode = self._codec.decode
        return Outcome(
            events=[(event.stream, decode(event.name, event.schema_version, event.data)) for event in recorded],
            first=verdict.first,
            last=verdict.last,
            recorded_at=verdict.recorded_at,
            replayed=True,
        )


def kind_of(stream: str) -> str:
    """Return the prefix of a stream's name."""
    return stream.split("-", 1)[0]


def unlike_rights(books: LoadedBooks, context: Context) -> list[str]:
    """Return the streams that the decision saw at another version than the sender's rights were read at."""
    seen = books.seen
    return [stream for stream, version in context.guards.items() if stream in seen and seen[stream][0] != version]
