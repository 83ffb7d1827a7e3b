"""Reads the log for sealing and verification: preimages and digests in order, without decoding events."""

import hashlib
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from eventstore.postgres.connection import CONNECTION_PARAMETERS
from eventstore.sealing import sql

Connection = psycopg.Connection[tuple[Any, ...]]
SealedContent = tuple[int, int, int, bytes, bytes]
"""Position, part, parts, preimage of the digest, stored digest. A plain tuple, because there are millions of them."""

_POSITION, _PREIMAGE, _STORED = itemgetter(0), itemgetter(3), itemgetter(4)

PartNumbers = tuple[int, int]
"""The number of an event within its command (1 …), and the command's number of events."""


def open_connection(url: str, *, name: str) -> Connection:
    """Connect for reading long ranges of the log.

    Raises:
        psycopg.OperationalError: no server answers, or it refuses the login.
    """
    address = make_conninfo(url, application_name=f"seatledger {name}", **CONNECTION_PARAMETERS)
    connection: Connection = psycopg.connect(address, autocommit=True)
    connection.execute(sql.CONFIGURE)
    return connection


def head_of(connection: Connection) -> int:
    """Return the log's last position, 0 for an empty log."""
    ((head,),) = connection.execute(sql.HEAD).fetchall()
    return int(head)


def read_content(connection: Connection, first: int, last: int) -> list[SealedContent]:
    """Return the events at positions `first` … `last` in order; fewer if some are missing."""
    parameters = {"first": first, "last": last, "limit": last - first + 1}
    cursor = connection.cursor(binary=True, row_factory=psycopg.rows.tuple_row)
    found: list[Any] = cursor.execute(sql.CONTENT, parameters, prepare=True).fetchall()
    return found


def digests_of(events: Sequence[SealedContent]) -> list[bytes]:
    """Return the digests recomputed from the preimages."""
    sha256 = hashlib.sha256
    return [sha256(preimage).digest() for preimage in map(_PREIMAGE, events)]


def are_stored(digests: Sequence[bytes], events: Sequence[SealedContent]) -> bool:
    """Tell whether the digests equal those stored with the events."""
    return digests == list(map(_STORED, events))


def are_dense(events: Sequence[SealedContent], first: int, last: int) -> bool:
    """Tell whether the events have exactly the positions `first` … `last`."""
    return list(map(_POSITION, events)) == list(range(first, last + 1))


def part_numbers(event: SealedContent) -> PartNumbers:
    """Return the part number and the number of parts of an event."""
    return event[1], event[2]


class CommandSequence:
    """Checks that events form complete commands in order: parts 1, 2 … and then the next command.

    The number of parts is the only field that digests do not cover; the beginning of the next command reveals it. The
    first event may be any part.
    """

    def __init__(self) -> None:
        self._next_part = 0
        self._parts = 0

    @property
    def is_incomplete(self) -> bool:
        """Whether the last command is incomplete."""
        return self._next_part > 1

    def continues(self, ends: Sequence[PartNumbers]) -> bool:
        """Advance past events that are in order among themselves; tell whether they continue the previous ones.

        Args:
            ends: the first and the last of them; empty without events.
        """
        if not ends:
            return True
        (first, first_parts), (last, parts) = ends
        if self._next_part and (first != self._next_part or (first > 1 and first_parts != self._parts)):
            return False
        self._next_part, self._parts = (last + 1 if last < parts else 1), parts
        return True

    def first_gap(self, events: Sequence[SealedContent]) -> int | None:
        """Return the position of the first event that does not continue the previous one; None if all do."""
        expected, parts_expected = self._next_part, self._parts
        if expected == 0 and events:
            _, expected, parts_expected, _, _ = events[0]
        for position, part, parts, _, _ in events:
            if part != expected or part > parts or (part > 1 and parts != parts_expected):
                return position
            expected, parts_expected = (part + 1 if part < parts else 1), parts
        self._next_part, self._parts = expected, parts_expected
        return None


def complete_commands(events: Sequence[SealedContent]) -> Sequence[SealedContent]:
    """Return the events without an incomplete command at the end; all of them if no command ends among them."""
    ends = next((end for end in range(len(events), 0, -1) if events[end - 1][1] == events[end - 1][2]), len(events))
    return events[:ends]
