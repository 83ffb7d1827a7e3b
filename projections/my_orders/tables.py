"""Tables of orders, payments, refunds and holds that are not ordered yet, and the SQL statements of their fold."""

from typing import LiteralString

SCHEMA: LiteralString = """
CREATE TABLE orders (
    order_id     text COLLATE "C" NOT NULL PRIMARY KEY,
    order_code   text COLLATE "C" NOT NULL,
    account      text COLLATE "C" NOT NULL,
    performance  text COLLATE "C" NOT NULL,
    event        text COLLATE "C" NOT NULL,
    organizer    text COLLATE "C" NOT NULL,
    contact      text COLLATE "C",
    status       text COLLATE "C" NOT NULL,
    total        bigint NOT NULL,
    currency     text COLLATE "C" NOT NULL,
    lines        json NOT NULL,
    tickets      json NOT NULL,
    cancelled    text[] NOT NULL,
    paid_by      text COLLATE "C",
    expires_at   timestamp with time zone NOT NULL,
    placed_at    timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone,
    position     bigint NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX orders_of_account ON orders (account, position);
CREATE INDEX orders_of_event ON orders (event, position);
CREATE INDEX orders_by_code ON orders (order_code);
CREATE INDEX orders_of_performance ON orders (performance, position);
CREATE INDEX orders_of_organizer ON orders (organizer, position);
CREATE INDEX orders_of_contact ON orders (contact);

CREATE TABLE payment (
    payment           text COLLATE "C" NOT NULL PRIMARY KEY,
    order_id          text COLLATE "C" NOT NULL,
    account           text COLLATE "C" NOT NULL,
    provider          text COLLATE "C" NOT NULL,
    status            text COLLATE "C" NOT NULL,
    failure           text,
    amount            bigint NOT NULL,
    captured          bigint NOT NULL,
    captured_currency text COLLATE "C",
    dispute           text COLLATE "C",
    currency          text COLLATE "C" NOT NULL,
    outcome           text COLLATE "C",
    owner             text COLLATE "C",
    expires_at        timestamp with time zone NOT NULL,
    position          bigint NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX payments_of_order ON payment (order_id, position);

CREATE TABLE refund (
    refund       text COLLATE "C" NOT NULL PRIMARY KEY,
    order_id     text COLLATE "C",
    payment      text COLLATE "C",
    account      text COLLATE "C",
    organizer    text COLLATE "C",
    performance  text COLLATE "C",
    status       text COLLATE "C" NOT NULL,
    lines        text[] NOT NULL,
    amount       bigint NOT NULL,
    currency     text COLLATE "C" NOT NULL,
    reason       text COLLATE "C" NOT NULL,
    reason_text  text,
    attempts     bigint NOT NULL,
    failure      text,
    owner        text COLLATE "C",
    requested_by text COLLATE "C",
    requested_at timestamp with time zone NOT NULL,
    decided_by   text COLLATE "C",
    decided_at   timestamp with time zone,
    rejection    text,
    completed_at timestamp with time zone,
    position     bigint NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX refunds_of_order ON refund (order_id, position);
CREATE INDEX refunds_by_status ON refund (status, position);
CREATE INDEX refunds_by_position ON refund (position);

-- Live holds that are not ordered; a hold is deleted when it is ordered, released or expired.
CREATE TABLE hold (
    hold        text COLLATE "C" NOT NULL PRIMARY KEY,
    account     text COLLATE "C" NOT NULL,
    performance text COLLATE "C" NOT NULL,
    event       text COLLATE "C" NOT NULL,
    lines       json NOT NULL,
    total       bigint NOT NULL,
    currency    text COLLATE "C" NOT NULL,
    expires_at  timestamp with time zone NOT NULL,
    position    bigint NOT NULL
);

CREATE INDEX holds_of_account ON hold (account, position);
CREATE INDEX holds_of_event ON hold (event);
"""

PLACE_ORDERS: LiteralString = """
INSERT INTO orders (
    order_id, order_code, account, performance, event, organizer, contact, status, total, currency, lines, tickets,
    cancelled, paid_by, expires_at, placed_at, confirmed_at, position
)
SELECT order_id, order_code, account, performance, event, organizer, contact, coalesce(status, 'pending'), total,
       currency, lines, coalesce(tickets, '{}'), '{}', paid_by, expires_at, at, confirmed_at, position
FROM json_to_recordset(%(rows)s::json) AS r (
    order_id text, order_code text, account text, performance text, event text, organizer text, contact text,
    status text, total bigint, currency text, lines json, tickets json, paid_by text, expires_at timestamptz,
    at timestamptz, confirmed_at timestamptz, position bigint
)
"""

MOVE_ORDERS: LiteralString = """
UPDATE orders SET
    status = coalesce(r.status, orders.status),
    tickets = coalesce(r.tickets, orders.tickets),
    paid_by = coalesce(r.paid_by, orders.paid_by),
    expires_at = coalesce(r.expires_at, orders.expires_at),
    confirmed_at = coalesce(r.confirmed_at, orders.confirmed_at)
FROM json_to_recordset(%(rows)s::json) AS r (
    order_id text, status text, tickets json, paid_by text, expires_at timestamptz, confirmed_at timestamptz
)
WHERE orders.order_id = r.order_id
"""

CANCEL_LINES: LiteralString = """
UPDATE orders SET cancelled = orders.cancelled || ended.lines
FROM (
    SELECT r.order_id, array_agg(line.id ORDER BY r.position, line.nth) AS lines
    FROM json_to_recordset(%(rows)s::json) AS r (order_id text, lines text[], position bigint),
         unnest(r.lines) WITH ORDINALITY AS line (id, nth)
    GROUP BY r.order_id
) AS ended
WHERE orders.order_id = ended.order_id
"""

REQUEST_PAYMENTS: LiteralString = """
INSERT INTO payment (
    payment, order_id, account, provider, status, failure, amount, captured, captured_currency, dispute, currency,
    outcome, owner, expires_at, position
)
SELECT payment, "order", account, provider, coalesce(status, 'open'), failure, amount, coalesce(captured, 0),
       captured_currency, dispute, currency, outcome, owner, expires_at, position
FROM json_to_recordset(%(rows)s::json) AS r (
    payment text, "order" text, account text, provider text, status text, failure text, amount bigint, captured bigint,
    captured_currency text, dispute text, currency text, outcome text, owner text,
    expires_at timestamptz, position bigint
)
"""

MOVE_PAYMENTS: LiteralString = """
UPDATE payment SET
    status = coalesce(r.status, payment.status),
    failure = coalesce(r.failure, payment.failure),
    captured = coalesce(r.captured, payment.captured),
    captured_currency = coalesce(r.captured_currency, payment.captured_currency),
    dispute = coalesce(r.dispute, payment.dispute),
    outcome = coalesce(r.outcome, payment.outcome),
    owner = coalesce(r.owner, payment.owner)
FROM json_to_recordset(%(rows)s::json) AS r (
    payment text, status text, failure text, captured bigint, captured_currency text, dispute text,
    outcome text, owner text
)
WHERE payment.payment = r.payment
"""

REQUEST_REFUNDS: LiteralString = """
INSERT INTO refund (
    refund, order_id, payment, account, organizer, performance, status, lines, amount, currency, reason, reason_text,
    attempts, failure, owner, requested_by, requested_at, decided_by, decided_at, rejection, completed_at, position
)
SELECT refund, "order", payment, account, organizer, performance, coalesce(status, 'requested'), lines, amount,
       currency, reason, reason_text, coalesce(attempt, 0), failure, nullif(owner, ''), requested_by, at, decided_by,
       decided_at, rejection, completed_at, position
FROM json_to_recordset(%(rows)s::json) AS r (
    refund text, "order" text, payment text, account text, organizer text, performance text, status text, lines text[],
    amount bigint, currency text, reason text, reason_text text, attempt bigint, failure text, owner text,
    requested_by text, at timestamptz, decided_by text, decided_at timestamptz, rejection text,
    completed_at timestamptz, position bigint
)
"""

MOVE_REFUNDS: LiteralString = """
UPDATE refund SET
    status = r.status,
    attempts = coalesce(r.attempt, refund.attempts),
    failure = coalesce(r.failure, refund.failure),
    owner = nullif(coalesce(r.owner, refund.owner), ''),
    decided_by = coalesce(r.decided_by, refund.decided_by),
    decided_at = coalesce(r.decided_at, refund.decided_at),
    rejection = coalesce(r.rejection, refund.rejection),
    completed_at = coalesce(r.completed_at, refund.completed_at)
FROM json_to_recordset(%(rows)s::json) AS r (
    refund text, status text, attempt bigint, failure text, owner text, decided_by text, decided_at timestamptz,
    rejection text, completed_at timestamptz
)
WHERE refund.refund = r.refund
"""

PLACE_HOLDS: LiteralString = """
INSERT INTO hold (hold, account, performance, event, lines, total, currency, expires_at, position)
SELECT hold, holder, performance, event, lines, total, currency, expires_at, position
FROM json_to_recordset(%(rows)s::json) AS r (
    hold text, holder text, performance text, event text, lines json, total bigint, currency text,
    expires_at timestamptz, position bigint
)
"""

MOVE_HOLD_DEADLINES: LiteralString = """
UPDATE hold SET expires_at = r.expires_at
FROM json_to_recordset(%(rows)s::json) AS r (hold text, expires_at timestamptz)
WHERE hold.hold = r.hold
"""

END_HOLDS: LiteralString = """
DELETE FROM hold USING json_to_recordset(%(rows)s::json) AS r (hold text) WHERE hold.hold = r.hold
"""

MERGE_ORDERS: LiteralString = """
UPDATE orders SET account = r.account
FROM json_to_recordset(%(rows)s::json) AS r (guest text, account text)
WHERE orders.account = r.guest
"""

MERGE_HOLDS: LiteralString = """
UPDATE hold SET account = r.account
FROM json_to_recordset(%(rows)s::json) AS r (guest text, account text)
WHERE hold.account = r.guest
"""
