"""One seat as of a moment: its state, and its history across holds and orders."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from audit.as_of import AsOf
from audit.streams import HistoricalStreams
from domain.hold import HOLD, HoldOrdered, HoldPlaced
from domain.performance import PERFORMANCE
from domain.seat import SEAT, Blocked, Free, Held, Seat, SeatHeld, SeatSold
from eventstore.store import RecordedEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatHistoryEntry:
    """One event of a seat, with the account and the order of its claim as of the moment."""

    event: RecordedEvent
    holder: str | None
    order: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatAsOf:
    """A seat as of a moment; `free`: without a claim or block whose deadline had not passed. `more`: a page follows."""

    state: Seat
    free: bool
    version: int
    steps: Sequence[SeatHistoryEntry]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatClaim:
    """The claim on a seat after an event: hold, account and order."""

    hold: str | None = None
    holder: str | None = None
    order: str | None = None


NO_CLAIM = SeatClaim()
ENDS = frozenset({"SeatReleased", "SeatReturned", "SeatBlocked", "SeatUnblocked"})


async def seat_as_of(
    streams: HistoricalStreams, then: AsOf, *, performance: str, seat: str, after: int, limit: int
) -> SeatAsOf:
    """Return a seat as of a moment, with at most `limit` of its events with version > `after`.

    A seat is not free before its performance was scheduled.
    """
    scheduled, found = await streams.read([PERFORMANCE.stream(performance), SEAT.stream(performance, seat)], then)
    claimed = [(event, claim) for event, claim in claims(streams, found.events) if event.version > after]
    shown = claimed[:limit]
    orders = await orders_of(streams, then, {claim.hold for _, claim in shown if claim.hold is not None})
    return SeatAsOf(
        state=found.state,
        free=scheduled.version > 0 and free_at(found.state, then),
        version=found.version,
        steps=[
            SeatHistoryEntry(event=event, holder=claim.holder, order=claim.order or orders.get(claim.hold or ""))
            for event, claim in shown
        ],
        more=len(claimed) > limit,
    )


def claims(streams: HistoricalStreams, events: Sequence[RecordedEvent]) -> Iterator[tuple[RecordedEvent, SeatClaim]]:
    """Yield each event with the claim that it starts, changes or ends."""
    claim = NO_CLAIM
    for event in events:
        match streams.decode(event):
            case SeatHeld(hold=hold, holder=holder):
                claim = SeatClaim(hold=hold, holder=holder)
            case SeatSold(order=order):
                claim = SeatClaim(hold=claim.hold, holder=claim.holder, order=order)
        yield event, claim
        if event.name in ENDS:
            claim = NO_CLAIM


def free_at(seat: Seat, then: AsOf) -> bool:
    """Return whether a seat was free at the moment."""
    match seat:
        case Free():
            return True
        case Held(expires_at=deadline) | Blocked(release_at=deadline) if deadline is not None:
            return deadline <= then.moment
        case _:
            return False


async def orders_of(streams: HistoricalStreams, then: AsOf, holds: set[str]) -> Mapping[str, str]:
    """Return hold → order, for the holds that had been ordered."""
    found: dict[str, str] = {}
    for stream in await streams.read([HOLD.stream(hold) for hold in sorted(holds)], then):
        for event in map(streams.decode, stream.events):
            if isinstance(event, HoldPlaced | HoldOrdered) and event.order is not None:
                found[stream.stream.partition("-")[2]] = event.order
    return found
