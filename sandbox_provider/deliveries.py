"""Deliveries of webhooks: due ones, and the result of each attempt."""

from datetime import datetime, timedelta

from sandbox_provider import sql
from sandbox_provider.models import Delivery, DeliveryState, NotFound
from sandbox_provider.sqlite_store import LedgerFile

TRIES_MAX = 12
RETRY_FIRST = timedelta(milliseconds=250)
RETRY_LONGEST = timedelta(seconds=60)


def retry_after(attempts: int) -> timedelta:
    """Return the delay after an attempt: it doubles up to `RETRY_LONGEST`; twelve attempts take about four minutes."""
    return min(RETRY_FIRST * (1 << (attempts - 1)), RETRY_LONGEST)


class Deliveries:
    """The deliveries of a ledger; one without a 2xx response is retried, up to `TRIES_MAX` attempts."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file

    def due(self, now: datetime, *, limit: int) -> list[Delivery]:
        """Return the due deliveries, at most one per checkout, so that a checkout's webhooks are sent in order."""
        with self._file.transaction() as connection:
            rows = connection.execute(sql.DELIVERIES_DUE, {"now": now, "limit": limit})
            return [Delivery(**row) for row in rows]

    def after(self, delivery_id: int, *, state: DeliveryState | None, limit: int) -> list[Delivery]:
        """Return deliveries after an id, in the order of their creation, in one state or in any (None)."""
        with self._file.transaction() as connection:
            rows = connection.execute(sql.DELIVERIES_AFTER, {"after": delivery_id, "state": state, "limit": limit})
            return [Delivery(**row) for row in rows]

    def mark_delivered(self, delivery: Delivery, answer: str, now: datetime) -> None:
        """Mark a delivery as delivered: the shop responded with 2xx."""
        self._record_attempt(delivery, DeliveryState.DELIVERED, answer, now)

    def mark_failed(self, delivery: Delivery, answer: str, now: datetime) -> None:
        """Retry with back-off; after the last attempt mark the delivery as given up."""
        attempts = delivery.attempts + 1
        if attempts >= TRIES_MAX:
            self._record_attempt(delivery, DeliveryState.GIVEN_UP, answer, now)
        else:
            self._record_attempt(delivery, DeliveryState.PENDING, answer, now + retry_after(attempts))

    def send_again(self, event_id: str, now: datetime) -> None:
        """Add a delivery of an event, regardless of its earlier deliveries.

        Raises:
            NotFound: there is no such event.
        """
        with self._file.transaction() as connection:
            event = connection.execute(sql.EVENT_BY_ID, {"event_id": event_id}).fetchone()
            if event is None:
                raise NotFound("unknown_event", "There is no such event.")
            change = {"event_id": event_id, "checkout_id": event["checkout_id"], "state": "pending", "due_at": now}
            connection.execute(sql.INSERT_DELIVERY, change)

    def retry_now(self, now: datetime) -> None:
        """Make all pending deliveries due now; called at each start, since the shop may have been down."""
        with self._file.transaction() as connection:
            connection.execute(sql.PENDING_DUE_NOW, {"now": now})

    def _record_attempt(self, delivery: Delivery, state: DeliveryState, answer: str, due_at: datetime) -> None:
        # If the machine crashes now, the webhook is sent again, which a shop must accept in any case.
        with self._file.transaction(to_disk=False) as connection:
            connection.execute(
                sql.DELIVERY_TRIED,
                {"delivery_id": delivery.delivery_id, "state": state, "due_at": due_at, "last_answer": answer},
            )
