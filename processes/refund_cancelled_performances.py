"""When a performance is cancelled, then refund its orders and end its baskets, a few at a time.

The seats tell who has claims: a cancelled performance sells nothing more, so the positions of its claims are an order
that never changes, and the position reached is all that is kept. Every step is a command whose id a second run makes
again, so a run that dies anywhere refunds nobody twice. What is refused (a dispute is open, say) does not stop the
others; it is tried again after a growing pause.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Protocol

import structlog

from domain.decision import Changes, DecisionContext
from domain.decisions.cancelling import due_refunds, end_basket, request_due_refund
from domain.decisions.refunding import approve_refund
from domain.errors import Rejected
from domain.layout.model import CAPACITY_MAX
from domain.performance import PerformanceCancelled
from domain.seat import SEAT, SeatHeld, SeatHoldExtended, SeatSold
from eventstore.codec import Codec
from eventstore.command_handler import CommandHandler
from eventstore.store import RecordedEvent
from processes.rule import NO_CHANGES, Commands, WorkChanges
from processes.work import BackOff, WorkItem

ORDERS_AT_ONCE = 10
REST = timedelta(milliseconds=500)
"""After so many orders it rests: 20 orders a second at most, so that buyers of other performances come first."""

AGAIN = BackOff(first=timedelta(minutes=1), factor=4.0, maximum=timedelta(hours=6))
"""Until orders that were refused are tried once more."""

Claim = SeatSold | SeatHeld | SeatHoldExtended
Claims = Mapping[int, Claim]
"""Position → the claim that was recorded there."""

_log = structlog.get_logger(__name__)


class LatestEvents(Protocol):
    """The last event of each stream whose name begins alike: how every seat of a performance stands."""

    async def read_latest(self, prefix: str, *, limit: int) -> list[RecordedEvent]:
        """Return the last event of each of the first `limit` streams, by name."""
        ...


class RefundCancelledPerformances:
    """Keeps every cancelled performance until nothing of it is left to refund or to end."""

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
        rest: timedelta = REST,
        again: BackOff = AGAIN,
    ) -> None:
        self._commands = Commands(handler, self.name)
        self._seats = seats
        self._codec = codec
        self._rest = rest
        self._again = again
        self._known: dict[str, Claims] = {}

    def initial_work(self) -> Sequence[WorkItem]:
        """Begin with nothing."""
        return ()

    def on_event(self, event: Any, recorded: RecordedEvent) -> WorkChanges:
        """Note a cancellation."""
        match event:
            case PerformanceCancelled():
                work = WorkItem.caused_by(recorded, due_at=recorded.recorded_at)
                return {work.subject: work}
            case _:
                return NO_CHANGES

    async def execute(self, work: WorkItem, now: datetime) -> WorkItem | None:
        """Refund the next orders and end the next baskets of one performance.

        `cursor`: the position of the last claim that was looked at; `tries`: how often the end was reached.
        """
        claims = self._known.get(work.subject)
        if claims is None or not work.cursor:
            claims = self._known[work.subject] = await self._claims(work.subject)
        ahead = [position for position in claims if position > work.cursor][:ORDERS_AT_ONCE]
        for position in ahead:
            await self._end_claim(work, claims[position])
        if ahead:
            return work._replace(cursor=ahead[-1], due_at=now + self._rest)
        del self._known[work.subject]
        left = await self._claims(work.subject)
        return work.retry_at(now + self._again.after(work.tries))._replace(cursor=0) if left else None

    async def _claims(self, performance: str) -> Claims:
        """Return one claim for each order and basket that still has seats, by position."""
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
        """Send a command; what is refused stops no other."""
        try:
            await self._commands.send(work, part, decide)
        except Rejected as refusal:
            _log.warning(
                "refund of a cancelled performance refused", subject=work.subject, part=part, code=refusal.code
            )
