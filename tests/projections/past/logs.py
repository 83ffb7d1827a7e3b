"""A log with times of its own in PostgreSQL, as only its owner can put it there."""

from collections.abc import Sequence

import psycopg

from eventstore.store import Recorded

COPY = f"COPY eventstore.event ({', '.join(Recorded._fields)}) FROM STDIN"


def put(owner_url: str, log: Sequence[Recorded]) -> None:
    """Write events just as they are."""
    with psycopg.connect(owner_url) as owner, owner.cursor().copy(COPY) as copy:
        for event in log:
            copy.write_row(event)
