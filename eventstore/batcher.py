"""Group commit: one batch in flight at a time, made of whatever arrived meanwhile. One batcher per process."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from eventstore.errors import (
    Abandoned,
    BatchRefused,
    ClockBehind,
    EventStoreError,
    OutcomeUnknown,
    Overloaded,
    StoreUnavailable,
    Unencodable,
)
from eventstore.store import BATCH_BYTES_MAX, COMMANDS_PER_BATCH_MAX, Append, Appended, Conflict, Store, Verdict
from eventstore.validation import check_append

QUEUE_COMMANDS_MAX = 4_000
RESEND_PAUSE_FIRST_S = 0.02
RESEND_PAUSE_MAX_S = 1.0
SIZES_KEPT = 1_000
CLOSE_TIMEOUT_S = 10.0
CLOCK_WARNING_INTERVAL_S = 10.0

_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Counters:
    """What a batcher has done so far; `sizes` are those of the last batches."""

    batches: int = 0
    commands: int = 0
    resent: int = 0
    sent_individually: int = 0
    rejected_stale: int = 0
    clock_behind: int = 0
    sizes: deque[int] = field(default_factory=lambda: deque(maxlen=SIZES_KEPT))


class QueuedAppend:
    """One command in the queue, and whoever waits for its verdict."""

    __slots__ = ("append", "future", "size", "written")

    def __init__(self, append: Append, future: asyncio.Future[Verdict], size: int) -> None:
        self.append = append
        self.future = future
        self.size = size
        self.written = [write.stream for write in append.writes]

    def is_abandoned(self) -> bool:
        """Tell whether whoever asked for it has hung up; then nobody is to wait for it any more."""
        abandoned = self.append.abandoned is not None and self.append.abandoned()
        if abandoned:
            self.fail(Abandoned("Whoever asked for the command is gone; nothing was sent."))
        return abandoned

    def settle(self, verdict: Verdict) -> None:
        """Hand over the verdict, unless nobody waits any more."""
        if not self.future.done():
            self.future.set_result(verdict)

    def fail(self, error: BaseException) -> None:
        """Hand over a failure, unless nobody waits any more."""
        if not self.future.done():
            self.future.set_exception(error)


class BatchComposition:
    """Who may stand in one batch: writes meet neither writes nor guards, guards are shared, ids are told apart."""

    __slots__ = ("_guarded", "_ids", "_written", "bytes", "commands")

    def __init__(self) -> None:
        self._written: set[str] = set()
        self._guarded: set[str] = set()
        self._ids: set[object] = set()
        self.commands = 0
        self.bytes = 0

    def is_full(self, queued: QueuedAppend) -> bool:
        """Tell whether the batch has no room for this command."""
        return self.commands >= COMMANDS_PER_BATCH_MAX or self.bytes + queued.size > BATCH_BYTES_MAX

    def try_add(self, queued: QueuedAppend) -> bool:
        """Take the command in, unless it would be judged differently alone."""
        guards = queued.append.guards
        if (
            queued.append.command_id in self._ids
            or not self._written.isdisjoint(queued.written)
            or not self._guarded.isdisjoint(queued.written)
            or not self._written.isdisjoint(guards)
        ):
            return False
        self._written.update(queued.written)
        self._guarded.update(guards)
        self._ids.add(queued.append.command_id)
        self.commands += 1
        self.bytes += queued.size
        return True


class Batcher:
    """Sends commands to the store, many at a time, and hands each its verdict.

    Args:
        queue_max: how many commands may wait before more are refused.
        admission: the rule for who may share a batch; a parameter so that a test can break it.
    """

    def __init__(
        self,
        store: Store,
        *,
        queue_max: int = QUEUE_COMMANDS_MAX,
        new_batch: Callable[[], BatchComposition] = BatchComposition,
    ) -> None:
        self.counters = Counters()
        self._store = store
        self._queue_max = queue_max
        self._admission = new_batch
        self._queue: deque[QueuedAppend] = deque()
        self._in_flight: Sequence[QueuedAppend] = ()
        self._worker: asyncio.Task[None] | None = None
        self._closed = False
        self._alarmed_at: float | None = None

    @property
    def waiting(self) -> int:
        """How many commands are queued, not counting those in flight."""
        return len(self._queue)

    async def submit(self, append: Append) -> Verdict:
        """Return what became of the command. Whoever stops waiting stops it, unless it was sent.

        Raises:
            Overloaded: the queue is full; nothing was sent.
            Unencodable: it can never be stored as it is; nothing was sent.
            BatchRefused: the server refused this very command; nothing was written.
            StoreUnavailable, ClockBehind, Abandoned: nothing was written.
        """
        if self._closed:
            raise StoreUnavailable("the store is being closed")
        if len(self._queue) >= self._queue_max:
            raise Overloaded(f"{len(self._queue)} commands are waiting")
        size = check_append(append)
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._queue.append(QueuedAppend(append, future, size))
        if self._worker is None:
            self._worker = asyncio.create_task(self._work(), name="batcher")
            self._worker.add_done_callback(self._stopped)
        return await future

    async def close(self, *, within_s: float = CLOSE_TIMEOUT_S) -> None:
        """Refuse new commands and wait for the verdicts of those that are here.

        Args:
            within_s: after that the queue is given up: what is in flight ends as `OutcomeUnknown`.
        """
        self._closed = True
        if self._worker is not None:
            _, busy = await asyncio.wait([self._worker], timeout=within_s)
            for worker in busy:
                worker.cancel()
                await asyncio.wait([worker])

    async def _work(self) -> None:
        while self._queue:
            self._in_flight = self._take_batch()
            if self._in_flight:
                await self._send(self._in_flight)
        self._worker = None

    def _take_batch(self) -> list[QueuedAppend]:
        """Take the next batch off the queue: the oldest first, those that must wait keep their order.

        What nobody waits for any more is dropped.
        """
        admission = self._admission()
        batch: list[QueuedAppend] = []
        passed: list[QueuedAppend] = []
        while self._queue and not admission.is_full(self._queue[0]):
            queued = self._queue.popleft()
            if queued.future.done() or queued.is_abandoned():
                continue
            (batch if admission.try_add(queued) else passed).append(queued)
        self._queue.extendleft(reversed(passed))
        return batch

    async def _send(self, batch: Sequence[QueuedAppend]) -> None:
        self.counters.batches += 1
        self.counters.commands += len(batch)
        self.counters.sizes.append(len(batch))
        try:
            verdicts = await self._verdicts([waiting.append for waiting in batch])
        except (BatchRefused, Unencodable) as error:
            await self._send_individually(batch, error)
        except (StoreUnavailable, ClockBehind) as error:
            if isinstance(error, ClockBehind):
                self._warn_clock_behind(error)
            for queued in batch:
                queued.fail(error)
        else:
            for queued, verdict in zip(batch, verdicts, strict=True):
                queued.settle(verdict)
            if self._queue:
                self._reject_stale(batch, verdicts)

    async def _send_individually(self, batch: Sequence[QueuedAppend], error: EventStoreError) -> None:
        """Send the commands of a refused batch one by one, so that only the culprit fails."""
        if len(batch) == 1:
            batch[0].fail(error)
            return
        self.counters.sent_individually += len(batch)
        for queued in batch:
            await self._send([queued])

    async def _verdicts(self, appends: Sequence[Append]) -> list[Verdict]:
        """Send the batch, and send it again unchanged for as long as its outcome is unknown."""
        unknown = False
        pause_s = 0.0
        while True:
            try:
                return await self._store.append(appends)
            except OutcomeUnknown:
                unknown = True
            except (StoreUnavailable, ClockBehind):
                if not unknown:
                    raise
            self.counters.resent += 1
            await asyncio.sleep(pause_s)
            pause_s = min(max(2 * pause_s, RESEND_PAUSE_FIRST_S), RESEND_PAUSE_MAX_S)

    def _warn_clock_behind(self, error: ClockBehind) -> None:
        """Count a batch that the clock had refused, and tell operators, now and then."""
        self.counters.clock_behind += 1
        now = time.monotonic()
        if self._alarmed_at is None or now - self._alarmed_at >= CLOCK_WARNING_INTERVAL_S:
            self._alarmed_at = now
            _log.error("nothing can be recorded", reason=str(error), remedy="seatledger clock")

    def _reject_stale(self, batch: Sequence[QueuedAppend], verdicts: Sequence[Verdict]) -> None:
        """Tell queued commands at once that what they rely on has moved, so that they are decided again."""
        moved = _current_versions(batch, verdicts)
        done = {waiting.append.command_id for waiting in batch}
        still: deque[QueuedAppend] = deque()
        for queued in self._queue:
            conflict = None if queued.append.command_id in done else _conflict(queued.append, moved)
            if conflict is None:
                still.append(queued)
            else:
                queued.settle(conflict)
                self.counters.rejected_stale += 1
        self._queue = still

    def _stopped(self, worker: asyncio.Task[None]) -> None:
        """Leave nobody waiting when the worker ends before its time."""
        if self._worker is worker:
            self._worker = None
        if not worker.cancelled() and worker.exception() is None:
            return
        crash = None if worker.cancelled() else worker.exception()
        for queued in self._in_flight:
            queued.fail(crash or OutcomeUnknown("the store was closed before a verdict came"))
        for queued in self._queue:
            queued.fail(crash or StoreUnavailable("the store was closed"))
        self._queue.clear()


def _current_versions(batch: Sequence[QueuedAppend], verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Return the versions that the verdicts tell."""
    moved: dict[str, int] = {}
    for queued, verdict in zip(batch, verdicts, strict=True):
        if isinstance(verdict, Appended):
            for write in queued.append.writes:
                moved[write.stream] = write.expected + len(write.events)
        elif isinstance(verdict, Conflict):
            moved[verdict.stream] = verdict.version
    return moved


def _conflict(append: Append, moved: dict[str, int]) -> Conflict | None:
    for write in append.writes:
        if moved.get(write.stream, 0) > write.expected:
            return Conflict(stream=write.stream, version=moved[write.stream])
    for stream, version in append.guards.items():
        if moved.get(stream, 0) > version:
            return Conflict(stream=stream, version=moved[stream])
    return None
