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
from eventstore.command import Changes, CommandContext, Decide, DecidedCommand, GuardConflict, Outcome
from eventstore.decision_context import LoadedStreams, StreamsNotLoaded
from eventstore.errors import CommandReused, RefusedMeanwhile, StoreUnavailable, VersionConflict
from eventstore.store import (
    RANGE_EVENTS_MAX,
    Append,
    Appended,
    Conflict,
    OutsideTimeWindow,
    RecordedEvent,
    Refused,
    Replayed,
    RequestFingerprint,
    Store,
    Verdict,
    Write,
)

TRIES_MAX = 64
LOADS_MAX = 64

Result = TypeVar("Result")


class FoldableStream(Protocol):
    """How a kind of stream folds."""

    @property
    def initial(self) -> Any: ...

    @property
    def evolve(self) -> Callable[[Any, Any], Any]: ...


class Clock(Protocol):
    """The server's time as far as it is known here."""

    def now(self) -> datetime: ...

    def at(self, moment: float) -> datetime: ...

    def synchronize(self, server_now: datetime) -> None: ...


class Appender(Protocol):
    """Takes one append and returns its verdict: the batcher, or a store in a test."""

    async def submit(self, append: Append) -> Verdict: ...


class CommandHandler:
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
        appender: Appender,
        codec: Codec,
        stream_types: Mapping[str, FoldableStream],
        refusal: type[Exception],
        clock: Clock,
        cache: StateCache,
        subjects: Callable[[Changes], Mapping[str, str]],
    ) -> None:
        self._store = store
        self._appender = appender
        self._codec = codec
        self._stream_types = stream_types
        self._refusal = refusal
        self._clock = clock
        self._cache = cache
        self._subjects = subjects

    async def handle(
        self, decide: Decide, context: CommandContext, *, assume_new: frozenset[str] = frozenset()
    ) -> Outcome:
        """Carry one command out.

        Args:
            decide: the decision; called again, with newer states, as often as it takes.
            presumed: prefixes of streams to take for new where nothing is known of them.

        Raises:
            Whatever the decision raises, once it is confirmed that the states it was made on still hold.
            CommandReused: the command id was used for another body.
            RefusedMeanwhile: another attempt of the same command came to nothing after this one was asked for.
            GuardConflict: the sender's rights changed.
            VersionConflict: too many rivals; nothing was written.
            EventStoreError: see the store.
        """
        loaded: dict[str, tuple[int, Any]] = {}
        for _ in range(TRIES_MAX):
            decided = await self.prepare(decide, context, loaded, assume_new)
            if decided.error is not None and not decided.append.guards:
                raise decided.error
            outcome = await self.resolve(decided, await self._appender.submit(decided.append), context)
            if outcome is not None:
                return outcome
        raise VersionConflict(f"{TRIES_MAX} tries met newer versions.")

    async def prepare(
        self,
        decide: Decide,
        context: CommandContext,
        loaded: dict[str, tuple[int, Any]],
        assume_new: frozenset[str] = frozenset(),
    ) -> DecidedCommand:
        """Load and decide, up to the append that would carry it out; `loaded` keeps what had to be loaded."""
        for _ in range(LOADS_MAX):
            streams = LoadedStreams(loaded, self._cache, self._clock.now(), assume_new)
            changes: Changes = {}
            error: Exception | None = None
            try:
                changes = {stream: events for stream, events in decide(streams).items() if events}
            except StreamsNotLoaded as unread:
                await self._load(unread.streams, loaded)
                continue
            except Exception as raised:  # noqa: BLE001 - believed, and raised, once its states are confirmed
                error = raised
            differing = [stream for stream in find_moved_rights(streams, context) if stream not in loaded]
            if differing:
                await self._reload(differing, loaded)
                continue
            append = self._append(streams, changes, context)
            return DecidedCommand(loaded=loaded, books=streams, changes=changes, error=error, append=append)
        raise VersionConflict(f"{LOADS_MAX} loads were not enough for one decision.")

    async def resolve(self, decided: DecidedCommand, verdict: Verdict, context: CommandContext) -> Outcome | None:
        """Return what the verdict makes of an attempt; None: prepare and append again.

        Raises:
            The attempt's error, now confirmed; CommandReused; RefusedMeanwhile; GuardConflict.
        """
        match verdict:
            case Appended():
                self._clock.synchronize(verdict.recorded_at)
                if decided.error is not None:
                    raise decided.error
                return self._to_outcome(decided, verdict)
            case Replayed():
                return await self._replay(verdict, context.fingerprint)
            case OutsideTimeWindow():
                self._clock.synchronize(verdict.now)
                if context.deadline is not None and self._clock.at(context.deadline.until) <= self._clock.now():
                    raise StoreUnavailable("The time in which the command could take effect is over.")
            case Refused():
                self._clock.synchronize(verdict.now)
                if context.deadline is None or self._clock.at(context.deadline.at) <= verdict.refused_at:
                    raise RefusedMeanwhile("The same command came to nothing elsewhere; nothing was changed.")
            case Conflict():
                if verdict.stream in context.guards:
                    raise GuardConflict(verdict.stream)
                await self._reload(self._possibly_stale(decided, verdict.stream), decided.loaded)
        return None

    async def query(self, view: Callable[[LoadedStreams], Result]) -> Result:
        """Return what a plain function reads from the books, from one snapshot of the store; nothing is guarded."""
        loaded: dict[str, tuple[int, Any]] = {}
        nothing = StateCache(0)
        for _ in range(LOADS_MAX):
            try:
                return view(LoadedStreams(loaded, nothing, self._clock.now()))
            except StreamsNotLoaded as unread:
                await self._load([*loaded, *unread.streams], loaded)
        raise VersionConflict(f"{LOADS_MAX} loads were not enough.")

    def _possibly_stale(self, decided: DecidedCommand, moved: str) -> list[str]:
        """Return what to load after a conflict, in one go: the stream that moved, and what may have moved with it.

        That is every state that was not loaded for this command, if it was presumed, belongs to the same kind of
        stream, or led to an error that is no refusal. A stream written without having been read must be new: if it is
        not, the decision was made on outdated states, whichever they are.
        """
        if moved not in decided.books.reads:
            return [moved, *decided.books.reads]
        kind = kind_of(moved)
        everything = decided.error is not None and not isinstance(decided.error, self._refusal)
        doubtful = [
            stream
            for stream, (version, _) in decided.books.reads.items()
            if stream not in decided.loaded
            and stream != moved
            and (everything or not version or kind_of(stream) == kind)
        ]
        return [moved, *doubtful]

    async def _reload(self, streams: list[str], loaded: dict[str, tuple[int, Any]]) -> None:
        """Load streams of which the cache may know too little, or, after a restore of the log, too much."""
        for stream in streams:
            self._cache.forget(stream)
        await self._load(streams, loaded)

    async def _load(self, streams: list[str], loaded: dict[str, tuple[int, Any]]) -> None:
        for stream, recorded in (await self._store.read_streams(streams)).items():
            state = self._fold(self._stream_types[kind_of(stream)], recorded)
            loaded[stream] = (len(recorded), state)
            self._cache.put(stream, len(recorded), state)

    def _fold(self, kind: FoldableStream, recorded: Sequence[RecordedEvent]) -> Any:
        state = kind.initial
        for event in recorded:
            state = kind.evolve(state, self._codec.decode(event.name, event.schema_version, event.data))
        return state

    def _append(self, streams: LoadedStreams, changes: Changes, context: CommandContext) -> Append:
        asked_at, not_after, abandoned = None, streams.not_after, None
        if context.deadline is not None:
            abandoned = context.deadline.is_abandoned
            ends_at = self._clock.at(context.deadline.until)
            not_after = ends_at if not_after is None else min(not_after, ends_at)
            asked_at = self._clock.at(context.deadline.at) if context.deadline.again else None
        encode = self._codec.encode
        reads = streams.reads
        writes = tuple(
            Write(stream, reads[stream][0] if stream in reads else 0, tuple(map(encode, events)))
            for stream, events in changes.items()
        )
        for stream in find_moved_rights(streams, context):
            raise GuardConflict(stream)
        guards = {stream: version for stream, (version, _) in reads.items() if stream not in changes}
        guards |= {stream: version for stream, version in context.guards.items() if stream not in changes}
        return Append(
            command_id=context.command_id,
            writes=writes,
            guards=guards,
            metadata=self._metadata(changes, context),
            not_before=streams.not_before,
            not_after=not_after,
            asked_at=asked_at,
            abandoned=abandoned,
            fingerprint=context.fingerprint,
        )

    def _metadata(self, changes: Changes, context: CommandContext) -> str:
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

    def _to_outcome(self, decided: DecidedCommand, verdict: Appended) -> Outcome:
        for stream, events in decided.changes.items():
            kind = self._stream_types[kind_of(stream)]
            version, state = decided.books.reads.get(stream) or (0, kind.initial)
            for event in events:
                state = kind.evolve(state, event)
            self._cache.put(stream, version + len(events), state)
        return Outcome(
            events=[(stream, event) for stream, events in decided.changes.items() for event in events],
            first=verdict.first,
            last=verdict.last,
            recorded_at=verdict.recorded_at,
        )

    async def _replay(self, verdict: Replayed, fingerprint: RequestFingerprint) -> Outcome:
        if verdict.fingerprint.body_sha256 != fingerprint.body_sha256:
            raise CommandReused("This idempotency key was used for another request.")
        recorded: list[RecordedEvent] = []
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


def find_moved_rights(streams: LoadedStreams, context: CommandContext) -> list[str]:
    """Return the streams that the decision saw at another version than the sender's rights were read at."""
    seen = streams.reads
    return [stream for stream, version in context.guards.items() if stream in seen and seen[stream][0] != version]
