"""SQL statements on the versions of a read model: live, being built, retired."""

from typing import LiteralString

# Held until the session ends: one session at a time works on the versions of a read model.
TRY_LOCK: LiteralString = "SELECT pg_try_advisory_lock(%(lock)s, hashtext(%(name)s))"

# A worker's session is never idle for long; an idle one belongs to a suspended process and is terminated.
TERMINATE_SILENT: LiteralString = """
SELECT pg_terminate_backend(session.pid, %(patience_ms)s)
FROM pg_locks AS held
JOIN pg_stat_activity AS session USING (pid)
WHERE held.locktype = 'advisory' AND held.classid = %(lock)s::oid AND held.objsubid = 2
  AND held.objid = (hashtext(%(name)s)::bigint & 4294967295)::oid
  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND session.state LIKE 'idle%%'
  AND session.state_change < clock_timestamp() - %(silence_s)s * interval '1 second'
"""

BUILDS: LiteralString = """
SELECT schema, name, version, position, digest, state, swap_anyway, begun_at, differences, error,
       EXISTS (
           SELECT FROM pg_locks AS held
           WHERE held.locktype = 'advisory' AND held.classid = %(lock)s::oid AND held.objsubid = 2
             AND held.objid = (hashtext(build.name)::bigint & 4294967295)::oid
             AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       ) AS has_worker
FROM projections.build
ORDER BY name, state = 'retired', schema
"""

CONFIGURE: LiteralString = """
SELECT set_config('search_path', %(schema)s, false), set_config('synchronous_commit', 'off', false),
       set_config('statement_timeout', %(statement_timeout)s, false)
"""

LOCK: LiteralString = """
SELECT name, version, schema, position, digest, fence, state
FROM projections.projection WHERE name = %(name)s FOR UPDATE
"""

LIVE: LiteralString = """
SELECT name, version, schema, position, digest, fence, state
FROM projections.projection WHERE name = %(name)s
"""

NEXT_GENERATION: LiteralString = """
UPDATE projections.projection SET generation = generation + 1 WHERE name = %(name)s RETURNING generation
"""

INSERT_BUILD: LiteralString = """
INSERT INTO projections.build (schema, name, version, position, state, swap_anyway, begun_at)
VALUES (%(schema)s, %(name)s, %(version)s, 0, 'filling', %(swap_anyway)s, clock_timestamp())
"""

# The retired version becomes a build, which a rebuild brings up to date.
REACTIVATE: LiteralString = """
UPDATE projections.build SET state = 'filling', swap_anyway = true, begun_at = clock_timestamp()
WHERE name = %(name)s AND state = 'retired'
RETURNING schema
"""

RESUME_BUILD: LiteralString = """
UPDATE projections.build
SET state = CASE state WHEN 'following' THEN state ELSE 'filling' END,
    swap_anyway = swap_anyway OR %(swap_anyway)s, differences = NULL, error = NULL
WHERE schema = %(schema)s
"""

ADVANCE: LiteralString = """
UPDATE projections.build SET position = %(upto)s, digest = %(digest)s
WHERE schema = %(schema)s AND position = %(after)s AND state IN ('filling', 'following')
RETURNING schema
"""

STOP_BUILD: LiteralString = """
UPDATE projections.build SET state = %(state)s, error = %(error)s, differences = %(differences)s::json
WHERE schema = %(schema)s
"""

SET_FOLLOWING: LiteralString = "UPDATE projections.build SET state = 'following' WHERE schema = %(schema)s"

SET_DUAL_WRITE: LiteralString = "UPDATE projections.projection SET follower = %(follower)s WHERE name = %(name)s"

CLEAR_DUAL_WRITE: LiteralString = """
UPDATE projections.projection SET follower = NULL WHERE name = %(name)s AND follower = %(schema)s
"""

DELETE_BUILD: LiteralString = "DELETE FROM projections.build WHERE schema = %(schema)s"

RETIRE: LiteralString = """
INSERT INTO projections.build (schema, name, version, position, digest, state, swap_anyway, begun_at)
VALUES (%(schema)s, %(name)s, %(version)s, %(position)s, %(digest)s, 'retired', false, clock_timestamp())
"""

# A failed read model runs again with the new tables; a paused one stays paused.
SWAP: LiteralString = """
UPDATE projections.projection
SET version = %(version)s, schema = %(schema)s, position = %(position)s, digest = %(digest)s, fence = fence + 1,
    follower = NULL,
    state = coalesce(%(state)s, CASE state WHEN 'failed' THEN 'running' ELSE state END),
    error = NULL, failed_position = NULL
WHERE name = %(name)s
"""

SNAPSHOT: LiteralString = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"

# Whole tables are read, so sequential scans are fastest.
READ_WHOLE_TABLES: LiteralString = "SELECT set_config('enable_seqscan', 'on', true)"

COLUMNS: LiteralString = """
SELECT relname, array_agg(attname ORDER BY attname)
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %(schema)s)
  AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
GROUP BY relname
ORDER BY relname
"""

# The sum does not depend on the order of the rows.
FINGERPRINT: LiteralString = "SELECT count(*), sum(hashtextextended(ROW({columns})::text, 0)) FROM {schema}.{table}"

ONLY_IN: LiteralString = """
SELECT left(row_text, %(characters)s) FROM (
    SELECT ROW({columns})::text AS row_text FROM {schema}.{table}
    EXCEPT ALL
    SELECT ROW({columns})::text FROM {other}.{table}
) AS found
ORDER BY row_text
LIMIT %(limit)s
"""

PART_ONLY_LIVE: LiteralString = """
SELECT left(row_text, %(characters)s) FROM (
    SELECT t::text AS row_text FROM {live} AS t WHERE {performance} = %(performance)s
    EXCEPT ALL
    SELECT t::text FROM {built} AS t
) AS found
ORDER BY row_text
LIMIT %(limit)s
"""

PART_ONLY_BUILT: LiteralString = """
SELECT left(row_text, %(characters)s) FROM (
    SELECT t::text AS row_text FROM {built} AS t
    EXCEPT ALL
    SELECT t::text FROM {live} AS t WHERE {performance} = %(performance)s
) AS found
ORDER BY row_text
LIMIT %(limit)s
"""

PART_COUNTS: LiteralString = """
SELECT (SELECT count(*) FROM {live} WHERE {performance} = %(performance)s), (SELECT count(*) FROM {built})
"""

DELETE_PART: LiteralString = "DELETE FROM {live} WHERE {performance} = %(performance)s"
INSERT_PART: LiteralString = "INSERT INTO {live} SELECT * FROM {built}"
DROP_TEMPORARY: LiteralString = "DISCARD TEMP"

PENDING_REQUESTS: LiteralString = """
SELECT wish_id AS request_id, name, kind, performance, swap_anyway
FROM projections.wish
WHERE taken_at IS NULL AND name = ANY (%(names)s::text[])
"""

ENQUEUE: LiteralString = """
INSERT INTO projections.wish (wish_id, name, kind, performance, swap_anyway)
VALUES (%(wish_id)s, %(name)s, %(kind)s, %(performance)s, %(swap_anyway)s)
"""

COMPLETE: LiteralString = """
UPDATE projections.wish SET taken_at = clock_timestamp(), refusal = %(refusal)s
WHERE wish_id = %(wish_id)s AND taken_at IS NULL
RETURNING wish_id
"""

DELETE_OLD_REQUESTS: LiteralString = """
DELETE FROM projections.wish WHERE taken_at < clock_timestamp() - %(days)s * interval '1 day'
"""

SIZE: LiteralString = """
SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
WHERE relkind = 'r' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %(schema)s)
"""
