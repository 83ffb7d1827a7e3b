"""Group commit: one batch in flight at a time; commands that arrive meanwhile form the next. One per process."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from eventstore.back_off import BackOff
from eventstore.errors import (
    BatchRefused,
    ClientDisconnected,
    ClockBehind,
    EventStoreError,
    OutcomeUnknown,
    Overloaded,
    StoreUnavailable,
    Unencodable,
)
from eventstore.store import BATCH_BYTES_MAX, COMMANDS_PER_BATCH_MAX, Append, Appended, Conflict, Store, Verdict
from eventstore.tasks import cancel_and_wait
from eventstore.validation import check_append

QUEUE_COMMANDS_MAX = 4_000
RESEND_BACKOFF = BackOff(first=timedelta(milliseconds=20), factor=2.0, maximum=timedelta(seconds=1))
"""After the first resend, which follows at once."""

SIZES_KEPT = 1_000
CLOSE_TIMEOUT_S = 10.0
CLOCK_WARNING_INTERVAL_S = 10.0

_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Counters:
    """Statistics of a batcher; `sizes` are those of the last batches."""

    batches: int = 0
    commands: int = 0
    resent: int = 0
    sent_individually: int = 0
    rejected_stale: int = 0
    clock_behind: int = 0
    sizes: deque[int] = field(default_factory=lambda: deque(maxlen=SIZES_KEPT))


class QueuedAppend:
    """One queued command, and the future of its verdict."""

    __slots__ = ("append", "future", "size", "written")

    def __init__(self, append: Append, future: asyncio.Future[Verdict], size: int) -> None:
        self.append = append
        self.future = future
        self.size = size
        self.written = [write.stream for write in append.writes]

    def is_abandoned(self) -> bool:
        """Tell whether the client has disconnected; if so, fail the future."""
        is_abandoned = self.append.is_abandoned is not None and self.append.is_abandoned()
        if is_abandoned:
            self.fail(ClientDisconnected("The client disconnected before the command was sent; nothing was changed."))
        return is_abandoned

    def settle(self, verdict: Verdict) -> None:
        """Resolve the future with a verdict, unless it is done already."""
        if not self.future.done():
            self.future.set_result(verdict)

    def fail(self, error: BaseException) -> None:
        """Resolve the future with an error, unless it is done already."""
        if not self.future.done():
            self.future.set_exception(error)


class BatchComposition:
    """Admits a command unless its writes overlap the batch's writes or guards, its guards overlap the batch's writes,
    or its id is already in the batch.
    """

    __slots__ = ("_guarded", "_ids", "_written", "bytes", "commands")

    def __init__(self) -> None:
        self._written: set[str] = set()
        self._guarded: set[str] = set()
        self._ids: set[object] = set()
        self.commands = 0
        self.bytes = 0

    def is_full(self, queued: QueuedAppend) -> bool:
        """Tell whether the command exceeds the size of the batch."""
        return self.commands >= COMMANDS_PER_BATCH_MAX or self.bytes + queued.size > BATCH_BYTES_MAX

    def try_add(self, queued: QueuedAppend) -> bool:
        """Add the command and return True, unless its verdict could depend on the rest of the batch."""
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
    """Sends queued commands to the store in batches, and returns to each its verdict.

    Args:
        queue_max: how many commands may be queued before more are refused.
        new_batch: creates an empty batch; a parameter so that a test can break it.
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
        self._new_batch = new_batch
        self._queue: deque[QueuedAppend] = deque()
        self._in_flight: Sequence[QueuedAppend] = ()
        self._worker: asyncio.Task[None] | None = None
        self._closed = False
        self._clock_warned_at: float | None = None

    @property
    def waiting(self) -> int:
        """The number of queued commands, without those in flight."""
        return len(self._queue)

    async def submit(self, append: Append) -> Verdict:
        """Return the command's verdict. Cancelling drops the command, unless it was sent.

        Raises:
            Overloaded: the queue is full; nothing was sent.
            Unencodable: the command can never be stored; nothing was sent.
            BatchRefused: the server refused this command; nothing was written.
            StoreUnavailable, ClockBehind, ClientDisconnected: nothing was written.
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
            self._worker.add_done_callback(self._on_worker_done)
        return await future

    async def close(self, *, within_s: float = CLOSE_TIMEOUT_S) -> None:
        """Refuse new commands and wait for the verdicts of the queued ones.

        Args:
            within_s: after this time the queue is abandoned: commands in flight fail with `OutcomeUnknown`.
        """
        self._closed = True
        if self._worker is not None:
            _, unfinished = await asyncio.wait([self._worker], timeout=within_s)
            await cancel_and_wait(*unfinished)

    async def _work(self) -> None:
        while self._queue:
            self._in_flight = self._take_batch()
            if self._in_flight:
                await self._send(self._in_flight)
        self._worker = None

    def _take_batch(self) -> list[QueuedAppend]:
        """Take the next batch from the queue, oldest first; commands that do not fit stay queued in their order.

        Commands that were cancelled or abandoned are dropped.
        """
        composition = self._new_batch()
        batch: list[QueuedAppend] = []
        postponed: list[QueuedAppend] = []
        while self._queue and not composition.is_full(self._queue[0]):
            queued = self._queue.popleft()
            if queued.future.done() or queued.is_abandoned():
                continue
            (batch if composition.try_add(queued) else postponed).append(queued)
        self._queue.extendleft(reversed(postponed))
        return batch

    async def _send(self, batch: Sequence[QueuedAppend]) -> None:
        self.counters.batches += 1
        self.counters.commands += len(batch)
        self.counters.sizes.append(len(batch))
        try:
            verdicts = await self._verdicts([queued.append for queued in batch])
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
        """Send the commands of a refused batch one by one, so that only the invalid one fails."""
        if len(batch) == 1:
            batch[0].fail(error)
            return
        self.counters.sent_individually += len(batch)
        for queued in batch:
            await self._send([queued])

    async def _verdicts(self, appends: Sequence[Append]) -> list[Verdict]:
        """Send the batch; while its outcome is unknown, send it again unchanged."""
        resent = 0
        while True:
            try:
                return await self._store.append(appends)
            except OutcomeUnknown:
                pass
            except (StoreUnavailable, ClockBehind):
                if not resent:
                    raise
            self.counters.resent += 1
            await asyncio.sleep(RESEND_BACKOFF.after(resent - 1).total_seconds() if resent else 0)
            resent += 1

    def _warn_clock_behind(self, error: ClockBehind) -> None:
        """Count a batch refused because of the clock, and log it, at most once per interval."""
        self.counters.clock_behind += 1
        now = time.monotonic()
        if self._clock_warned_at is None or now - self._clock_warned_at >= CLOCK_WARNING_INTERVAL_S:
            self._clock_warned_at = now
            _log.error("batcher: appends refused", reason=str(error), remedy="seatledger clock")

    def _reject_stale(self, batch: Sequence[QueuedAppend], verdicts: Sequence[Verdict]) -> None:
        """Answer queued commands with a conflict at once if a stream they rely on has moved."""
        moved = _current_versions(batch, verdicts)
        done = {queued.append.command_id for queued in batch}
        remaining: deque[QueuedAppend] = deque()
        for queued in self._queue:
            conflict = None if queued.append.command_id in done else _conflict(queued.append, moved)
            if conflict is None:
                remaining.append(queued)
            else:
                queued.settle(conflict)
                self.counters.rejected_stale += 1
        self._queue = remaining

    def _on_worker_done(self, worker: asyncio.Task[None]) -> None:
        """Fail all commands in flight or queued when the worker crashes or is cancelled."""
        if self._worker is worker:
            self._worker = None
        if not worker.cancelled() and worker.exception() is None:
            return
        crash = None if worker.cancelled() else worker.exception()
        for queued in self._in_flight:
            queued.fail(crash or OutcomeUnknown("the store was closed before a verdict was received"))
        for queued in self._queue:
            queued.fail(crash or StoreUnavailable("the store was closed"))
        self._queue.clear()


def _current_versions(batch: Sequence[QueuedAppend], verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Return the current stream versions that the verdicts reveal."""
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
