"""What is safe and what waits while a part does not run, for the sentences an operator reads."""

from collections.abc import Mapping

MEANWHILE: Mapping[str, str] = {
    "postgres": "Nothing that was acknowledged is lost: PostgreSQL recovers by itself; requests get 503 meanwhile.",
    "nats": "Nothing is lost: NATS has a copy of the log; booking goes on, read models follow from PostgreSQL.",
    "sandbox": "Nothing is lost: its books are in its file; payments get 503 until it runs.",
    "relay": "Nothing is lost: booking goes on, read models follow from PostgreSQL.",
    "project": "Nothing is lost: booking goes on, lists and reports stand still until it runs.",
    "process": "Nothing is lost: booking goes on; lapsed holds, payments and refunds are seen to when it runs.",
    "seal": "Nothing is lost: booking goes on, events are sealed when it runs.",
    "api": "Nothing that was acknowledged is lost; what got no answer is sent again with its Idempotency-Key.",
}
