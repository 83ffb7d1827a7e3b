"""Bugs that the state machine must catch."""

from dataclasses import replace
from typing import Any

from domain.decision import Changes, DecisionContext, merge_changes
from domain.decisions import ordering, paying, settling
from domain.decisions.refunds import refunding
from domain.decisions.refunds.eligibility import used_lines
from domain.order import ORDER, OrderLinesCancelled, OrderStatus
from domain.payment import PaymentCancelled
from domain.refund import REFUND, RefundApproved, RefundRequested, RefundStatus
from tests.properties.engine.machine import EngineMachine


def settle_ignoring_the_late(context: DecisionContext, *, payment: str) -> Changes:
    """A planted bug: money for an expired order is nobody's business."""
    order = ordering.require_visible_order(context, paying.require_payment(context, payment).order, None)
    return {} if order.status is OrderStatus.EXPIRED else settling.settle(context, payment=payment)


def approve_returning_twice(context: DecisionContext, *, refund: str, by: str) -> Changes:
    """A planted bug: a refund gives the seat back twice."""
    changes = refunding.approve_refund(context, refund=refund, by=by)
    return merge_changes(changes, {stream: events for stream, events in changes.items() if stream.startswith("seat-")})


class LateMoneyIgnored(EngineMachine):
    """The engine with the first planted bug."""

    settle = staticmethod(settle_ignoring_the_late)


class SeatReturnedTwice(EngineMachine):
    """The engine with the second planted bug."""

    approve = staticmethod(approve_returning_twice)


def request_whenever(context: DecisionContext, command: refunding.RequestRefund) -> Changes:
    """A planted bug: the owner's request is taken for support's, with a reason that nobody gave."""
    changes = refunding.request_refund(context, replace(command, account=None, reason_text="Whenever."))
    return {
        stream: [replace(each, reason_text=None) if isinstance(each, RefundRequested) else each for each in events]
        for stream, events in changes.items()
    }


def approve_used(context: DecisionContext, *, refund: str, by: str) -> Changes:
    """A planted bug: whoever entered gets the money back as well."""
    state = refunding.require_refund(context, refund)
    order_id = refunding.order_of(state)
    order = ordering.require_visible_order(context, order_id, None)
    lines = [line for line in order.lines if line.line_id in state.lines]
    used_lines(context, order, lines)
    approved: dict[str, list[Any]] = {
        REFUND.stream(refund): [RefundApproved(by=by)],
        ORDER.stream(order_id): [OrderLinesCancelled(lines=state.lines, refund=refund)],
    }
    decided = state.status is not RefundStatus.REQUESTED
    return (
        {}
        if decided
        else merge_changes(approved, refunding.revoke_attendance_events(context, refund, state, order, lines))
    )


class RefundedWhenever(EngineMachine):
    """The engine with the third planted bug."""

    request = staticmethod(request_whenever)


class UsedTicketsRefunded(EngineMachine):
    """The engine with the fourth planted bug."""

    approve = staticmethod(approve_used)


def settle_leaving_checkouts(context: DecisionContext, *, payment: str) -> Changes:
    """A planted bug: a paid order's other checkouts stay open."""
    changes = settling.settle(context, payment=payment)
    return {
        stream: [event for event in events if not isinstance(event, PaymentCancelled)]
        for stream, events in changes.items()
    }


class CheckoutsLeftOpen(EngineMachine):
    """The engine with the fifth planted bug."""

    settle = staticmethod(settle_leaving_checkouts)
