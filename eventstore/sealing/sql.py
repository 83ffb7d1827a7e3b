"""The SQL statements of sealing."""

from typing import LiteralString

_SEAL: LiteralString = """
SELECT chain, number, first_position, last_position, root, fingerprints, previous, sealed_at, encode(key_id, 'hex'),
       signature
FROM eventstore.seal
"""

_OF_THE_NEWEST_CHAIN: LiteralString = (
    "WHERE chain = (SELECT chain FROM eventstore.seal ORDER BY chain DESC, number DESC LIMIT 1) "
)

# Ranges are contiguous, so the order of last positions is that of the numbers.
SEALS_COVERING: LiteralString = (
    _SEAL
    + _OF_THE_NEWEST_CHAIN
    + "AND last_position >= %(first)s AND first_position <= %(last)s ORDER BY last_position LIMIT %(limit)s"
)

SEALS_BEFORE: LiteralString = (
    _SEAL + _OF_THE_NEWEST_CHAIN + "AND number < %(before)s ORDER BY number DESC LIMIT %(limit)s"
)

KEYS: LiteralString = "SELECT encode(key_id, 'hex'), public_key FROM eventstore.seal_key ORDER BY key_id"

SEALER: LiteralString = "SELECT state, trouble, heartbeat_at FROM eventstore.sealer"

HEAD: LiteralString = "SELECT coalesce((SELECT position FROM eventstore.event ORDER BY position DESC LIMIT 1), 0)"

# Set once per connection that reads long ranges.
CONFIGURE: LiteralString = """
SELECT set_config('TimeZone', 'UTC', false),
       set_config('client_connection_check_interval', '1s', false),
       set_config('statement_timeout', '30s', false),
       set_config('enable_seqscan', 'off', false),
       set_config('jit', 'off', false)
"""

# The preimage, as in append and in eventstore/digest.py. Built by the server, because one long value per row is read
# twice as fast as its columns. timestamptz_send yields microseconds since 2000, so the hours since 1970 are added:
# that costs less than arithmetic in numeric.
CONTENT: LiteralString = """
SELECT position, part, parts,
       int8send(position)
       || int4send(octet_length(stream)) || textsend(stream)
       || int8send(version)
       || int4send(octet_length(name)) || textsend(name)
       || int4send(schema_version)
       || uuid_send(command_id)
       || int4send(part)
       || timestamptz_send(recorded_at + interval '262968 hours')
       || int4send(octet_length(json_send(data))) || json_send(data)
       || int4send(octet_length(json_send(metadata))) || json_send(metadata) AS preimage,
       digest
FROM eventstore.event
WHERE position BETWEEN %(first)s AND %(last)s
ORDER BY position
LIMIT %(limit)s
"""

# The end of the log, and whether the first unsealed event has waited for the maximum delay.
WAITING: LiteralString = """
SELECT coalesce((SELECT position FROM eventstore.event ORDER BY position DESC LIMIT 1), 0),
       coalesce((
           SELECT clock_timestamp() - recorded_at >= %(max_delay)s FROM eventstore.event WHERE position = %(next)s
       ), false)
"""

NAMED: LiteralString = "SELECT name, stream FROM eventstore.event WHERE position = %(position)s"

RECORDED_AT: LiteralString = "SELECT recorded_at FROM eventstore.event WHERE position = %(position)s"

# Held for the lifetime of the session: only one of several sealers seals.
TRY_LOCK: LiteralString = "SELECT pg_try_advisory_lock(5193477006814421773)"

LAST_COPY: LiteralString = (
    "SELECT coalesce((SELECT number FROM eventstore.seal WHERE chain = %(chain)s ORDER BY number DESC LIMIT 1), 0)"
)

NEWEST_COPY: LiteralString = "SELECT chain, number FROM eventstore.seal ORDER BY chain DESC, number DESC LIMIT 1"

COPIES: LiteralString = _SEAL + "WHERE chain = %(chain)s AND number BETWEEN %(first)s AND %(last)s ORDER BY number"

ADD_SEAL: LiteralString = """
INSERT INTO eventstore.seal (
    chain, number, first_position, last_position, root, fingerprints, previous, sealed_at, key_id, signature
)
VALUES (
    %(chain)s, %(number)s, %(first)s, %(last)s, %(root)s, %(fingerprints)s, %(previous)s, %(sealed_at)s,
    decode(%(key_id)s, 'hex'), %(signature)s
)
"""

ADD_KEY: LiteralString = """
INSERT INTO eventstore.seal_key (key_id, public_key) VALUES (decode(%(key_id)s, 'hex'), %(public_key)s)
ON CONFLICT (key_id) DO NOTHING
"""

UPDATE_HEARTBEAT: LiteralString = """
INSERT INTO eventstore.sealer (state, trouble, heartbeat_at) VALUES (%(state)s, %(trouble)s, clock_timestamp())
ON CONFLICT (only_row) DO UPDATE SET
    state = excluded.state, trouble = excluded.trouble, heartbeat_at = excluded.heartbeat_at
"""
