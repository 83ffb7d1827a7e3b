"""Every statement about seals."""

from typing import LiteralString

_SEAL: LiteralString = """
SELECT chain, number, first_position, last_position, root, fingerprints, previous, sealed_at, encode(key_id, 'hex'),
       signature
FROM eventstore.seal
"""

_OF_THE_NEWEST_CHAIN: LiteralString = (
    "WHERE chain = (SELECT chain FROM eventstore.seal ORDER BY chain DESC, number DESC LIMIT 1) "
)

# Ranges follow each other without a hole, so the order of last positions is that of the numbers.
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
