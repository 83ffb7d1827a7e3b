"""Command handling: load the streams, decide, append, and on a conflict start again.

A decision is a plain function over loaded streams. Every stream it reads becomes a guard, every question it asks the
clock narrows the append's window, and a stream it writes without having read must not exist yet. A refusal, like any
other exception of the decision, is confirmed by a guard-only append, so that none results from outdated states; that
append also detects that the command was appended earlier.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

import orjson

from eventstore.cache import StateCache
from eventstore.command import Changes, CommandContext, Decide, DecidedCommand, GuardConflict, Outcome
from eventstore.decision_context import LoadedStreams, StreamsNotLoaded
from eventstore.errors import CommandIdReused, RefusedMeanwhile, StoreUnavailable, VersionConflict
from eventstore.schema.codec import Codec
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
from eventstore.stream_loader import FoldableStream, StreamLoader, prefix_of

TRIES_MAX = 64
LOADS_MAX = 64

Result = TypeVar("Result")


class Clock(Protocol):
    """The estimated time of the server."""

    def now(self) -> datetime: ...

    def at(self, moment: float) -> datetime: ...

    def synchronize(self, server_now: datetime) -> None: ...


class Appender(Protocol):
    """Accepts one append and returns its verdict: the batcher, or a store in a test."""

    async def submit(self, append: Append) -> Verdict: ...


class CommandHandler:
    """Executes commands.

    Args:
        store: the log, for reading.
        appender: the batcher.
        codec: encodes and decodes events.
        stream_types: prefix of a stream's name → how it folds.
        refusal: base class of the exceptions with which the domain refuses a command.
        subjects: returns the ids that a command's events are about, for its metadata.
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
        self._loader = StreamLoader(store, codec, stream_types, cache)
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
        """Execute one command.

        Args:
            decide: the decision; called again with newer states after a conflict.
            assume_new: prefixes of streams that are taken to be empty unless they are loaded or cached.

        Raises:
            Exception: whatever the decision raises, once its states are confirmed to be current.
            CommandIdReused: the command id was used for another body.
            RefusedMeanwhile: another attempt of the same command was refused after this one was requested.
            GuardConflict: the sender's rights changed.
            VersionConflict: too many conflicts; nothing was written.
            EventStoreError: see `Batcher.submit` and `Store`.
        """
        loaded: dict[str, tuple[int, Any]] = {}
        for _ in range(TRIES_MAX):
            decided = await self.prepare(decide, context, loaded, assume_new)
            if decided.error is not None and not decided.append.guards:
                raise decided.error
            outcome = await self.resolve(decided, await self._appender.submit(decided.append), context)
            if outcome is not None:
                return outcome
        raise VersionConflict(f"The command met newer versions on each of its {TRIES_MAX} tries.")

    async def prepare(
        self,
        decide: Decide,
        context: CommandContext,
        loaded: dict[str, tuple[int, Any]],
        assume_new: frozenset[str] = frozenset(),
    ) -> DecidedCommand:
        """Load and decide, and build the append; loaded states are added to `loaded`."""
        for _ in range(LOADS_MAX):
            streams = LoadedStreams(loaded, self._cache, self._clock.now(), assume_new)
            changes: Changes = {}
            error: Exception | None = None
            try:
                changes = {stream: events for stream, events in decide(streams).items() if events}
            except StreamsNotLoaded as unread:
                await self._loader.load(unread.streams, loaded)
                continue
            except Exception as raised:  # noqa: BLE001 - raised again once the states are confirmed
                error = raised
            differing = [stream for stream in streams_with_changed_rights(streams, context) if stream not in loaded]
            if differing:
                await self._loader.reload(differing, loaded)
                continue
            append = self._to_append(streams, changes, context)
            return DecidedCommand(loaded=loaded, streams=streams, changes=changes, error=error, append=append)
        raise VersionConflict(f"The decision asked for further streams after {LOADS_MAX} loads.")

    async def resolve(self, decided: DecidedCommand, verdict: Verdict, context: CommandContext) -> Outcome | None:
        """Return the outcome of an attempt; None: prepare and append again.

        Raises:
            Exception: the error of the decision, now confirmed.
            CommandIdReused, RefusedMeanwhile, GuardConflict: see `handle`.
            StoreUnavailable: the command's deadline is over.
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
                    raise StoreUnavailable("The deadline of the command has passed; nothing was changed.")
            case Refused():
                self._clock.synchronize(verdict.now)
                if context.deadline is None or self._clock.at(context.deadline.requested_at) <= verdict.refused_at:
                    raise RefusedMeanwhile("Another attempt of this command was refused; nothing was changed.")
            case Conflict():
                if verdict.stream in context.guards:
                    raise GuardConflict(verdict.stream)
                await self._loader.reload(self._possibly_stale(decided, verdict.stream), decided.loaded)
        return None

    async def query(self, view: Callable[[LoadedStreams], Result]) -> Result:
        """Return the result of a function over streams of one store snapshot; nothing is guarded.

        Raises:
            VersionConflict: the function asked for further streams after `LOADS_MAX` loads.
            StoreUnavailable.
        """
        loaded: dict[str, tuple[int, Any]] = {}
        no_cache = StateCache(0)
        for _ in range(LOADS_MAX):
            try:
                return view(LoadedStreams(loaded, no_cache, self._clock.now()))
            except StreamsNotLoaded as unread:
                await self._loader.load([*loaded, *unread.streams], loaded)
        raise VersionConflict(f"The query asked for further streams after {LOADS_MAX} loads.")

    def _possibly_stale(self, decided: DecidedCommand, moved: str) -> list[str]:
        """Return the streams to load after a conflict: the stream that moved, and those that may have moved with it.

        These are the streams not loaded for this command that were assumed to be new, have the type of the stream that
        moved, or led to an error other than a refusal. A stream written without having been read must not exist: if it
        does, the decision was made on outdated states, and all of them are loaded.
        """
        if moved not in decided.streams.reads:
            return [moved, *decided.streams.reads]
        prefix = prefix_of(moved)
        includes_all = decided.error is not None and not isinstance(decided.error, self._refusal)
        uncertain = [
            stream
            for stream, (version, _) in decided.streams.reads.items()
            if stream not in decided.loaded
            and stream != moved
            and (includes_all or not version or prefix_of(stream) == prefix)
        ]
        return [moved, *uncertain]

    def _to_append(self, streams: LoadedStreams, changes: Changes, context: CommandContext) -> Append:
        asked_at, not_after, is_abandoned = None, streams.not_after, None
        if context.deadline is not None:
            is_abandoned = context.deadline.is_abandoned
            ends_at = self._clock.at(context.deadline.until)
            not_after = ends_at if not_after is None else min(not_after, ends_at)
            asked_at = self._clock.at(context.deadline.requested_at) if context.deadline.is_repeatable else None
        encode = self._codec.encode
        reads = streams.reads
        writes = tuple(
            Write(stream, reads[stream][0] if stream in reads else 0, tuple(map(encode, events)))
            for stream, events in changes.items()
        )
        for stream in streams_with_changed_rights(streams, context):
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
            is_abandoned=is_abandoned,
            fingerprint=context.fingerprint,
        )

    def _metadata(self, changes: Changes, context: CommandContext) -> str:
        if not changes:
            return "{}"
        metadata = {
            "actor": context.actor,
            "channel": context.channel,
            "causation": context.causation,
            "correlation": context.correlation,
            **self._subjects(changes),
        }
        return orjson.dumps(metadata).decode()

    def _to_outcome(self, decided: DecidedCommand, verdict: Appended) -> Outcome:
        for stream, events in decided.changes.items():
            stream_type = self._stream_types[prefix_of(stream)]
            version, state = decided.streams.reads.get(stream) or (0, stream_type.initial)
            for event in events:
                state = stream_type.evolve(state, event)
            self._cache.put(stream, version + len(events), state)
        return Outcome(
            events=[(stream, event) for stream, events in decided.changes.items() for event in events],
            first=verdict.first,
            last=verdict.last,
            recorded_at=verdict.recorded_at,
        )

    async def _replay(self, verdict: Replayed, fingerprint: RequestFingerprint) -> Outcome:
        if verdict.fingerprint.body_sha256 != fingerprint.body_sha256:
            raise CommandIdReused("This idempotency key was used for another request.")
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


def streams_with_changed_rights(streams: LoadedStreams, context: CommandContext) -> list[str]:
    """Return the streams that the decision read at another version than the sender's rights were read at."""
    seen = streams.reads
    return [stream for stream, version in context.guards.items() if stream in seen and seen[stream][0] != version]
