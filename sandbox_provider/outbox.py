"""Transactional outbox: money entries, events and deliveries are inserted in the caller's transaction."""

import json
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sandbox_provider import sql
from sandbox_provider.cards import Delivery, find_card_by_name
from sandbox_provider.models import Checkout, DeliveryState, EntryKind, EventType

DISPUTE_EVENTS = frozenset({EventType.DISPUTE_OPENED, EventType.DISPUTE_WON, EventType.DISPUTE_LOST})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """An event to announce; `reference` and amount are the refund's for events of a refund."""

    type: EventType
    at: datetime
    reference: str
    amount: int
    currency: str
    failure: str | None = None
    dispute_id: str | None = None


def new_id(prefix: str) -> str:
    """Return an unguessable id; the id of a checkout is the only protection of its page."""
    return f"{prefix}_{secrets.token_urlsafe(18)}"


def to_payment_event(
    checkout: Checkout, event_type: EventType, at: datetime, failure: str | None = None
) -> ProviderEvent:
    """Return an event of a checkout, with the captured amount, or the requested one if nothing was captured."""
    return ProviderEvent(
        type=event_type,
        at=at,
        reference=checkout.reference,
        amount=checkout.captured_amount or checkout.amount,
        currency=checkout.captured_currency or checkout.currency,
        failure=failure,
        dispute_id=checkout.dispute_id if event_type in DISPUTE_EVENTS else None,
    )


def announce(connection: sqlite3.Connection, checkout: Checkout, provider_events: Sequence[ProviderEvent]) -> None:
    """Insert events, given oldest first, and their deliveries: once, twice, reversed or withheld, by test card."""
    delivery = find_card_by_name(checkout.card).delivery
    state = DeliveryState.WITHHELD if delivery is Delivery.NEVER else DeliveryState.PENDING
    copies = 2 if delivery is Delivery.TWICE else 1
    for provider_event in reversed(provider_events) if delivery is Delivery.REVERSED else provider_events:
        event_id = _book_event(connection, checkout, provider_event)
        for _ in range(copies):
            connection.execute(
                sql.INSERT_DELIVERY,
                {
                    "event_id": event_id,
                    "checkout_id": checkout.checkout_id,
                    "state": state,
                    "due_at": provider_events[-1].at,
                },
            )


def _book_event(connection: sqlite3.Connection, checkout: Checkout, provider_event: ProviderEvent) -> str:
    event_id = new_id("ev")
    body = {
        "event_id": event_id,
        "type": provider_event.type,
        "created_at": provider_event.at.isoformat(timespec="microseconds"),
        "reference": provider_event.reference,
        "checkout_id": checkout.checkout_id,
        "amount": provider_event.amount,
        "currency": provider_event.currency,
        "failure": provider_event.failure,
        "dispute_id": provider_event.dispute_id,
    }
    connection.execute(
        sql.INSERT_EVENT, {"event_id": event_id, "checkout_id": checkout.checkout_id, "body": json.dumps(body)}
    )
    return event_id


def book_entry(
    connection: sqlite3.Connection,
    *,
    kind: EntryKind,
    reference: str,
    checkout_id: str,
    amount: int,
    currency: str,
    now: datetime,
    dispute_id: str | None = None,
) -> None:
    """Insert one money entry."""
    connection.execute(
        sql.INSERT_ENTRY,
        {
            "kind": kind,
            "reference": reference,
            "checkout_id": checkout_id,
            "amount": amount,
            "currency": currency,
            "now": now,
            "dispute_id": dispute_id,
        },
    )
