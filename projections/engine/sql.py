"""SQL statements on the control rows."""

from typing import LiteralString

SCHEMAS: LiteralString = "SELECT name, schema FROM projections.projection"

# No row means that a schema was swapped after its name was read. The outer side is a single row without a join
# condition, so the plan is a nested loop and keeps the order of the inner query.
READ_WITHIN: LiteralString = """
WITH checkpoint AS MATERIALIZED (
    SELECT min(position) AS read_position
    FROM projections.projection
    WHERE (name, schema) IN (SELECT * FROM unnest(%(read_models)s::text[], %(read_schemas)s::text[]))
    HAVING count(*) = cardinality(%(read_models)s::text[])
)
SELECT checkpoint.read_position, found.*
FROM checkpoint
LEFT JOIN LATERAL (SELECT true AS read_found, wanted.* FROM ({query}) AS wanted) AS found ON true
"""

POSITIONS: LiteralString = "SELECT name, position FROM projections.projection"

STATES: LiteralString = """
SELECT name, version, schema, position, digest, fence, state, owner, heartbeat_at, error, failed_position
FROM projections.projection
ORDER BY name
"""

# A new read model has no owner; the first process to tick acquires it.
REGISTER: LiteralString = """
INSERT INTO projections.projection (name, version, schema, position, fence, state, heartbeat_at)
VALUES (%(name)s, %(version)s, %(schema)s, 0, 0, 'running', clock_timestamp())
ON CONFLICT (name) DO NOTHING
RETURNING name
"""

CREATE_SCHEMA: LiteralString = "SELECT projections.create_schema(%(schema)s)"
DROP_SCHEMA: LiteralString = "SELECT projections.drop_schema(%(schema)s)"

# Unqualified names refer to the read model's schema. Commits that a server crash loses are folded again, so they need
# no sync. `idle_in_transaction_session_timeout` ends a suspended worker's transaction, so that a standby can take over.
CONFIGURE: LiteralString = """
SELECT set_config('search_path', %(schema)s, false), set_config('synchronous_commit', 'off', false),
       set_config('idle_in_transaction_session_timeout', '5s', false)
"""

SET_SEARCH_PATH: LiteralString = "SELECT set_config('search_path', %(schema)s, true)"

GRANT_READ: LiteralString = "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {app}"

# SKIP LOCKED leaves out rows locked by a batch in progress: their owner is alive. A change of owner raises the fence,
# so that no statement of the former owner has an effect.
ACQUIRE_OR_RENEW: LiteralString = """
UPDATE projections.projection AS p
SET owner = %(owner)s,
    fence = p.fence + CASE WHEN p.owner = %(owner)s THEN 0 ELSE 1 END,
    heartbeat_at = clock_timestamp()
FROM (
    SELECT name FROM projections.projection
    WHERE name = ANY (%(names)s::text[])
      AND (owner = %(owner)s OR owner IS NULL
           OR heartbeat_at < clock_timestamp() - %(silence_s)s * interval '1 second')
    FOR UPDATE SKIP LOCKED
) AS free
WHERE p.name = free.name
RETURNING p.name, p.version, p.schema, p.position, p.digest, p.fence, p.state
"""

RELEASE: LiteralString = "UPDATE projections.projection SET owner = NULL WHERE owner = %(owner)s"

RELEASE_ALL: LiteralString = "UPDATE projections.projection SET owner = NULL WHERE owner IS NOT NULL"

ADVANCE: LiteralString = """
UPDATE projections.projection
SET position = %(upto)s, digest = %(digest)s, heartbeat_at = clock_timestamp()
WHERE name = %(name)s AND position = %(after)s AND fence = %(fence)s AND state = 'running'
RETURNING follower
"""

# For batches without rows and without a dual write: one statement, which is its own transaction.
ADVANCE_ALONE: LiteralString = """
UPDATE projections.projection
SET position = %(upto)s, digest = %(digest)s, heartbeat_at = clock_timestamp()
WHERE name = %(name)s AND position = %(after)s AND fence = %(fence)s AND state = 'running' AND follower IS NULL
"""

FAIL: LiteralString = """
UPDATE projections.projection
SET state = 'failed', error = %(error)s, failed_position = %(failed_position)s
WHERE name = %(name)s AND position = %(after)s AND fence = %(fence)s AND state = 'running'
RETURNING name
"""

LOCK_SNAPSHOT: LiteralString = """
SELECT name, version, schema, position, state, failed_position
FROM projections.projection
WHERE name = %(name)s
FOR UPDATE
"""

# The raised fence ends the running projector; the next one reads the exclusions again.
SET_STATE: LiteralString = """
UPDATE projections.projection
SET state = %(state)s, fence = fence + 1, error = NULL, failed_position = NULL
WHERE name = %(name)s
"""

# Rows were exchanged: caches of them reload when the revision changes.
INCREMENT_REVISION: LiteralString = "UPDATE projections.projection SET revision = revision + 1 WHERE name = %(name)s"

EDITION: LiteralString = """
SELECT position, digest, revision, (SELECT id FROM eventstore.epoch) AS epoch
FROM projections.projection WHERE name = %(name)s
"""
