"""Statements of the seat map."""

from typing import LiteralString

# `until` is a hold's deadline or the day a block ends by itself; whether it has come is the reader's clock's to say.
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

-- How many seats are in each state; those that end by themselves are counted by their deadline: a block's as it is, a
-- hold's rounded up to the second.
CREATE TABLE tally (
    performance text COLLATE "C" NOT NULL,
    state       text COLLATE "C" NOT NULL,
    until       timestamp with time zone NOT NULL,
    seats       bigint NOT NULL,
    PRIMARY KEY (performance, state, until)
) WITH (fillfactor = 50);
"""

# A price is not repeated by the events that extend or sell a held seat: they keep the one that stands. The limit keeps
# the planner from reading the whole table for a batch, which it does until a house is many times as large as the batch.
FOLD_SEATS: LiteralString = """
WITH told AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(rows)s::json) AS r (
        performance text, seat text, state text, until timestamptz, price bigint, keeps_price boolean, position bigint
    )
), change AS MATERIALIZED (
    SELECT told.performance, told.seat, told.state, told.until, told.position,
           CASE WHEN told.keeps_price THEN seat.price ELSE told.price END AS price,
           seat.state AS state_before, seat.until AS until_before
    FROM told LEFT JOIN LATERAL (
        SELECT * FROM seat WHERE (seat.performance, seat.seat) = (told.performance, told.seat) LIMIT 1
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
