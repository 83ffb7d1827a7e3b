"""The registry of all rules."""

from collections.abc import Mapping

from domain.ports.payment_gateway import PaymentGateway
from eventstore.command_handler import CommandHandler
from eventstore.schema.codec import Codec
from processes.end_cancelled_checkouts import EndCancelledCheckouts
from processes.reconcile_payments import ReconcilePayments
from processes.refund_cancelled_performances import LatestEvents, RefundCancelledPerformances
from processes.release_lapsed_holds import ReleaseLapsedHolds
from processes.reopen_unfinished_deletions import ReopenUnfinishedDeletions
from processes.rule import Rule
from processes.settle_payments import SettlePayments
from processes.submit_refunds import SubmitRefunds


def all_rules(
    handler: CommandHandler, gateways: Mapping[str, PaymentGateway], *, seats: LatestEvents, codec: Codec
) -> list[Rule]:
    """Return every rule.

    Args:
        seats: the log, for the current state of a performance's seats.
        gateways: payment gateways by the provider's name in payments.
    """
    return [
        ReleaseLapsedHolds(handler),
        SettlePayments(handler),
        SubmitRefunds(handler, gateways),
        ReconcilePayments(handler, gateways),
        EndCancelledCheckouts(handler, gateways),
        ReopenUnfinishedDeletions(handler),
        RefundCancelledPerformances(handler, seats, codec),
    ]
