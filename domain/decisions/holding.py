"""Holds: claim seats, extend once, release, expire. Every step changes the seats, the hold, its order and quota."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.account import owns
from domain.buyer_quota import (
    BUYER_QUOTA,
    BuyerQuotaExtended,
    BuyerQuotaTaken,
    check_limits,
    quota_of,
    quota_returned_events,
)
from domain.decision import Changes, DecisionContext
from domain.decisions.seat_claims import AreaCandidates, choose_area_places, claim_events
from domain.errors import (
    AlreadyExtended,
    AlreadyPaid,
    HoldAlreadyOrdered,
    HoldEnded,
    HoldLapsed,
    LimitReached,
    NotFound,
    PerformanceStarted,
    TooManySeats,
)
from domain.hold import HOLD, EndedHold, HoldExpired, HoldExtended, HoldPlaced, HoldReleased, NoHold, OpenHold
from domain.order import ORDER, OrderExpired, OrderExtended, OrderStatus, PlacedOrder
from domain.performance import ScheduledPerformance, require_not_cancelled, require_on_sale
from domain.pricing import Choice, Inventory, quote, require_distinct
from domain.seat import (
    SEAT,
    SeatHeld,
    SeatHoldExtended,
    release_events,
)
from domain.values import SEATS_PER_HOLD_MAX, Limits, Line, ReleaseReason, seats_of, total


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldSeats:
    """Hold several places of one performance for `duration`, all or none."""

    hold: str
    holder: str
    performance: str
    choices: tuple[Choice, ...]
    area_candidates: tuple[AreaCandidates, ...] = ()
    duration: timedelta
    origin: str = "web"


def hold_seats(
    context: DecisionContext, command: HoldSeats, inventory: Inventory, *, order: str | None = None
) -> Changes:
    """Claim every requested place at its current price; `order`: the id of the order that the same command places.

    Raises:
        TooManySeats, DuplicateSeats, UnknownSeats, Invalid: the request is invalid.
        NotFound, PerformanceIsCancelled, NotOnSale: the performance cannot be booked now.
        SeatsTaken: names every requested seat that is not free.
        AreaSoldOut: too few of the candidates are free.
        LimitReached: seats per order, seats per buyer, or live holds per buyer.
    """
    check_request(command)
    performance = require_on_sale(context, command.performance)
    choices = [*command.choices, *choose_area_places(context, command.performance, command.area_candidates)]
    check_order_limit(performance.limits, len(choices))
    lines = quote(command.performance, performance, inventory, choices)
    expires_at = context.now + command.duration
    claims = {line.place.seat: seat_held(command, line.gross, expires_at) for line in lines}
    claimed_seats = claim_events(context, command.performance, claims)
    check_limits(
        context.read(BUYER_QUOTA, command.holder, command.performance),
        performance.limits,
        hold=command.hold,
        seats=len(lines),
        context=context,
    )
    return {
        **claimed_seats,
        HOLD.stream(command.hold): [to_hold_placed(command, performance, lines, expires_at, order)],
        BUYER_QUOTA.stream(command.holder, command.performance): [
            BuyerQuotaTaken(hold=command.hold, seats=len(lines), expires_at=expires_at)
        ],
    }


def to_hold_placed(
    command: HoldSeats,
    performance: ScheduledPerformance,
    lines: tuple[Line, ...],
    expires_at: datetime,
    order: str | None,
) -> HoldPlaced:
    """Return the event that places a hold of `lines`."""
    return HoldPlaced(
        performance=command.performance,
        event=performance.event,
        organizer=performance.organizer,
        holder=command.holder,
        lines=lines,
        total=total(lines),
        currency=performance.currency,
        expires_at=expires_at,
        origin=command.origin,
        order=order,
    )


def check_request(command: HoldSeats) -> None:
    """Refuse no seat, too many, an area with a quantity below one, or a duplicate seat."""
    quantities = [request.quantity for request in command.area_candidates]
    requested = len(command.choices) + sum(quantities)
    if not 0 < requested <= SEATS_PER_HOLD_MAX or min(quantities, default=1) < 1:
        raise TooManySeats(f"Choose 1 to {SEATS_PER_HOLD_MAX} seats.", allowed=SEATS_PER_HOLD_MAX)
    require_distinct([choice.seat for choice in command.choices])


def check_order_limit(limits: Limits, seats: int) -> None:
    """Refuse more seats in one basket than the performance allows.

    Raises:
        LimitReached: names the limit and its value.
    """
    if limits.seats_per_order is not None and seats > limits.seats_per_order:
        raise LimitReached(
            f"One order may have at most {limits.seats_per_order} seats.",
            limit="seats_per_order",
            allowed=limits.seats_per_order,
        )


def seat_held(command: HoldSeats, price: int, expires_at: datetime) -> SeatHeld:
    """Return the event that claims one seat."""
    return SeatHeld(hold=command.hold, holder=command.holder, price=price, expires_at=expires_at)


def require_own_hold(context: DecisionContext, hold: str, holder: str) -> OpenHold:
    """Return a hold that belongs to an account and has not ended.

    Raises:
        NotFound: no such hold, or it belongs to another account.
        HoldLapsed: it expired; holds the places to request again.
        HoldEnded: it was released.
    """
    state = context.read(HOLD, hold)
    if isinstance(state, NoHold) or not owns(context, holder, state.holder):
        raise NotFound("There is no such hold.")
    if isinstance(state, EndedHold):
        if state.lapsed is not None:
            raise lapsed_refusal(state.lapsed)
        raise HoldEnded("The hold has ended; choose seats again.")
    return state


def lapsed_refusal(state: OpenHold) -> HoldLapsed:
    """Return the error for a hold whose deadline has passed; it holds the places to request again."""
    areas = Counter(line.place.area for line in state.lines if line.place.area is not None)
    return HoldLapsed(
        "The hold has lapsed; its places may still be free, so request them again.",
        performance=state.performance,
        seats=[line.place.seat for line in state.lines if line.place.area is None],
        areas=[{"area": area, "quantity": quantity} for area, quantity in areas.items()],
    )


def extend_hold(context: DecisionContext, *, hold: str, holder: str, by: timedelta) -> Changes:
    """Move the deadline of a basket, its seats, order and quota, once.

    Raises:
        NotFound, HoldEnded.
        HoldLapsed: the deadline has passed.
        AlreadyExtended: it was moved before.
        AlreadyPaid: the basket's order is confirmed.
        PerformanceIsCancelled, PerformanceStarted: an extension needs a performance that takes place and has not begun.
    """
    state = require_own_hold(context, hold, holder)
    order = context.read(ORDER, state.order) if state.order else None
    if isinstance(order, PlacedOrder) and order.status is OrderStatus.CONFIRMED:
        raise AlreadyPaid("The order is paid and has no deadline.")
    if context.deadline_passed(state.expires_at):
        raise lapsed_refusal(state)
    if state.extended:
        raise AlreadyExtended("A hold can be extended once.")
    if context.deadline_passed(require_not_cancelled(context, state.performance).starts_at):
        raise PerformanceStarted("The performance has begun; order what you hold.")
    expires_at = state.expires_at + by
    seats = seats_of(state.lines)
    context.read_many(SEAT, seats)
    changes: dict[str, Sequence[Any]] = {
        SEAT.stream(*seat): [SeatHoldExtended(hold=hold, expires_at=expires_at)] for seat in seats
    }
    changes[HOLD.stream(hold)] = [HoldExtended(expires_at=expires_at)]
    owner, buyer = quota_of(context, claimant(context, state), state.performance)
    if hold in buyer.shares:
        changes[BUYER_QUOTA.stream(owner, state.performance)] = [BuyerQuotaExtended(hold=hold, expires_at=expires_at)]
    if state.order:
        changes[ORDER.stream(state.order)] = [OrderExtended(expires_at=expires_at)]
    return changes


def release_hold(context: DecisionContext, *, hold: str, holder: str) -> Changes:
    """Release a basket; one that has ended records nothing.

    Raises:
        NotFound: no such hold, or it belongs to another account.
        HoldAlreadyOrdered: it belongs to an order, which has to be cancelled instead.
    """
    try:
        state = require_own_hold(context, hold, holder)
    except (HoldEnded, HoldLapsed):
        return {}
    if state.order:
        raise HoldAlreadyOrdered("The hold belongs to an order; cancel the order instead.", order=state.order)
    return {
        HOLD.stream(hold): [HoldReleased(reason=ReleaseReason.BUYER)],
        **hold_release_events(context, hold, state, ReleaseReason.BUYER),
    }


def expire_hold(context: DecisionContext, *, hold: str) -> Changes:
    """Expire a lapsed basket with its order and quota; any other basket records nothing."""
    state = context.read(HOLD, hold)
    if not isinstance(state, OpenHold) or not context.deadline_passed(state.expires_at):
        return {}
    changes: dict[str, Sequence[Any]] = {}
    if state.order:
        order = context.read(ORDER, state.order)
        if not isinstance(order, PlacedOrder) or order.status is not OrderStatus.PENDING:
            return {}
        changes[ORDER.stream(state.order)] = [OrderExpired()]
    changes[HOLD.stream(hold)] = [HoldExpired()]
    return {**changes, **hold_release_events(context, hold, state, ReleaseReason.LAPSED)}


def claimant(context: DecisionContext, state: OpenHold) -> str:
    """Return the account whose quota counts a basket: the one that ordered it, else its holder."""
    order = context.read(ORDER, state.order) if state.order else None
    return order.account if isinstance(order, PlacedOrder) else state.holder


def hold_release_events(
    context: DecisionContext, hold: str, state: OpenHold, reason: ReleaseReason
) -> dict[str, Sequence[Any]]:
    """Return the events that release the seats still in this hold, and its share of the buyer's quota."""
    keys = seats_of(state.lines)
    seats = zip(keys, context.read_many(SEAT, keys), strict=True)
    changes: dict[str, Sequence[Any]] = {
        SEAT.stream(*key): release_events(seat, hold=hold, reason=reason) for key, seat in seats
    }
    owner, buyer = quota_of(context, claimant(context, state), state.performance)
    changes[BUYER_QUOTA.stream(owner, state.performance)] = quota_returned_events(buyer, hold=hold, seats=len(keys))
    return {stream: events for stream, events in changes.items() if events}
