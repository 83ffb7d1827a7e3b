"""SQL statements and schema of the gateway's ledger (SQLite)."""

from typing import Final, LiteralString

SCHEMA: Final[LiteralString] = """
CREATE TABLE IF NOT EXISTS checkout (
    checkout_id TEXT PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    description TEXT NOT NULL,
    return_url TEXT NOT NULL,
    opened_at utc_time NOT NULL,
    expires_at utc_time NOT NULL,
    status checkout_status NOT NULL,
    card TEXT,
    captured_amount INTEGER NOT NULL DEFAULT 0,
    captured_currency TEXT,
    captured_at utc_time,
    capture_due_at utc_time,
    failed_at utc_time,
    failure TEXT,
    dispute dispute_status,
    dispute_id TEXT,
    refunds_turned_away INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS checkout_expiring ON checkout (expires_at) WHERE status IN ('open', 'action_required');
CREATE INDEX IF NOT EXISTS checkout_capture_due ON checkout (capture_due_at) WHERE capture_due_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS refund (
    refund_id TEXT PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    checkout_id TEXT NOT NULL REFERENCES checkout,
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    status refund_status NOT NULL,
    requested_at utc_time NOT NULL,
    due_at utc_time,
    decided_at utc_time,
    failure TEXT
);
CREATE INDEX IF NOT EXISTS refund_of_checkout ON refund (checkout_id);
CREATE INDEX IF NOT EXISTS refund_due ON refund (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS entry (
    entry INTEGER PRIMARY KEY AUTOINCREMENT,
    kind entry_kind NOT NULL,
    reference TEXT NOT NULL,
    checkout_id TEXT NOT NULL REFERENCES checkout,
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    recorded_at utc_time NOT NULL,
    dispute_id TEXT
);
CREATE TABLE IF NOT EXISTS event (
    event_id TEXT PRIMARY KEY,
    checkout_id TEXT NOT NULL REFERENCES checkout,
    body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS delivery (
    delivery_id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL REFERENCES event,
    checkout_id TEXT NOT NULL REFERENCES checkout,
    state delivery_state NOT NULL,
    due_at utc_time NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    last_answer TEXT
);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (due_at) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS delivery_of_checkout ON delivery (checkout_id, delivery_id) WHERE state = 'pending';
"""

INSERT_CHECKOUT: Final[LiteralString] = """
INSERT INTO checkout (checkout_id, reference, amount, currency, description, return_url, opened_at, expires_at, status)
VALUES (:checkout_id, :reference, :amount, :currency, :description, :return_url, :now, :expires_at, 'open')
"""
CHECKOUT_BY_ID: Final[LiteralString] = "SELECT * FROM checkout WHERE checkout_id = :checkout_id"
CHECKOUT_BY_REFERENCE: Final[LiteralString] = "SELECT * FROM checkout WHERE reference = :reference"
MARK_EXPIRED: Final[LiteralString] = "UPDATE checkout SET status = 'expired' WHERE checkout_id = :checkout_id"
MARK_ACTION_REQUIRED: Final[LiteralString] = """
UPDATE checkout SET status = 'action_required', card = :card WHERE checkout_id = :checkout_id
"""
MARK_CAPTURE_DUE: Final[LiteralString] = """
UPDATE checkout SET card = :card, capture_due_at = :due_at WHERE checkout_id = :checkout_id
"""
MARK_FAILED: Final[LiteralString] = """
UPDATE checkout SET status = 'failed', card = :card, failed_at = :now, failure = :failure
WHERE checkout_id = :checkout_id
"""
MARK_CAPTURED: Final[LiteralString] = """
UPDATE checkout SET status = 'captured', card = :card, capture_due_at = NULL, captured_at = :now,
    captured_amount = :amount, captured_currency = :currency
WHERE checkout_id = :checkout_id
"""
OPEN_DISPUTE: Final[LiteralString] = """
UPDATE checkout SET dispute = 'opened', dispute_id = :dispute_id WHERE checkout_id = :checkout_id
"""
CLOSE_DISPUTE: Final[LiteralString] = "UPDATE checkout SET dispute = :dispute WHERE checkout_id = :checkout_id"
COUNT_TURNED_AWAY: Final[LiteralString] = """
UPDATE checkout SET refunds_turned_away = refunds_turned_away + 1 WHERE checkout_id = :checkout_id
"""
CHECKOUTS_EXPIRING: Final[LiteralString] = """
SELECT * FROM checkout WHERE status IN ('open', 'action_required') AND expires_at <= :now
ORDER BY expires_at LIMIT :limit
"""
CHECKOUTS_CAPTURE_DUE: Final[LiteralString] = """
SELECT * FROM checkout WHERE capture_due_at <= :now ORDER BY capture_due_at LIMIT :limit
"""

INSERT_REFUND: Final[LiteralString] = """
INSERT INTO refund (refund_id, reference, checkout_id, amount, currency, status, requested_at, due_at)
VALUES (:refund_id, :reference, :checkout_id, :amount, :currency, 'pending', :now, :due_at)
"""
REFUND_BY_REFERENCE: Final[LiteralString] = "SELECT * FROM refund WHERE reference = :reference"
REFUND_DECIDED: Final[LiteralString] = """
UPDATE refund SET status = :status, decided_at = :now, due_at = NULL, failure = :failure WHERE refund_id = :refund_id
"""
REFUNDS_DUE: Final[LiteralString] = "SELECT * FROM refund WHERE due_at <= :now ORDER BY due_at LIMIT :limit"
REFUNDED_OR_PENDING: Final[LiteralString] = """
SELECT coalesce(sum(amount), 0) FROM refund WHERE checkout_id = :checkout_id AND status IN ('pending', 'completed')
"""

INSERT_ENTRY: Final[LiteralString] = """
INSERT INTO entry (kind, reference, checkout_id, amount, currency, recorded_at, dispute_id)
VALUES (:kind, :reference, :checkout_id, :amount, :currency, :now, :dispute_id)
"""
ENTRIES_AFTER: Final[LiteralString] = "SELECT * FROM entry WHERE entry > :after ORDER BY entry LIMIT :limit"

INSERT_EVENT: Final[LiteralString] = """
INSERT INTO event (event_id, checkout_id, body) VALUES (:event_id, :checkout_id, :body)
"""
EVENT_BY_ID: Final[LiteralString] = "SELECT * FROM event WHERE event_id = :event_id"
INSERT_DELIVERY: Final[LiteralString] = """
INSERT INTO delivery (event_id, checkout_id, state, due_at) VALUES (:event_id, :checkout_id, :state, :due_at)
"""
# A checkout's deliveries are sent in the order of their creation: each waits for the end of the one before.
DELIVERIES_DUE: Final[LiteralString] = """
SELECT delivery.*, event.body FROM delivery JOIN event USING (event_id)
WHERE delivery.state = 'pending' AND delivery.due_at <= :now AND NOT EXISTS (
    SELECT 1 FROM delivery AS elder WHERE elder.checkout_id = delivery.checkout_id
    AND elder.delivery_id < delivery.delivery_id AND elder.state = 'pending')
ORDER BY delivery.due_at, delivery.delivery_id LIMIT :limit
"""
DELIVERIES_AFTER: Final[LiteralString] = """
SELECT delivery.*, event.body FROM delivery JOIN event USING (event_id)
WHERE delivery.delivery_id > :after AND (:state IS NULL OR delivery.state = :state)
ORDER BY delivery.delivery_id LIMIT :limit
"""
DELIVERY_TRIED: Final[LiteralString] = """
UPDATE delivery SET state = :state, attempts = attempts + 1, due_at = :due_at, last_answer = :last_answer
WHERE delivery_id = :delivery_id
"""
PENDING_DUE_NOW: Final[LiteralString] = "UPDATE delivery SET due_at = :now WHERE state = 'pending'"
