"""Which decision handles which command, for scenarios."""

from domain.decision import Changes, DecisionContext
from domain.decisions.blocking import BlockSeats, block_seats
from domain.decisions.entry import ScanTicket, scan_ticket
from domain.decisions.holding import HoldSeats, hold_seats
from domain.decisions.merging import MergeGuest, merge_guest
from domain.decisions.paying import OpenPayment, open_payment
from domain.decisions.refunds.refunding import RequestRefund, request_refund
from domain.decisions.resolving_exceptions import ResolveException, resolve_exception
from domain.decisions.scheduling import ChangePerformance, change
from domain.pricing import Inventory

Command = (
    HoldSeats
    | BlockSeats
    | OpenPayment
    | RequestRefund
    | ChangePerformance
    | MergeGuest
    | ScanTicket
    | ResolveException
)


def decide_command(context: DecisionContext, command: Command, inventory: Inventory | None) -> Changes:
    """Decide a command.

    Args:
        inventory: the places of the performance; only commands that name places need it.
    """
    match command:
        case HoldSeats() | BlockSeats():
            assert inventory is not None, "This scenario has no places."
            return decide_places(context, command, inventory)
        case OpenPayment():
            return open_payment(context, command)
        case RequestRefund():
            return request_refund(context, command)
        case ChangePerformance():
            return change(context, command)
        case MergeGuest():
            return merge_guest(context, command)
        case ScanTicket():
            return scan_ticket(context, command)
        case ResolveException():
            return resolve_exception(context, command)


def decide_places(context: DecisionContext, command: HoldSeats | BlockSeats, inventory: Inventory) -> Changes:
    """Decide a command that names places."""
    if isinstance(command, HoldSeats):
        return hold_seats(context, command, inventory)
    return block_seats(context, command, inventory)
