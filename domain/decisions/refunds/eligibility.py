"""Whether lines may be refunded, by the time and author of the request, the performance, and the tickets' entries.

The time is checked when a refund is requested, not again when it is decided. A used ticket is refunded only if the
performance was cancelled, or after its start if support gives a reason.
"""

from collections.abc import Sequence

from domain.decision import DecisionContext
from domain.errors import PerformanceStarted, TicketUsed
from domain.order import PlacedOrder
from domain.performance import ScheduledPerformance, require_performance
from domain.ticket import TICKET, IssuedTicket
from domain.values import Line


def check_requested_in_time(
    context: DecisionContext, order: PlacedOrder, *, by_owner: bool, reason_text: str | None
) -> None:
    """Refuse a request that comes after the start, unless the performance was cancelled or support gives a reason.

    Raises:
        PerformanceStarted: the performance has begun, and the owner asks, or support gives no reason.
    """
    performance = require_performance(context, order.performance)
    if performance.cancelled or (reason_text is not None and not by_owner):
        return
    if context.deadline_passed(performance.starts_at):
        advice = "ask support, who may refund with a reason" if by_owner else "give a reason to refund it anyway"
        raise PerformanceStarted(f"The performance has begun; {advice}.", starts_at=performance.starts_at)


def used_lines(context: DecisionContext, order: PlacedOrder, lines: Sequence[Line]) -> frozenset[str]:
    """Return the ids of the lines whose tickets were used."""
    tickets = context.read_many(TICKET, [(order.tickets[line.line_id],) for line in lines])
    return frozenset(
        line.line_id
        for line, ticket in zip(lines, tickets, strict=True)
        if isinstance(ticket, IssuedTicket) and ticket.entry is not None
    )


def blocked_by_entry(
    context: DecisionContext, order: PlacedOrder, lines: Sequence[Line], *, reason_text: str | None
) -> frozenset[str]:
    """Return the ids of the lines that cannot be refunded because their tickets were used."""
    performance = require_performance(context, order.performance)
    used = used_lines(context, order, lines)
    return used if used and not may_refund_used(context, performance, reason_text) else frozenset()


def may_refund_used(context: DecisionContext, performance: ScheduledPerformance, reason_text: str | None) -> bool:
    """Return whether used tickets can be refunded: after a cancellation, or after the start with support's reason."""
    return performance.cancelled or (reason_text is not None and context.deadline_passed(performance.starts_at))


def check_unused(
    context: DecisionContext, order: PlacedOrder, lines: Sequence[Line], *, reason_text: str | None
) -> None:
    """Refuse lines whose tickets were used.

    Raises:
        TicketUsed: names them.
    """
    used = blocked_by_entry(context, order, lines, reason_text=reason_text)
    if used:
        raise TicketUsed(
            "Tickets of these lines were used: leave the lines out, have the entries reverted, or let support refund "
            "them with a reason once the performance has begun.",
            lines=sorted(used),
        )


def unused_lines(
    context: DecisionContext, order: PlacedOrder, lines: Sequence[Line], *, reason_text: str | None
) -> list[Line]:
    """Return the lines whose tickets were not used.

    Raises:
        TicketUsed: all were used; names them.
    """
    used = blocked_by_entry(context, order, lines, reason_text=reason_text)
    if len(used) == len(lines):
        check_unused(context, order, lines, reason_text=reason_text)
    return [line for line in lines if line.line_id not in used]
