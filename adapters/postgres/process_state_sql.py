"""SQL statements on the state of the processes."""

from typing import LiteralString

INSERT_RULE: LiteralString = "INSERT INTO records.process (rule) VALUES (%(rule)s) ON CONFLICT DO NOTHING"

ACQUIRE: LiteralString = """
UPDATE records.process SET owner = %(owner)s, fence = fence + 1, heartbeat_at = clock_timestamp()
WHERE rule = %(rule)s
  AND (owner = %(owner)s OR heartbeat_at < clock_timestamp() - make_interval(secs => %(silence_s)s))
  AND retry_at <= clock_timestamp()
RETURNING fence, checkpoint, digest, failed_position, tries
"""

FAIL: LiteralString = """
UPDATE records.process
SET failed_at = clock_timestamp(), error = %(error)s, failed_position = %(position)s, tries = tries + 1,
    retry_at = clock_timestamp() + %(pause)s
WHERE rule = %(rule)s AND owner = %(owner)s AND fence = %(fence)s
"""

RECOVER: LiteralString = """
UPDATE records.process
SET failed_at = NULL, error = NULL, failed_position = NULL, tries = 0, retry_at = '-infinity'
WHERE rule = %(rule)s AND owner = %(owner)s AND fence = %(fence)s
"""

RETRY: LiteralString = """
UPDATE records.process SET retry_at = '-infinity' WHERE rule = %(rule)s AND failed_at IS NOT NULL
"""

REPORTS: LiteralString = """
SELECT rule AS name, checkpoint AS position, nullif(heartbeat_at, '-infinity') AS heartbeat_at, failed_at, error,
    failed_position, tries, nullif(retry_at, '-infinity') AS retry_at, waiting, retrying
FROM records.process
    CROSS JOIN LATERAL (
        SELECT count(*) AS waiting, count(*) FILTER (WHERE work.tries > 0) AS retrying
        FROM records.process_work AS work
        WHERE work.rule = process.rule
    ) AS work
ORDER BY rule
"""

RENEW: LiteralString = """
UPDATE records.process SET heartbeat_at = clock_timestamp()
WHERE rule = %(rule)s AND owner = %(owner)s AND fence = %(fence)s
"""

RELEASE: LiteralString = """
UPDATE records.process SET heartbeat_at = '-infinity'
WHERE rule = %(rule)s AND owner = %(owner)s AND fence = %(fence)s
"""

RELEASE_ALL: LiteralString = "UPDATE records.process SET heartbeat_at = '-infinity'"

# now() is constant within the statement, so the index is used; clock_timestamp() would be evaluated for each row.
DUE: LiteralString = """
SELECT now(), subject, cause, cause_position, due_at, tries, cursor
FROM records.process_work
WHERE rule = %(rule)s AND due_at <= now()
ORDER BY due_at
LIMIT %(limit)s
"""

# Commits that a server crash loses are done again, so they need no sync.
NOT_DURABLE: LiteralString = "SET LOCAL synchronous_commit = off"

# Locks the rule's row, so that two owners cannot commit concurrently. The stored checkpoint differs from the owner's
# after a server crash lost its latest commits; then their work items are missing as well.
ADVANCE: LiteralString = """
UPDATE records.process
SET checkpoint = coalesce(%(checkpoint)s, checkpoint), digest = coalesce(%(digest)s, digest),
    heartbeat_at = clock_timestamp()
WHERE rule = %(rule)s AND owner = %(owner)s AND fence = %(fence)s AND checkpoint = %(known)s
"""

DROP: LiteralString = "DELETE FROM records.process_work WHERE rule = %(rule)s AND subject = ANY (%(subjects)s)"

DROP_ALL: LiteralString = "DELETE FROM records.process_work WHERE rule = %(rule)s"

PUT: LiteralString = """
INSERT INTO records.process_work (rule, subject, cause, cause_position, due_at, tries, cursor)
SELECT %(rule)s, subject, cause, cause_position, due_at, tries, cursor
FROM unnest(
    %(subjects)s::text[], %(causes)s::uuid[], %(positions)s::bigint[], %(due_ats)s::timestamptz[],
    %(tries)s::integer[], %(cursors)s::bigint[]
) AS put (subject, cause, cause_position, due_at, tries, cursor)
ON CONFLICT (rule, subject) DO UPDATE
SET cause = excluded.cause, cause_position = excluded.cause_position, due_at = excluded.due_at,
    tries = excluded.tries, cursor = excluded.cursor
"""

PUT_IF_ABSENT: LiteralString = """
INSERT INTO records.process_work (rule, subject, cause, cause_position, due_at, tries, cursor)
SELECT %(rule)s, subject, cause, cause_position, due_at, tries, cursor
FROM unnest(
    %(subjects)s::text[], %(causes)s::uuid[], %(positions)s::bigint[], %(due_ats)s::timestamptz[],
    %(tries)s::integer[], %(cursors)s::bigint[]
) AS put (subject, cause, cause_position, due_at, tries, cursor)
ON CONFLICT (rule, subject) DO NOTHING
"""

REFUSED: LiteralString = """
INSERT INTO records.process_refusal (rule, subject, cause, code)
SELECT %(rule)s, subject, cause, code
FROM unnest(%(subjects)s::text[], %(causes)s::uuid[], %(codes)s::text[]) AS refused (subject, cause, code)
"""

DELETE_OLD_REFUSALS: LiteralString = """
DELETE FROM records.process_refusal
WHERE rule = %(rule)s AND number <= (
    SELECT number FROM records.process_refusal WHERE rule = %(rule)s ORDER BY number DESC OFFSET %(kept)s LIMIT 1
)
"""
