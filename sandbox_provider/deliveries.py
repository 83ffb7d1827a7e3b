"""The outbox: which webhooks are due, and what became of each try."""

from datetime import datetime, timedelta

from sandbox_provider import sql
from sandbox_provider.models import Delivery, DeliveryState, NotFound
from sandbox_provider.sqlite_store import LedgerFile

TRIES_MAX = 12
RETRY_FIRST = timedelta(milliseconds=250)
RETRY_LONGEST = timedelta(seconds=60)


def retry_after(attempts: int) -> timedelta:
    """Wait twice as long after each try, at most a minute: twelve tries span about four minutes."""
    return min(RETRY_FIRST * (1 << (attempts - 1)), RETRY_LONGEST)


class Deliveries:
    """The webhooks in one file of books; what isn't answered with a 2xx is tried again, a bounded number of times."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file

    def due(self, now: datetime, *, limit: int) -> list[Delivery]:
        """Return what may be sent now; of one checkout only the eldest, so that each card's order holds."""
        with self._file.transaction() as connection:
            rows = connection.execute(sql.DELIVERIES_DUE, {"now": now, "limit": limit})
            return [Delivery(**row) for row in rows]

    def after(self, delivery_id: int, *, state: DeliveryState | None, limit: int) -> list[Delivery]:
        """Return deliveries in the order they were booked, whatever became of them."""
        with self._file.transaction() as connection:
            rows = connection.execute(sql.DELIVERIES_AFTER, {"after": delivery_id, "state": state, "limit": limit})
            return [Delivery(**row) for row in rows]

    def delivered(self, delivery: Delivery, answer: str, now: datetime) -> None:
        """The shop said 2xx; this one is never sent again."""
        self._tried(delivery, DeliveryState.DELIVERED, answer, now)

    def refused(self, delivery: Delivery, answer: str, now: datetime) -> None:
        """Anything but a 2xx: try again later, or give up and keep it for everybody to see."""
        attempts = delivery.attempts + 1
        if attempts >= TRIES_MAX:
            self._tried(delivery, DeliveryState.GIVEN_UP, answer, now)
        else:
            self._tried(delivery, DeliveryState.PENDING, answer, now + retry_after(attempts))

    def send_again(self, event_id: str, now: datetime) -> None:
        """Queue an event once more, whatever became of it before.

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
        """Make everything pending due at once; done at every start, since the shop may have started with us."""
        with self._file.transaction() as connection:
            connection.execute(sql.PENDING_DUE_NOW, {"now": now})

    def _tried(self, delivery: Delivery, state: DeliveryState, answer: str, due_at: datetime) -> None:
        # A machine that dies now sends this webhook once more, which every shop must bear anyway.
        with self._file.transaction(to_disk=False) as connection:
            connection.execute(
                sql.DELIVERY_TRIED,
                {"delivery_id": delivery.delivery_id, "state": state, "due_at": due_at, "last_answer": answer},
            )
