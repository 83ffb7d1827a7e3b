"""SQL statements of the sales figures."""

from typing import LiteralString

# `day`: the day on which the event was recorded, in the venue's time zone at that time.
# Money that belongs to no order line has an empty category and ticket type.
SCHEMA: LiteralString = """
CREATE TABLE sale (
    organizer    text COLLATE "C" NOT NULL,
    performance  text COLLATE "C" NOT NULL,
    day          date NOT NULL,
    category     text COLLATE "C" NOT NULL,
    ticket_type  text COLLATE "C" NOT NULL,
    currency     text COLLATE "C" NOT NULL,
    sold         bigint NOT NULL,
    returned     bigint NOT NULL,
    gross        bigint NOT NULL,
    returned_gross bigint NOT NULL,
    refunded     bigint NOT NULL,
    disputes_lost bigint NOT NULL,
    PRIMARY KEY (organizer, performance, day, category, ticket_type, currency)
) WITH (fillfactor = 50);

CREATE INDEX sale_of_performance ON sale (performance);

-- Fields that later events of an order do not repeat; a line's `refundable` is in minor units.
CREATE TABLE ordered (
    order_id    text COLLATE "C" NOT NULL PRIMARY KEY,
    organizer   text COLLATE "C" NOT NULL,
    performance text COLLATE "C" NOT NULL,
    currency    text COLLATE "C" NOT NULL,
    lines       json NOT NULL
);

CREATE TABLE opened_refund (
    refund   text COLLATE "C" NOT NULL PRIMARY KEY,
    order_id text COLLATE "C" NOT NULL,
    lines    text[] NOT NULL,
    amount   bigint NOT NULL,
    currency text COLLATE "C" NOT NULL
);

CREATE TABLE showing (
    performance text COLLATE "C" NOT NULL PRIMARY KEY,
    venue       text COLLATE "C" NOT NULL
);

-- A venue's time zone for events after a position; UTC if the server does not know the zone.
CREATE TABLE zone (
    venue     text COLLATE "C" NOT NULL,
    since     bigint NOT NULL,
    time_zone text NOT NULL,
    PRIMARY KEY (venue, since)
);
"""

CACHE_PERFORMANCES: LiteralString = """
INSERT INTO showing (performance, venue)
SELECT performance, venue FROM json_to_recordset(%(rows)s::json) AS r (performance text, venue text)
"""

CACHE_TIME_ZONES: LiteralString = """
INSERT INTO zone (venue, since, time_zone)
SELECT venue, since, coalesce((SELECT name FROM pg_timezone_names WHERE name = r.time_zone), 'UTC')
FROM json_to_recordset(%(rows)s::json) AS r (venue text, since bigint, time_zone text)
"""

CACHE_ORDERS: LiteralString = """
INSERT INTO ordered (order_id, organizer, performance, currency, lines)
SELECT order_id, organizer, performance, currency, lines
FROM json_to_recordset(%(rows)s::json) AS r (
    order_id text, organizer text, performance text, currency text, lines json
)
"""

CACHE_REFUNDS: LiteralString = """
INSERT INTO opened_refund (refund, order_id, lines, amount, currency)
SELECT refund, order_id, lines, amount, currency
FROM json_to_recordset(%(rows)s::json) AS r (refund text, order_id text, lines text[], amount bigint, currency text)
"""

_ADD: LiteralString = """
INSERT INTO sale (
    organizer, performance, day, category, ticket_type, currency, sold, returned, gross, returned_gross, refunded,
    disputes_lost
)
"""

_ADD_TO_EXISTING: LiteralString = """
ON CONFLICT (organizer, performance, day, category, ticket_type, currency) DO UPDATE SET
    sold = sale.sold + excluded.sold, returned = sale.returned + excluded.returned,
    gross = sale.gross + excluded.gross, returned_gross = sale.returned_gross + excluded.returned_gross,
    refunded = sale.refunded + excluded.refunded, disputes_lost = sale.disputes_lost + excluded.disputes_lost
"""

# `o` is the order, `r` the row of the event.
_DAY: LiteralString = """
(r.recorded_at AT TIME ZONE coalesce(
    (
        SELECT zone.time_zone FROM showing JOIN zone USING (venue)
        WHERE showing.performance = o.performance AND zone.since < r.position
        ORDER BY zone.since DESC LIMIT 1
    ), 'UTC'
))::date
"""

# The figures that a batch adds; `rows` has one object per event.
_SOLD: LiteralString = (
    """
SELECT o.organizer, o.performance, """
    + _DAY
    + """, l.category, l.ticket_type, o.currency,
       count(*) AS sold, 0::bigint AS returned, sum(l.gross)::bigint AS gross, 0::bigint AS returned_gross,
       0::bigint AS refunded, 0::bigint AS disputes_lost
FROM json_to_recordset(%(rows)s::json) AS r (order_id text, position bigint, recorded_at timestamp with time zone)
JOIN ordered AS o USING (order_id),
     json_to_recordset(o.lines) AS l (category text, ticket_type text, gross bigint)
GROUP BY 1, 2, 3, 4, 5, 6
"""
)

_RETURNED: LiteralString = (
    """
SELECT o.organizer, o.performance, """
    + _DAY
    + """, l.category, l.ticket_type, o.currency,
       0::bigint, count(*), 0::bigint, sum(l.gross)::bigint, 0::bigint, 0::bigint
FROM json_to_recordset(%(rows)s::json) AS r (
    order_id text, position bigint, recorded_at timestamp with time zone, lines text[]
)
JOIN ordered AS o USING (order_id),
     json_to_recordset(o.lines) AS l (line_id text, category text, ticket_type text, gross bigint)
WHERE l.line_id = ANY (r.lines)
GROUP BY 1, 2, 3, 4, 5, 6
"""
)

_REFUNDED: LiteralString = (
    """
SELECT o.organizer, o.performance, """
    + _DAY
    + """, l.category, l.ticket_type, l.currency,
       0::bigint, 0::bigint, 0::bigint, 0::bigint, sum(l.refundable)::bigint, 0::bigint
FROM json_to_recordset(%(rows)s::json) AS r (refund text, position bigint, recorded_at timestamp with time zone)
JOIN opened_refund AS f USING (refund)
JOIN ordered AS o USING (order_id),
     LATERAL (
         SELECT line.category, line.ticket_type, o.currency, CASE WHEN f.amount > 0 THEN line.refundable ELSE 0 END
                AS refundable
         FROM json_to_recordset(o.lines) AS line (line_id text, category text, ticket_type text, refundable bigint)
         WHERE line.line_id = ANY (f.lines)
         UNION ALL
         SELECT '', '', f.currency, f.amount WHERE cardinality(f.lines) = 0
     ) AS l
GROUP BY 1, 2, 3, 4, 5, 6
"""
)

# Money that belongs to no line: a dispute's amount is added to the losses, money won back is subtracted.
_LOST: LiteralString = (
    """
SELECT o.organizer, o.performance, """
    + _DAY
    + """, '', '', r.currency,
       0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, sum(r.lost)::bigint
FROM json_to_recordset(%(rows)s::json) AS r (
    order_id text, position bigint, recorded_at timestamp with time zone, currency text, lost bigint
)
JOIN ordered AS o USING (order_id)
GROUP BY 1, 2, 3, 4, 5, 6
"""
)

ADD_SOLD: LiteralString = _ADD + _SOLD + _ADD_TO_EXISTING
ADD_RETURNED: LiteralString = _ADD + _RETURNED + _ADD_TO_EXISTING
ADD_REFUNDED: LiteralString = _ADD + _REFUNDED + _ADD_TO_EXISTING
ADD_LOST: LiteralString = _ADD + _LOST + _ADD_TO_EXISTING

_SELECTED: LiteralString = """
WHERE (%(organizers)s::text[] IS NULL OR organizer = ANY (%(organizers)s::text[]))
  AND (%(performance)s::text IS NULL OR performance = %(performance)s::text)
  AND (%(since)s::date IS NULL OR day >= %(since)s::date)
  AND (%(until)s::date IS NULL OR day <= %(until)s::date)
"""

_FIGURES: LiteralString = """
    organizer, performance, day, category, ticket_type, currency, sold, returned, gross, returned_gross, refunded,
    disputes_lost
"""

# The sums of all selected rows, one row per currency, and one page of rows, in one snapshot.
_SUMS_AND_PAGE: LiteralString = """
SELECT true AS summed, NULL::text AS organizer, NULL::text AS performance, NULL::date AS day, NULL::text AS category,
       NULL::text AS ticket_type, currency, sum(sold)::bigint AS sold, sum(returned)::bigint AS returned,
       sum(gross)::bigint AS gross, sum(returned_gross)::bigint AS returned_gross, sum(refunded)::bigint AS refunded,
       sum(disputes_lost)::bigint AS disputes_lost
FROM wanted
GROUP BY currency
UNION ALL (
    SELECT false, wanted.* FROM wanted
    WHERE %(after_organizer)s::text IS NULL
       OR (organizer, performance, day, category, ticket_type, currency) > (
           %(after_organizer)s::text, %(after_performance)s::text, %(after_day)s::date, %(after_category)s::text,
           %(after_ticket_type)s::text, %(after_currency)s::text
       )
    ORDER BY organizer, performance, day, category, ticket_type, currency
    LIMIT %(limit)s
)
"""

SALES: LiteralString = (
    "WITH wanted AS MATERIALIZED (SELECT" + _FIGURES + "FROM {sales}.sale" + _SELECTED + ")" + _SUMS_AND_PAGE
)

# Days before `day` are read from the table, since the figures of a past day do not change; `day` and later ones are
# counted from the given events by the statements of the fold. The CTEs give its tables their unqualified names.
SALES_AS_OF: LiteralString = (
    """
WITH ordered AS NOT MATERIALIZED (
    SELECT * FROM {sales}.ordered
), opened_refund AS NOT MATERIALIZED (
    SELECT * FROM {sales}.opened_refund
), showing AS NOT MATERIALIZED (
    SELECT * FROM {sales}.showing
), zone AS NOT MATERIALIZED (
    SELECT * FROM {sales}.zone
), recounted (
"""
    + _FIGURES
    + ") AS (("
    + _SOLD.replace("%(rows)s", "%(sold)s")
    + ") UNION ALL ("
    + _RETURNED.replace("%(rows)s", "%(returned)s")
    + ") UNION ALL ("
    + _REFUNDED.replace("%(rows)s", "%(refunded)s")
    + ") UNION ALL ("
    + _LOST.replace("%(rows)s", "%(lost)s")
    + ")), combined AS (SELECT"
    + _FIGURES
    + "FROM recounted WHERE day >= %(day)s UNION ALL SELECT"
    + _FIGURES
    + "FROM {sales}.sale WHERE day < %(day)s), wanted AS MATERIALIZED ("
    + """
    SELECT organizer, performance, day, category, ticket_type, currency, sum(sold)::bigint AS sold,
           sum(returned)::bigint AS returned, sum(gross)::bigint AS gross,
           sum(returned_gross)::bigint AS returned_gross, sum(refunded)::bigint AS refunded,
           sum(disputes_lost)::bigint AS disputes_lost
    FROM combined
"""
    + _SELECTED
    + "GROUP BY organizer, performance, day, category, ticket_type, currency)"
    + _SUMS_AND_PAGE
)
