"""Requests for money back, by the owner and by support, for scenarios."""

from datetime import timedelta

from uuid_utils.compat import uuid7

from domain.decisions.ordering import require_visible_order
from domain.decisions.refunds.refunding import RequestRefund
from domain.order import PlacedOrder
from domain.ticket import TICKET, EntryRecorded
from tests.support.scenario import Scenario

REFUND_ID = "refund"
POWER_CUT = "The lights went out in the second act."
MINUTE = timedelta(minutes=1)


def placed_order(scenario: Scenario, order: str) -> PlacedOrder:
    """Return the state of an order."""
    return scenario.state(require_visible_order, order, None)


def with_entry(scenario: Scenario, order: str, line: str) -> Scenario:
    """Record an entry with a line's ticket."""
    ticket = TICKET.stream(placed_order(scenario, order).tickets[line])
    return scenario.given(ticket, EntryRecorded(gate="north", device="phone", nonce=str(uuid7())))


def owner_request(order: str, *lines: str) -> RequestRefund:
    """Return ann's request for lines of her order; none: for all that can be refunded."""
    return RequestRefund(refund=REFUND_ID, order=order, account="ann", lines=lines or None)


def support_request(order: str, *lines: str, why: str | None = None) -> RequestRefund:
    """Return support's request for lines of an order, with a reason or without."""
    return RequestRefund(
        refund=REFUND_ID, order=order, account=None, lines=lines or None, by="support", reason_text=why
    )


def lines_requested(scenario: Scenario, command: RequestRefund) -> tuple[str, ...]:
    """Return the lines for which an accepted request asks money back."""
    asked, _ = scenario.when(command).events()
    lines: tuple[str, ...] = asked.lines
    return lines
