"""The SQL statements of the event store."""

from typing import LiteralString

APPEND: LiteralString = """
SELECT command, outcome, first_position, last_position, at, stream, version, account, route, body_sha256,
       refused_at
FROM eventstore.append(
    %(command_ids)b, %(accounts)b, %(routes)b, %(bodies)b, %(metadatas)b, %(not_befores)b, %(not_afters)b,
    %(asked_ats)b,
    %(expectation_commands)b, %(expectation_streams)b, %(expectation_versions)b,
    %(event_expectations)b, %(event_names)b, %(event_schema_versions)b, %(event_datas)b
)
"""

_EVENT: LiteralString = """
SELECT position, stream, version, name, schema_version, command_id, part, parts, recorded_at,
       data::text, metadata::text, digest
FROM eventstore.event
"""

READ_STREAMS: LiteralString = _EVENT + "WHERE stream = ANY (%(streams)s) ORDER BY stream, version"

READ_STREAM: LiteralString = (
    _EVENT + "WHERE stream = %(stream)s AND version > %(after_version)s ORDER BY version LIMIT %(limit)s"
)

# Jumps from stream to stream in the index on (stream, version) without reading the events in between. The range ends at
# the prefix followed by the highest character; the recursion yields the streams in order and stops at the limit.
READ_LATEST: LiteralString = (
    """
WITH RECURSIVE named AS (
    (
        SELECT stream FROM eventstore.event
        WHERE stream >= %(prefix)s AND stream < %(prefix)s || chr(1114111)
        ORDER BY stream LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT event.stream FROM eventstore.event
        WHERE event.stream > named.stream AND event.stream < %(prefix)s || chr(1114111)
        ORDER BY event.stream LIMIT 1
    )
    FROM named
    WHERE named.stream IS NOT NULL
)
SELECT latest.*
FROM named
CROSS JOIN LATERAL (
"""
    + _EVENT
    + """
    WHERE event.stream = named.stream ORDER BY version DESC LIMIT 1
) AS latest
LIMIT %(limit)s
"""
)

# Positions are dense, so a range of positions also limits the number of rows.
READ_RANGE: LiteralString = _EVENT + "WHERE position > %(after)s AND position <= %(upto)s ORDER BY position"

READ_NAMED: LiteralString = (
    _EVENT + "WHERE position > %(after)s AND position <= %(upto)s AND name = ANY(%(names)s) ORDER BY position"
)

# Three long values instead of up to a hundred thousand rows. Names contain no space or line break, and neither do the
# fields that callers ask for. Streams are cut as bytes, because cutting text counts characters. `position + 0` keeps
# the planner from using the primary key, so that streams are found by their index.
_COLUMNS: LiteralString = """
SELECT coalesce(string_agg(int8send(position), ''::bytea), ''),
       coalesce(string_agg(stream_end, '\\x0a'::bytea), ''),
       coalesce(string_agg(value_text, E'\n'), '')
FROM (
    SELECT position,
           substring(textsend(stream) FROM octet_length(textsend(%(prefix)s)) + 1) AS stream_end,
           name || coalesce(
               ' ' || (data ->> (%(fields)s::text[])[array_position(%(names)s::text[], name::text)]), ''
           ) AS value_text
    FROM eventstore.event
"""
READ_COLUMNS: LiteralString = (
    _COLUMNS
    + """
    WHERE stream >= %(prefix)s AND stream < %(prefix)s || chr(1114111)
      AND position + 0 > %(after)s AND position + 0 <= %(upto)s
    ORDER BY position + 0
) AS event
"""
)

# The same for a short range: every event of the range is examined.
READ_COLUMNS_IN_RANGE: LiteralString = (
    _COLUMNS
    + """
    WHERE position > %(after)s AND position <= %(upto)s AND starts_with(stream, %(prefix)s)
    ORDER BY position
) AS event
"""
)

# `->>` yields NULL for a missing key, which IS DISTINCT FROM every value.
_WANTED: LiteralString = """
  AND (%(names)s::text[] IS NULL OR name = ANY (%(names)s::text[]))
  AND (%(prefix)s::text IS NULL OR starts_with(stream, %(prefix)s::text))
  AND (%(actor)s::text IS NULL OR %(actor)s::text IN (metadata #>> '{actor,id}', metadata #>> '{actor,kind}'))
  AND NOT EXISTS (
      SELECT FROM unnest(%(subjects)s::text[], %(subject_values)s::text[]) AS subject (name, value)
      WHERE metadata ->> subject.name IS DISTINCT FROM subject.value AND strpos(stream, subject.value) = 0
  )
"""

_IN_RANGE: LiteralString = "WHERE position > %(after)s AND position <= %(upto)s" + _WANTED
SEARCH: LiteralString = _EVENT + _IN_RANGE + "ORDER BY position LIMIT %(limit)s"
SEARCH_NEWEST_FIRST: LiteralString = _EVENT + _IN_RANGE + "ORDER BY position DESC LIMIT %(limit)s"

# `position + 0` for the same reason as above, however short the range is estimated to be.
_OF_STREAM: LiteralString = (
    "WHERE stream = %(stream)s AND position + 0 > %(after)s AND position + 0 <= %(upto)s" + _WANTED
)
SEARCH_STREAM: LiteralString = _EVENT + _OF_STREAM + "ORDER BY version LIMIT %(limit)s"
SEARCH_STREAM_NEWEST_FIRST: LiteralString = _EVENT + _OF_STREAM + "ORDER BY version DESC LIMIT %(limit)s"

# A part within a command is `part` positions after the end of the previous command.
POINT_BEFORE: LiteralString = """
SELECT ended.position, ended.recorded_at
FROM (
    SELECT position, part, parts FROM eventstore.event
    WHERE position <= %(position)s ORDER BY position DESC LIMIT 1
) AS found
JOIN eventstore.event AS ended
    ON ended.position = found.position - CASE WHEN found.part = found.parts THEN 0 ELSE found.part END
"""

# Times never decrease with the position, so a binary search finds the last one at or before a moment: some 24 steps for
# ten million events, in one statement, with no index but the primary key.
POINT_AT: LiteralString = """
WITH RECURSIVE halved AS (
    SELECT 0::bigint AS low,
           coalesce((SELECT position FROM eventstore.event ORDER BY position DESC LIMIT 1), 0) AS high
    UNION ALL
    SELECT CASE WHEN early THEN middle ELSE low END, CASE WHEN early THEN high ELSE middle - 1 END
    FROM (
        SELECT low, high, (low + high + 1) / 2 AS middle, (
            SELECT recorded_at <= %(moment)s FROM eventstore.event WHERE position = (low + high + 1) / 2
        ) AS early
        FROM halved WHERE low < high
    ) AS step
)
SELECT position, recorded_at
FROM eventstore.event
WHERE position = (SELECT low FROM halved WHERE low = high)
"""

HEAD: LiteralString = "SELECT coalesce((SELECT position FROM eventstore.event ORDER BY position DESC LIMIT 1), 0)"

NOW: LiteralString = "SELECT clock_timestamp()"

CLOCK: LiteralString = """
SELECT clock_timestamp(), coalesce(last.position, 0), last.recorded_at, EXISTS (
    SELECT FROM eventstore.clock_acceptance AS accepted WHERE accepted.recorded_at >= last.recorded_at
)
FROM (SELECT) AS once
LEFT JOIN (
    SELECT position, recorded_at FROM eventstore.event ORDER BY position DESC LIMIT 1
) AS last ON true
"""

ACCEPT_CLOCK: LiteralString = """
INSERT INTO eventstore.clock_acceptance (recorded_at, position, reason, accepted_by)
VALUES (%(recorded_at)s, %(position)s, %(reason)s, %(accepted_by)s)
ON CONFLICT (recorded_at) DO NOTHING
"""

# Set once per connection. client_connection_check_interval ends a statement whose client has disconnected; sequential
# scans are off because a plan made while the log was small is kept when it has grown.
CONFIGURE: LiteralString = """
SELECT set_config('TimeZone', 'UTC', false),
       set_config('client_connection_check_interval', '1s', false),
       set_config('lock_timeout', %(lock_timeout)s, false),
       set_config('statement_timeout', %(statement_timeout)s, false),
       set_config('idle_in_transaction_session_timeout', '30s', false),
       set_config('enable_seqscan', 'off', false),
       set_config('jit', 'off', false),
       set_config('plan_cache_mode', 'force_generic_plan', false)
"""

SESSION: LiteralString = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"

# True or no row: the session has ended, and so has its transaction.
END_SESSION: LiteralString = """
SELECT pg_terminate_backend(pid, %(patience_ms)s) FROM pg_stat_activity
WHERE pid = %(pid)s AND backend_start = %(started_at)s
"""
