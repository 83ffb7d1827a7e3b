"""Requests for money back, by the owner and by support, for scenarios."""

from datetime import timedelta

from uuid_utils.compat import uuid7

from domain.decisions.ordering import require_visible_order
from domain.decisions.refunding import RequestRefund
from domain.decisions.scheduling import cancel
from domain.order import PlacedOrder
from domain.ticket import TICKET, EntryRecorded
from domain.values import PerformanceCancelReason
from tests.support.scenario import Scenario
from tests.support.shop import HAMLET

REFUND_ID = "refund"


POWER_CUT = "The lights went out in the second act."


MINUTE = timedelta(minutes=1)


def placed_order(scenario: Scenario, order: str) -> PlacedOrder:
    return scenario.state(require_visible_order, order, None)


def with_entry(scenario: Scenario, order: str, line: str) -> Scenario:
    """Let somebody enter with a line's ticket."""
    ticket = TICKET.stream(placed_order(scenario, order).tickets[line])
    return scenario.given(ticket, EntryRecorded(gate="north", device="phone", nonce=str(uuid7())))


def with_performance_cancelled(scenario: Scenario) -> Scenario:
    return scenario.given_done(cancel, performance=HAMLET, reason=PerformanceCancelReason.ILLNESS)


def owner_request(order: str, *lines: str) -> RequestRefund:
    return RequestRefund(refund=REFUND_ID, order=order, account="ann", lines=lines or None)


def support_request(order: str, *lines: str, why: str | None = None) -> RequestRefund:
    return RequestRefund(
        refund=REFUND_ID, order=order, account=None, lines=lines or None, by="support", reason_text=why
    )


def lines_requested(scenario: Scenario, command: RequestRefund) -> tuple[str, ...]:
    asked, _ = scenario.when(command).events()
    lines: tuple[str, ...] = asked.lines
    return lines
