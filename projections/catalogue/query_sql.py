"""SQL statements of the queries for the catalogue."""

from typing import LiteralString

# The time range: bounds are times, or days in the venue's time zone. `v` is the venue.
_WITHIN: LiteralString = """
performance.starts_at >= coalesce(
    %(since)s::timestamptz, %(since_day)s::date::timestamp AT TIME ZONE v.day_zone, '-infinity'
)
AND performance.starts_at < coalesce(
    %(until)s::timestamptz, (%(until_day)s::date + 1)::timestamp AT TIME ZONE v.day_zone, 'infinity'
)
"""

# `over`: the event has performances, but none in the time range.
_EVENTS: LiteralString = (
    """
SELECT e.event, e.organizer, o.name AS organizer_name, e.title, e.description, e.category, e.image_url, e.status,
       e.published, e.position, e.venue, v.name AS venue_name, v.city, v.country, v.time_zone,
       coalesce(p.first_within, p.last) AS first_starts_at, p.next_starts_at,
       CASE WHEN p.over THEN p.shown ELSE p.within END AS performance_count,
       p.over, CASE WHEN p.over THEN to_timestamp(-extract(epoch FROM p.last)) ELSE p.first_within END AS sort_at
FROM {catalogue}.event AS e
JOIN {catalogue}.venue AS v USING (venue)
JOIN {catalogue}.organizer AS o ON o.organizer = e.organizer
LEFT JOIN LATERAL (
    SELECT min(starts_at) FILTER (WHERE is_within) AS first_within, max(starts_at) AS last,
           min(starts_at) FILTER (WHERE starts_at >= %(now)s::timestamptz) AS next_starts_at,
           count(*) AS shown, count(*) FILTER (WHERE is_within) AS within,
           count(*) > 0 AND count(*) FILTER (WHERE is_within) = 0 AS over
    FROM (
        SELECT performance.starts_at,
"""
    + _WITHIN
    + """ AS is_within
        FROM {catalogue}.performance
        WHERE performance.event = e.event
    ) AS each_performance
) AS p ON true
WHERE e.status <> 'archived'
  AND (e.published OR %(everybody)s OR e.organizer = ANY (%(organizers)s::text[]))
"""
)

# Order: events with performances in the range by start; events without any; events that are over, latest first.
FIND_EVENTS: LiteralString = (
    _EVENTS
    + """
  AND (%(query)s::tsquery IS NULL OR e.words @@ %(query)s::tsquery)
  AND (%(city)s::text[] IS NULL OR v.city_keys && %(city)s::text[])
  AND (%(venue)s::text IS NULL OR e.venue = %(venue)s::text)
  AND (%(category)s::text[] IS NULL OR e.category_keys && %(category)s::text[])
  AND (NOT %(timed)s OR p.first_within IS NOT NULL)
  AND (
      %(after_event)s::text IS NULL
      OR (
          p.over,
          coalesce(CASE WHEN p.over THEN to_timestamp(-extract(epoch FROM p.last)) ELSE p.first_within END, 'infinity'),
          e.event
      ) > (%(after_over)s::boolean, coalesce(%(after_sort_at)s::timestamptz, 'infinity'), %(after_event)s::text)
  )
ORDER BY p.over, sort_at NULLS LAST, e.event
LIMIT %(limit)s
"""
)

EVENT: LiteralString = _EVENTS + "AND e.event = %(event)s"

_PERFORMANCE: LiteralString = """
SELECT p.performance, p.event, p.organizer, p.venue, p.layout, p.seats, p.currency, p.starts_at, p.doors_at,
       p.on_sale_at, p.prices, p.price_from, p.limits, p.entry_rules, p.sales, p.cancelled_for, p.position,
       coalesce(t.held, 0) AS held, coalesce(t.sold, 0) AS sold, coalesce(t.blocked, 0) AS blocked
FROM
"""

_WITH_TALLY: LiteralString = """
AS p
LEFT JOIN LATERAL (
    SELECT sum(tally.seats) FILTER (WHERE tally.state = 'held')::bigint AS held,
           sum(tally.seats) FILTER (WHERE tally.state = 'sold')::bigint AS sold,
           sum(tally.seats) FILTER (WHERE tally.state = 'blocked')::bigint AS blocked
    FROM {seat_map}.tally
    WHERE tally.performance = p.performance AND tally.until > %(now)s
) AS t ON true
"""

# The first performances of each event in the time range; the latest ones of an event without any in it.
PERFORMANCES_OF_EVENTS: LiteralString = (
    _PERFORMANCE
    + """(
    SELECT performance.*
    FROM (
        SELECT performance.performance, w.is_within,
               bool_or(w.is_within) OVER (PARTITION BY performance.event) AS any_within,
               row_number() OVER (
                   PARTITION BY performance.event, w.is_within
                   ORDER BY CASE WHEN w.is_within THEN performance.starts_at END, performance.starts_at DESC,
                            performance.performance
               ) AS place
        FROM {catalogue}.performance
        JOIN {catalogue}.venue AS v USING (venue)
        CROSS JOIN LATERAL (SELECT
"""
    + _WITHIN
    + """ AS is_within) AS w
        WHERE performance.event = ANY (%(events)s::text[])
    ) AS ranked
    JOIN {catalogue}.performance USING (performance)
    WHERE place <= %(per_event)s AND is_within = any_within
)
"""
    + _WITH_TALLY
    + "ORDER BY p.starts_at, p.performance"
)

PERFORMANCES_OF_EVENT: LiteralString = (
    _PERFORMANCE
    + "{catalogue}.performance"
    + _WITH_TALLY
    + """
WHERE p.event = %(event)s
  AND (%(after_performance)s::text IS NULL
       OR (p.starts_at, p.performance) > (%(after_starts_at)s::timestamptz, %(after_performance)s::text))
ORDER BY p.starts_at, p.performance
LIMIT %(limit)s::bigint
"""
)

PERFORMANCE: LiteralString = (
    _PERFORMANCE + "{catalogue}.performance" + _WITH_TALLY + "WHERE p.performance = %(performance)s"
)

SUMMARIES_OF_PERFORMANCES: LiteralString = """
SELECT p.performance, e.title AS event_title, o.name AS organizer_name, p.starts_at, p.doors_at,
       v.name AS venue_name, v.city AS venue_city, v.time_zone, p.cancelled_for AS cancel_reason
FROM {catalogue}.performance AS p
JOIN {catalogue}.event AS e USING (event)
JOIN {catalogue}.venue AS v ON v.venue = p.venue
JOIN {catalogue}.organizer AS o ON o.organizer = p.organizer
WHERE p.performance = ANY (%(performances)s::text[])
"""

VENUES: LiteralString = """
SELECT venue, organizer, name, address, city, country, time_zone, position
FROM {catalogue}.venue
WHERE position > %(after)s
  AND (%(venue)s::text IS NULL OR venue = %(venue)s::text)
  AND (%(city)s::text[] IS NULL OR city_keys && %(city)s::text[])
ORDER BY position
LIMIT %(limit)s
"""

LAYOUTS_OF_VENUE: LiteralString = """
SELECT layout, venue, organizer, version, name, seats, document_sha256, position
FROM {catalogue}.layout
WHERE venue = %(venue)s
ORDER BY version
"""

LAYOUT: LiteralString = """
SELECT layout, venue, organizer, version, name, seats, document_sha256, position
FROM {catalogue}.layout
WHERE layout = %(layout)s
"""

ORGANIZERS: LiteralString = """
SELECT o.organizer, o.name, coalesce(m.roles, '{{}}') AS roles
FROM {catalogue}.organizer AS o
LEFT JOIN {catalogue}.member AS m ON m.organizer = o.organizer AND m.account = %(account)s
WHERE o.organizer > %(after)s AND (%(everyone)s::boolean OR m.account IS NOT NULL)
ORDER BY o.organizer
LIMIT %(limit)s
"""

MEMBERS: LiteralString = """
SELECT m.organizer, o.name, m.account, m.roles
FROM {catalogue}.member AS m
JOIN {catalogue}.organizer AS o ON o.organizer = m.organizer
WHERE m.organizer = %(organizer)s
ORDER BY m.account
"""
