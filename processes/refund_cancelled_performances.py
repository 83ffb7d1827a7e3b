"""When a performance is cancelled, refund its orders and end its holds, a few at a time.

The seats' last events give the claims: a cancelled performance sells nothing more, so the positions of its claims are a
stable order, and only the position reached is stored. Command ids are deterministic, so a repeated run refunds nothing
twice. A refused command (for example, a dispute is open) does not stop the others; it is retried with back-off.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Protocol

import structlog

from domain.decision import Changes, DecisionContext
from domain.decisions.cancelling import due_refunds, end_basket, request_due_refund
from domain.decisions.refunds.refunding import approve_refund
from domain.errors import Rejected
from domain.layout.model import CAPACITY_MAX
from domain.performance import PerformanceCancelled
from domain.seat import SEAT, SeatHeld, SeatHoldExtended, SeatSold
from eventstore.back_off import BackOff
from eventstore.command_handler import CommandHandler
from eventstore.schema.codec import Codec
from eventstore.store import RecordedEvent
from processes.rule import NO_CHANGES, Commands, WorkChanges
from processes.work import WorkItem

ORDERS_PER_BATCH = 10
BATCH_PAUSE = timedelta(milliseconds=500)
"""The pause after each batch: at most 20 orders a second, which leaves capacity to other performances' customers."""

RETRY_BACKOFF = BackOff(first=timedelta(minutes=1), factor=4.0, maximum=timedelta(hours=6))
"""Until refused orders are tried again."""

Claim = SeatSold | SeatHeld | SeatHoldExtended
Claims = Mapping[int, Claim]
"""Position → the claim recorded at it."""

_log = structlog.get_logger(__name__)


class LatestEvents(Protocol):
    """Reads the last event of each stream with a prefix: the current state of every seat of a performance."""

    async def read_latest(self, prefix: str, *, limit: int) -> list[RecordedEvent]:
        """Return the last event of each of the first `limit` streams, by name."""
        ...


class RefundCancelledPerformances:
    """Holds every cancelled performance until no order or hold of it is left."""

    name: ClassVar[str] = "refund_cancelled_performances"
    events: ClassVar[frozenset[str]] = frozenset({"PerformanceCancelled"})
    concurrency: ClassVar[int] = 4
    pause_s: ClassVar[float] = 0.0

    def __init__(
        self,
        handler: CommandHandler,
        seats: LatestEvents,
        codec: Codec,
        *,
        batch_pause: timedelta = BATCH_PAUSE,
        retry_backoff: BackOff = RETRY_BACKOFF,
    ) -> None:
        self._commands = Commands(handler, self.name)
        self._seats = seats
        self._codec = codec
        self._batch_pause = batch_pause
        self._retry_backoff = retry_backoff
        self._known: dict[str, Claims] = {}

    def initial_work(self) -> Sequence[WorkItem]:
        """Return no work: all of it is caused by events."""
        return ()

    def on_event(self, event: Any, recorded: RecordedEvent) -> WorkChanges:
        """Add a cancelled performance."""
        match event:
            case PerformanceCancelled():
                work = WorkItem.from_event(recorded, due_at=recorded.recorded_at)
                return {work.subject: work}
            case _:
                return NO_CHANGES

    async def execute(self, work: WorkItem, now: datetime) -> WorkItem | None:
        """Refund the next orders and end the next holds of one performance.

        `cursor`: the position of the last processed claim; `tries`: how often all claims were processed.
        """
        claims = self._known.get(work.subject)
        if claims is None or not work.cursor:
            claims = self._known[work.subject] = await self._claims(work.subject)
        batch = [position for position in claims if position > work.cursor][:ORDERS_PER_BATCH]
        for position in batch:
            await self._end_claim(work, claims[position])
        if batch:
            return work._replace(cursor=batch[-1], due_at=now + self._batch_pause)
        del self._known[work.subject]
        remaining = await self._claims(work.subject)
        return work.retry_at(now + self._retry_backoff.after(work.tries))._replace(cursor=0) if remaining else None

    async def _claims(self, performance: str) -> Claims:
        """Return one claim for each order and hold that still has seats, by position."""
        claims: dict[str, tuple[int, Claim]] = {}
        for recorded in await self._seats.read_latest(SEAT.stream(performance, ""), limit=CAPACITY_MAX):
            event = self._codec.decode(recorded.name, recorded.schema_version, recorded.data)
            if isinstance(event, Claim):
                claimant = event.order if isinstance(event, SeatSold) else event.hold
                known = claims.setdefault(claimant, (recorded.position, event))
                claims[claimant] = min(known, (recorded.position, event), key=lambda claim: claim[0])
        return dict(sorted(claims.values(), key=lambda claim: claim[0]))

    async def _end_claim(self, work: WorkItem, claim: Claim) -> None:
        if not isinstance(claim, SeatSold):
            await self._send(work, f"end/{claim.hold}", partial(end_basket, hold=claim.hold))
            return
        order = claim.order
        due = await self._commands.query(partial(due_refunds, order=order))
        if due.request is not None:
            await self._send(work, f"request/{due.request.refund}", partial(request_due_refund, order=order))
            due = await self._commands.query(partial(due_refunds, order=order))
        for refund in due.undecided:
            await self._send(work, f"approve/{refund}", partial(approve_refund, refund=refund, by=self.name))

    async def _send(self, work: WorkItem, part: str, decide: Callable[[DecisionContext], Changes]) -> None:
        """Send a command; a refusal is logged and does not stop the others."""
        try:
            await self._commands.send(work, part, decide)
        except Rejected as refusal:
            _log.warning(
                "process: refund of a cancelled performance refused", subject=work.subject, part=part, code=refusal.code
            )
