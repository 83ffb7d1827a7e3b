"""SQL statements of the queries for orders, payments, refunds and holds."""

from typing import LiteralString

# Orders, payments and refunds are read in one statement, hence in one snapshot.
_ORDERS: LiteralString = """
SELECT order_id, order_code, account, performance, event, organizer, contact, status, total, currency,
       lines, tickets, cancelled, paid_by, expires_at, placed_at, confirmed_at, position,
       (SELECT json_agg(paid ORDER BY paid.position) FROM {my_orders}.payment AS paid
        WHERE paid.order_id = orders.order_id) AS payments,
       (SELECT json_agg(back ORDER BY back.position) FROM {my_orders}.refund AS back
        WHERE back.order_id = orders.order_id) AS refunds
FROM {my_orders}.orders
"""

ORDERS_OF_ACCOUNT: LiteralString = (
    _ORDERS
    + """
WHERE account = %(account)s AND position < %(before)s
ORDER BY position DESC
LIMIT %(limit)s
"""
)

ORDER: LiteralString = _ORDERS + "WHERE order_id = %(order)s"

ORDERS_BY_CODE: LiteralString = _ORDERS + "WHERE order_code = %(code)s"

# Search terms are resolved to keys first; each kind of key has an index. A label is searched within one performance
# only. A pending order past its deadline counts as expired.
FIND_ORDERS: LiteralString = (
    _ORDERS
    + """
WHERE position < %(before)s
  AND (%(owner)s::text IS NULL OR account = %(owner)s::text OR organizer = ANY (%(organizers)s::text[]))
  AND (
    %(status)s::text IS NULL
    OR CASE WHEN status = 'pending' AND expires_at <= %(now)s THEN 'expired' ELSE status END = %(status)s::text
  )
  AND (%(performance)s::text IS NULL OR performance = %(performance)s::text)
  AND (%(account)s::text IS NULL OR account = %(account)s::text)
  AND (
    NOT %(searching)s
    OR order_id = ANY (%(orders)s::text[])
    OR order_code = ANY (%(codes)s::text[])
    OR account = ANY (%(accounts)s::text[])
    OR contact = ANY (%(contacts)s::text[])
    OR %(label)s::text IS NOT NULL AND EXISTS (
        SELECT FROM json_array_elements(lines) AS line
        WHERE strpos(lower(line #>> '{{place,label}}'), %(label)s::text) > 0
    )
  )
ORDER BY position DESC
LIMIT %(limit)s
"""
)

_REFUNDS: LiteralString = """
SELECT refund, order_id, payment, account, organizer, performance, status, lines, amount, currency, reason, reason_text,
       attempts, failure, owner, requested_by, requested_at, decided_by, decided_at, rejection, completed_at, position
FROM {my_orders}.refund
"""

# Uses the index on orders by account, then the index on refunds by order.
REFUNDS_OF_ACCOUNT: LiteralString = (
    _REFUNDS
    + """
WHERE order_id IN (SELECT order_id FROM {my_orders}.orders WHERE account = %(account)s)
  AND (%(status)s::text IS NULL OR status = %(status)s::text)
  AND position > %(after)s
ORDER BY position
LIMIT %(limit)s
"""
)

REFUNDS_BY_STATUS: LiteralString = (
    _REFUNDS
    + """
WHERE status = %(status)s AND position > %(after)s
ORDER BY position
LIMIT %(limit)s
"""
)

REFUNDS: LiteralString = _REFUNDS + "WHERE position > %(after)s ORDER BY position LIMIT %(limit)s"

HOLDS_OF_ACCOUNT: LiteralString = """
SELECT hold, account, performance, event, lines, total, currency, expires_at, position
FROM {my_orders}.hold
WHERE account = %(account)s AND position < %(before)s AND expires_at > %(now)s
ORDER BY position DESC
LIMIT %(limit)s
"""

BOOKED: LiteralString = """
SELECT EXISTS (SELECT FROM {my_orders}.orders WHERE event = %(event)s)
    OR EXISTS (SELECT FROM {my_orders}.hold WHERE event = %(event)s AND expires_at > %(now)s) AS booked
"""

# An order is refunded once all its lines are; otherwise a refund that needs support makes it failed.
REFUND_PROGRESS: LiteralString = """
WITH known AS (
    SELECT o.order_id, o.order_code, o.position,
           coalesce(f.lines_back, 0) >= json_array_length(o.lines) AS is_refunded,
           coalesce(f.amount_back, 0) AS amount_back, f.failed_refund, f.failure
    FROM {my_orders}.orders AS o
    LEFT JOIN LATERAL (
        SELECT sum(cardinality(r.lines)) FILTER (WHERE r.status IN ('completed', 'paid_another_way')) AS lines_back,
               sum(r.amount) FILTER (WHERE r.status IN ('completed', 'paid_another_way')) AS amount_back,
               min(r.refund) FILTER (WHERE r.problem IS NOT NULL) AS failed_refund,
               min(r.problem) AS failure
        FROM (
            SELECT refund.*, CASE
                WHEN refund.status = 'written_off' THEN 'written_off'
                WHEN refund.owner IS NOT NULL THEN coalesce(refund.failure, 'failed')
                WHEN refund.status = 'rejected' AND refund.reason = 'performance_cancelled' THEN 'rejected'
                WHEN refund.status = 'requested' AND paid.dispute IN ('open', 'lost') THEN 'disputed'
            END AS problem
            FROM {my_orders}.refund
            LEFT JOIN {my_orders}.payment AS paid ON paid.payment = refund.payment
            WHERE refund.order_id = o.order_id AND cardinality(refund.lines) > 0
        ) AS r
    ) AS f ON true
    WHERE o.performance = %(performance)s AND o.status = 'confirmed'
)
SELECT count(*) AS orders,
       count(*) FILTER (WHERE is_refunded) AS refunded,
       count(*) FILTER (WHERE NOT is_refunded AND failed_refund IS NOT NULL) AS failed,
       coalesce(sum(amount_back), 0)::bigint AS refunded_amount,
       (SELECT json_agg(first) FROM (
            SELECT order_id, order_code, failed_refund AS refund, failure
            FROM known WHERE NOT is_refunded AND failed_refund IS NOT NULL
            ORDER BY position LIMIT %(limit)s
        ) AS first) AS unrefunded
FROM known
"""
