"""What happens while a part is down, for the messages to the operator."""

from collections.abc import Mapping

OUTAGE_EFFECTS: Mapping[str, str] = {
    "postgres": "Nothing that was acknowledged is lost: PostgreSQL recovers by itself; requests get 503 until then.",
    "nats": "Nothing is lost: NATS holds a copy of the log; booking continues, read models follow from PostgreSQL.",
    "sandbox": "Nothing is lost: its ledger is in a file; payments get 503 until it runs.",
    "relay": "Nothing is lost: booking continues, read models follow from PostgreSQL.",
    "project": "Nothing is lost: booking continues, read models do not advance until it runs.",
    "process": "Nothing is lost: booking continues; lapsed holds, payments and refunds are processed when it runs.",
    "seal": "Nothing is lost: booking continues, events are sealed when it runs.",
    "api": "Nothing that was acknowledged is lost; retry unanswered requests with the same Idempotency-Key.",
}
