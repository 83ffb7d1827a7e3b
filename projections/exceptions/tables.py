"""SQL statements of the exceptions, open and closed."""

from typing import LiteralString

# An exception that was closed for a retry can be opened again; it keeps its `position`, hence its place in lists.
SCHEMA: LiteralString = """
CREATE TABLE exception (
    exception         text COLLATE "C" NOT NULL PRIMARY KEY,
    kind              text COLLATE "C" NOT NULL,
    status            text COLLATE "C" NOT NULL,
    owner             text COLLATE "C" NOT NULL,
    provider          text COLLATE "C" NOT NULL,
    amount            bigint NOT NULL,
    currency          text COLLATE "C" NOT NULL,
    refundable        bigint NOT NULL,
    order_id          text COLLATE "C",
    payment           text COLLATE "C",
    refund            text COLLATE "C",
    account           text COLLATE "C",
    organizer         text COLLATE "C",
    performance       text COLLATE "C",
    entry             bigint,
    attempts          bigint NOT NULL,
    failure           text,
    proposed          text COLLATE "C",
    proposed_by       text COLLATE "C",
    resolution        text COLLATE "C",
    reason            text COLLATE "C",
    closed_by         text COLLATE "C",
    resolution_refund text COLLATE "C",
    opened_at         timestamp with time zone NOT NULL,
    closed_at         timestamp with time zone,
    position          bigint NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX exceptions_by_position ON exception (position);
CREATE INDEX exceptions_by_status ON exception (status, position);
CREATE INDEX exceptions_of_order ON exception (order_id, position);
"""

OPEN: LiteralString = """
INSERT INTO exception (
    exception, kind, status, owner, provider, amount, currency, refundable, order_id, payment, refund, account,
    organizer, performance, entry, attempts, failure, opened_at, position
)
SELECT DISTINCT ON (exception)
       exception, kind, 'open', owner, provider, amount, currency, refundable, "order", payment, refund, account,
       organizer, performance, entry, attempts, failure, at, position
FROM json_to_recordset(%(rows)s::json) AS r (
    exception text, kind text, owner text, provider text, amount bigint, currency text, refundable bigint, "order" text,
    payment text, refund text, account text, organizer text, performance text, entry bigint, attempts bigint,
    failure text, at timestamptz, position bigint
)
ORDER BY exception, position
ON CONFLICT (exception) DO NOTHING
"""

# One row per exception, with its values at the end of the batch: null keeps a column, an empty text clears it.
MOVE: LiteralString = """
UPDATE exception SET
    status = coalesce(r.status, exception.status),
    proposed = nullif(coalesce(r.proposed, exception.proposed), ''),
    proposed_by = nullif(coalesce(r.proposed_by, exception.proposed_by), ''),
    resolution = nullif(coalesce(r.resolution, exception.resolution), ''),
    reason = nullif(coalesce(r.reason, exception.reason), ''),
    closed_by = nullif(coalesce(r.closed_by, exception.closed_by), ''),
    resolution_refund = nullif(coalesce(r.resolution_refund, exception.resolution_refund), ''),
    closed_at = CASE WHEN r.status = 'open' THEN NULL ELSE coalesce(r.closed_at, exception.closed_at) END
FROM json_to_recordset(%(rows)s::json) AS r (
    exception text, status text, proposed text, proposed_by text, resolution text, reason text, closed_by text,
    resolution_refund text, closed_at timestamptz
)
WHERE exception.exception = r.exception
"""

_EXCEPTIONS: LiteralString = """
SELECT exception, kind, status, owner, provider, amount, currency, refundable, order_id, payment, refund, account,
       organizer, performance, entry, attempts, failure, proposed, proposed_by, resolution, reason, closed_by,
       resolution_refund, opened_at, closed_at, position
FROM {exceptions}.exception
"""

_OF_KIND: LiteralString = """
  AND (%(kind)s::text IS NULL OR kind = %(kind)s::text)
ORDER BY position
LIMIT %(limit)s
"""

EXCEPTIONS: LiteralString = _EXCEPTIONS + "WHERE position > %(after)s" + _OF_KIND

EXCEPTIONS_BY_STATUS: LiteralString = _EXCEPTIONS + "WHERE status = %(status)s AND position > %(after)s" + _OF_KIND

EXCEPTIONS_OF_ORDER: LiteralString = _EXCEPTIONS + "WHERE order_id = %(order)s ORDER BY position LIMIT %(limit)s"
