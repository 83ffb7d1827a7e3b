"""A dispute (chargeback) of a payment: its events, its state, and the status of several together."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never


class DisputeStatus(StrEnum):
    """The status of a dispute, or of all disputes of a payment."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


GRAVEST_FIRST = (DisputeStatus.OPEN, DisputeStatus.LOST, DisputeStatus.WON)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeOpened:
    """The buyer disputed the payment at their bank; the provider withholds `amount` until the bank decides.

    `dispute`: the provider's id of the dispute. `overall`: the status of all disputes of the payment, this included.
    """

    dispute: str
    order: str
    organizer: str
    performance: str
    amount: int
    currency: str
    opened_at: datetime
    source: str
    overall: DisputeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeWon:
    """The bank decided for the shop; `recovered`: what an earlier decision of the same dispute had lost."""

    dispute: str
    order: str
    organizer: str
    performance: str
    recovered: int
    currency: str
    decided_at: datetime
    source: str
    overall: DisputeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeLost:
    """The bank decided for the buyer; `amount` is lost."""

    dispute: str
    order: str
    organizer: str
    performance: str
    amount: int
    currency: str
    decided_at: datetime
    source: str
    overall: DisputeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """One dispute of a payment; `since`: the provider's time of its last change."""

    status: DisputeStatus
    amount: int
    currency: str
    since: datetime


def overall_status(disputes: Mapping[str, Dispute]) -> DisputeStatus | None:
    """Return the status of a payment's disputes together: open if any is, else lost if any is, else won."""
    statuses = {dispute.status for dispute in disputes.values()}
    return next((status for status in GRAVEST_FIRST if status in statuses), None)


def dispute_after(dispute: Dispute | None, event: DisputeOpened | DisputeWon | DisputeLost) -> Dispute:
    """Return a dispute after one of its steps."""
    match event:
        case DisputeOpened(amount=amount, currency=currency):
            return Dispute(status=DisputeStatus.OPEN, amount=amount, currency=currency, since=event.opened_at)
        case DisputeWon():
            assert dispute is not None
            return replace(dispute, status=DisputeStatus.WON, since=event.decided_at)
        case DisputeLost(amount=amount, currency=currency):
            return Dispute(status=DisputeStatus.LOST, amount=amount, currency=currency, since=event.decided_at)
        case _:
            assert_never(event)
