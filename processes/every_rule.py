"""The rules there are."""

from collections.abc import Mapping

from domain.ports import PaymentGateway
from eventstore.handler import Handler
from processes.reconcile_payments import ReconcilePayments
from processes.release_lapsed_holds import ReleaseLapsedHolds
from processes.reopen_unfinished_deletions import ReopenUnfinishedDeletions
from processes.rule import Rule
from processes.settle_payments import SettlePayments
from processes.submit_refunds import SubmitRefunds


def every_rule(handler: Handler, gateways: Mapping[str, PaymentGateway]) -> list[Rule]:
    """Return every rule.

    Args:
        gateways: payment providers by the name that payments carry.
    """
    return [
        ReleaseLapsedHolds(handler),
        SettlePayments(handler),
        SubmitRefunds(handler, gateways),
        ReconcilePayments(handler, gateways),
        ReopenUnfinishedDeletions(handler),
    ]
