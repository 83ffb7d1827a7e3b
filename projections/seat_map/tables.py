"""SQL statements of the seat map."""

from typing import LiteralString

# `until` is the deadline of a hold or the release date of a block; queries compare it with the current time.
SCHEMA: LiteralString = """
CREATE TABLE seat (
    performance text COLLATE "C" NOT NULL,
    seat        text COLLATE "C" NOT NULL,
    state       text COLLATE "C" NOT NULL,
    until       timestamp with time zone,
    price       bigint,
    position    bigint NOT NULL,
    PRIMARY KEY (performance, seat)
) WITH (fillfactor = 70);

-- Number of seats per state and deadline; a hold's deadline is rounded up to the second, a block's is exact.
CREATE TABLE tally (
    performance text COLLATE "C" NOT NULL,
    state       text COLLATE "C" NOT NULL,
    until       timestamp with time zone NOT NULL,
    seats       bigint NOT NULL,
    PRIMARY KEY (performance, state, until)
) WITH (fillfactor = 50);
"""

# Events that extend or sell a hold have no price: the row keeps its price. LIMIT 1 makes the planner use the index; it
# would otherwise read the whole table for each batch until the table is many times as large as the batch.
FOLD_SEATS: LiteralString = """
WITH incoming AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(rows)s::json) AS r (
        performance text, seat text, state text, until timestamptz, price bigint, keeps_price boolean, position bigint
    )
), change AS MATERIALIZED (
    SELECT incoming.performance, incoming.seat, incoming.state, incoming.until, incoming.position,
           CASE WHEN incoming.keeps_price THEN seat.price ELSE incoming.price END AS price,
           seat.state AS state_before, seat.until AS until_before
    FROM incoming LEFT JOIN LATERAL (
        SELECT * FROM seat WHERE (seat.performance, seat.seat) = (incoming.performance, incoming.seat) LIMIT 1
    ) AS seat ON true
), written AS (
    INSERT INTO seat (performance, seat, state, until, price, position)
    SELECT performance, seat, state, until, price, position FROM change
    ON CONFLICT (performance, seat) DO UPDATE SET
        state = excluded.state, until = excluded.until, price = excluded.price, position = excluded.position
), moved AS (
    SELECT performance, state,
           coalesce(
               CASE WHEN state = 'held' THEN date_bin('1 second', until + interval '0.999999 seconds', 'epoch')
                    ELSE until END,
               'infinity'
           ) AS until,
           sum(seats) AS seats
    FROM (
        SELECT performance, state, until, 1 AS seats FROM change
        UNION ALL
        SELECT performance, state_before, until_before, -1 FROM change WHERE state_before IS NOT NULL
    ) AS steps
    WHERE state <> 'free'
    GROUP BY 1, 2, 3
    HAVING sum(seats) <> 0
)
INSERT INTO tally (performance, state, until, seats)
SELECT performance, state, until, seats FROM moved
ON CONFLICT (performance, state, until) DO UPDATE SET seats = tally.seats + excluded.seats
"""

DROP_EMPTY_TALLIES: LiteralString = """
DELETE FROM tally USING (
    SELECT DISTINCT r.performance FROM json_to_recordset(%(rows)s::json) AS r (performance text)
) AS touched
WHERE tally.performance = touched.performance AND tally.seats = 0
"""

SEATS_OF_PERFORMANCE: LiteralString = """
SELECT state, until, array_agg(seat) AS seats, array_agg(position) AS positions
FROM {seat_map}.seat
WHERE performance = %(performance)s
GROUP BY state, until
"""

TALLIES: LiteralString = """
SELECT performance,
       sum(seats) FILTER (WHERE state = 'held')::bigint AS held,
       sum(seats) FILTER (WHERE state = 'sold')::bigint AS sold,
       sum(seats) FILTER (WHERE state = 'blocked')::bigint AS blocked
FROM {seat_map}.tally
WHERE performance = ANY (%(performances)s::text[]) AND until > %(now)s
GROUP BY performance
"""
