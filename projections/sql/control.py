"""Statements on the control rows."""

from typing import LiteralString

SCHEMAS: LiteralString = "SELECT name, schema FROM projections.projection"

# No row at all means that a schema was swapped since it was looked up. The outer side is a single row without a join
# condition, so the plan is a nested loop and the inner query's order is the answer's.
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
