"""The log as the sealer and the auditor read it: what each digest is made from, in order, and nothing decoded."""

import hashlib
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from eventstore.postgres.connection import LIMITS
from eventstore.sealing import sql

Connection = psycopg.Connection[tuple[Any, ...]]
SealedContent = tuple[int, int, int, bytes, bytes]
"""Position, part, parts, the preimage of the digest, the digest as stored. Plain, because there are millions."""

_POSITION, _PREIMAGE, _STORED = itemgetter(0), itemgetter(3), itemgetter(4)

Part = tuple[int, int]
"""Which part of its command an event is, and how many there are."""


def open_connection(url: str, *, name: str) -> Connection:
    """Connect for reading the log in long ranges.

    Raises:
        psycopg.OperationalError: nobody answers, or not to us.
    """
    address = make_conninfo(url, application_name=f"seatledger {name}", **LIMITS)
    connection: Connection = psycopg.connect(address, autocommit=True)
    connection.execute(sql.CONFIGURE)
    return connection


def head_of(connection: Connection) -> int:
    """Return the log's last position, 0 for an empty log."""
    ((head,),) = connection.execute(sql.HEAD).fetchall()
    return int(head)


def read_content(connection: Connection, first: int, last: int) -> list[SealedContent]:
    """Return the events at positions `first` … `last`, in order; fewer, if some are not there."""
    parameters = {"first": first, "last": last, "limit": last - first + 1}
    cursor = connection.cursor(binary=True, row_factory=psycopg.rows.tuple_row)
    found: list[Any] = cursor.execute(sql.CONTENT, parameters, prepare=True).fetchall()
    return found


def digests_of(events: Sequence[SealedContent]) -> list[bytes]:
    """Return what the digests should be."""
    sha256 = hashlib.sha256
    return [sha256(preimage).digest() for preimage in map(_PREIMAGE, events)]


def are_stored(digests: Sequence[bytes], events: Sequence[SealedContent]) -> bool:
    """Tell whether these are the digests that are stored with the events."""
    return digests == list(map(_STORED, events))


def are_dense(events: Sequence[SealedContent], first: int, last: int) -> bool:
    """Tell whether these are the events at `first` … `last`, none missing."""
    return list(map(_POSITION, events)) == list(range(first, last + 1))


def part_numbers(event: SealedContent) -> Part:
    """Return which part of its command an event is."""
    return event[1], event[2]


class CommandSequence:
    """Whether events go on with their commands, as they come: parts 1, 2 … and then the next command.

    How many parts a command has is the one thing that digests don't cover; where the next one begins tells it. The
    first event may be any part.
    """

    def __init__(self) -> None:
        self._due = 0
        self._parts = 0

    @property
    def within(self) -> bool:
        """Whether the last command has only begun."""
        return self._due > 1

    def continues(self, ends: Sequence[Part]) -> bool:
        """Go past events that are in order among themselves; tell whether they go on where the events before ended.

        Args:
            ends: the first and the last of them; nothing, of no events.
        """
        if not ends:
            return True
        (first, of), (last, parts) = ends
        if self._due and (first != self._due or (first > 1 and of != self._parts)):
            return False
        self._due, self._parts = (last + 1 if last < parts else 1), parts
        return True

    def first_gap(self, events: Sequence[SealedContent]) -> int | None:
        """Return the first position, if any, that does not go on where the events before ended."""
        due, parts_due = self._due, self._parts
        if due == 0 and events:
            _, due, parts_due, _, _ = events[0]
        for position, part, parts, _, _ in events:
            if part != due or part > parts or (part > 1 and parts != parts_due):
                return position
            due, parts_due = (part + 1 if part < parts else 1), parts
        self._due, self._parts = due, parts_due
        return None


def whole_commands(events: Sequence[SealedContent]) -> Sequence[SealedContent]:
    """Return the events without a command that has only begun; all of them if none ends here."""
    ends = next((end for end in range(len(events), 0, -1) if events[end - 1][1] == events[end - 1][2]), len(events))
    return events[:ends]
