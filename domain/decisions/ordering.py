"""Orders: order a hold, hold and order in one step, confirm, cancel."""

from dataclasses import dataclass
from typing import Any

from domain.account import owns
from domain.buyer_quota import BUYER_QUOTA, BuyerQuotaKept, quota_moved_events, quota_of
from domain.decision import Changes, DecisionContext, merge_changes
from domain.decisions.holding import (
    HoldSeats,
    expire_hold,
    hold_release_events,
    hold_seats,
    lapsed_refusal,
    require_own_hold,
)
from domain.errors import HoldAlreadyOrdered, NotFound, OrderAlreadyConfirmed
from domain.hold import HOLD, HoldEvent, HoldPlaced, HoldReleased, OpenHold
from domain.hold import HoldOrdered as OrderedHold
from domain.order import (
    ORDER,
    NoOrder,
    OrderCancelled,
    OrderConfirmed,
    OrderedTicket,
    OrderPlaced,
    OrderStatus,
    PlacedOrder,
    to_placed_order,
)
from domain.payment import AWAITING_BUYER, PAYMENT, PaymentCancelled, RequestedPayment
from domain.performance import require_not_cancelled
from domain.pricing import Inventory
from domain.seat import SEAT, SeatSold
from domain.ticket import TICKET, TicketIssued
from domain.values import OrderCancelReason, ReleaseReason, derived_id, order_code, seats_of

POLICY = "standard-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """Order a basket; `contact` is the id of a personal record."""

    order: str
    account: str
    contact: str | None
    terms_version: str | None = None
    locale: str = "en"


def order_hold(context: DecisionContext, command: PlaceOrder, *, hold: str) -> Changes:
    """Turn a hold into an order; both keep the basket's deadline.

    Raises:
        NotFound, HoldEnded, HoldLapsed, PerformanceIsCancelled.
        HoldAlreadyOrdered: names the order it belongs to.
    """
    state = require_own_hold(context, hold, command.account)
    if state.order is not None:
        raise HoldAlreadyOrdered("The hold is ordered already.", order=state.order)
    if context.deadline_passed(state.expires_at):
        raise lapsed_refusal(state)
    require_not_cancelled(context, state.performance)
    order = to_order_placed(command, hold, state)
    changes: Changes = {HOLD.stream(hold): [OrderedHold(order=command.order)], ORDER.stream(command.order): [order]}
    share = quota_moved_events(
        context, hold=hold, owner=state.holder, account=command.account, performance=state.performance
    )
    return merge_changes(changes, share, confirm_free_order(context, command.order, order))


def hold_and_order(context: DecisionContext, command: PlaceOrder, request: HoldSeats, inventory: Inventory) -> Changes:
    """Hold seats and order them in one atomic step.

    Raises:
        The errors of `hold_seats`.
    """
    holding = hold_seats(context, request, inventory, order=command.order)
    (hold,) = holding[HOLD.stream(request.hold)]
    order = to_order_placed(command, request.hold, hold)
    return merge_changes(
        holding, {ORDER.stream(command.order): [order]}, confirm_free_order(context, command.order, order)
    )


def to_order_placed(command: PlaceOrder, hold_id: str, hold: OpenHold | HoldPlaced) -> OrderPlaced:
    """Return the event that orders a basket's lines."""
    return OrderPlaced(
        order_code=order_code(command.order),
        account=command.account,
        performance=hold.performance,
        event=hold.event,
        organizer=hold.organizer,
        hold=hold_id,
        lines=hold.lines,
        total=hold.total,
        currency=hold.currency,
        contact=command.contact,
        terms_version=command.terms_version,
        policy=POLICY,
        locale=command.locale,
        expires_at=hold.expires_at,
    )


def confirm_free_order(context: DecisionContext, order_id: str, order: OrderPlaced) -> Changes:
    """Return the events that confirm an order of total 0; none if there is something to pay."""
    if order.total > 0:
        return {}
    context.read_many(SEAT, seats_of(order.lines))
    owner, _ = quota_of(context, order.account, order.performance)
    return confirmation_events(order_id, to_placed_order(order), payment=None, owner=owner)


def confirmation_events(order_id: str, order: PlacedOrder, *, payment: str | None, owner: str) -> dict[str, list[Any]]:
    """Return the events that sell the order's seats, issue its tickets and keep its quota.

    The caller must have checked that the seats may be sold.

    Args:
        owner: the account that gets the tickets and whose quota counts; a guest's order may belong to an account now.
    """
    changes: dict[str, list[Any]] = {}
    tickets: list[OrderedTicket] = []
    for line in order.lines:
        ticket = derived_id(order_id, "ticket", line.line_id)
        tickets.append(OrderedTicket(line_id=line.line_id, ticket=ticket))
        changes[SEAT.stream(line.performance, line.place.seat)] = [SeatSold(order=order_id, ticket=ticket)]
        changes[TICKET.stream(ticket)] = [
            TicketIssued(
                order=order_id,
                line_id=line.line_id,
                account=owner,
                performance=line.performance,
                event=order.event,
                organizer=order.organizer,
                place=line.place,
                ticket_type=line.ticket_type,
            )
        ]
    changes[ORDER.stream(order_id)] = [OrderConfirmed(payment=payment, tickets=tuple(tickets))]
    changes[BUYER_QUOTA.stream(owner, order.performance)] = [
        BuyerQuotaKept(hold=order.hold, order=order_id, seats=len(order.lines))
    ]
    return changes


def require_visible_order(context: DecisionContext, order: str, account: str | None) -> PlacedOrder:
    """Return an order of an account.

    Args:
        account: the account that must own the order; None: any.

    Raises:
        NotFound: no such order, or it belongs to another account.
    """
    state = context.read(ORDER, order)
    if isinstance(state, NoOrder) or not (account is None or owns(context, account, state.account)):
        raise NotFound("There is no such order.")
    return state


def cancel_order(context: DecisionContext, *, order: str, account: str | None, reason: OrderCancelReason) -> Changes:
    """Cancel an order that is not paid; one that has ended records nothing, and one past its deadline expires.

    Args:
        account: the account that must own the order; None: any, for support.

    Raises:
        NotFound: no such order, or it belongs to another account.
        OrderAlreadyConfirmed: a confirmed order is refunded instead.
    """
    state = require_visible_order(context, order, account)
    if state.status is OrderStatus.CONFIRMED:
        raise OrderAlreadyConfirmed("The order is confirmed; ask for a refund instead.")
    if state.status is not OrderStatus.PENDING:
        return {}
    if context.deadline_passed(state.expires_at):
        return expire_hold(context, hold=state.hold)
    ending = {ORDER.stream(order): [OrderCancelled(reason=reason)]}
    cancelled = cancel_payment_events(context, state)
    return merge_changes(ending, release_basket_events(context, state, ReleaseReason.ORDER_CANCELLED), cancelled)


def cancel_payment_events(
    context: DecisionContext, order: PlacedOrder, *, besides: str | None = None
) -> dict[str, list[Any]]:
    """Return the events that cancel the order's payments which await the buyer, except payment `besides`."""
    others = [payment for payment in order.payments if payment != besides]
    states = zip(others, context.read_many(PAYMENT, [(payment,) for payment in others]), strict=True)
    return {
        PAYMENT.stream(payment): [PaymentCancelled()]
        for payment, state in states
        if isinstance(state, RequestedPayment) and state.status in AWAITING_BUYER
    }


def release_basket_events(context: DecisionContext, order: PlacedOrder, reason: ReleaseReason) -> Changes:
    """Return the events that release the basket of an order that ends; none if it has ended."""
    hold = context.read(HOLD, order.hold)
    if not isinstance(hold, OpenHold):
        return {}
    ended: list[HoldEvent] = [HoldReleased(reason=reason)]
    return merge_changes({HOLD.stream(order.hold): ended}, hold_release_events(context, order.hold, hold, reason))
