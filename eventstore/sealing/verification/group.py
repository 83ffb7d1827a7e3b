"""Verifies a group of a few thousand events against its seals, in this process or in a worker process."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from eventstore.sealing.log_reader import (
    CommandSequence,
    Connection,
    PartNumbers,
    SealedContent,
    are_dense,
    are_stored,
    digests_of,
    part_numbers,
    read_content,
)
from eventstore.sealing.merkle import root_over
from eventstore.sealing.verification.chain import PositionGroup

GroupResult = Sequence[PartNumbers] | None
"""The part numbers of the first and the last event; empty without events; None if the group has a fault."""

Verifier = Callable[[Iterable[PositionGroup]], Iterator[tuple[PositionGroup, GroupResult]]]
"""Verifies groups and yields each with its result, in order."""


@dataclass(frozen=True, slots=True)
class GroupCheck:
    """The input of one verification.

    Args:
        roots: (last position, root) of each seal; empty if the events are not sealed yet.
    """

    first: int
    last: int
    roots: Sequence[tuple[int, bytes]]


def group_check_of(group: PositionGroup) -> GroupCheck:
    """Return the input for verifying a group."""
    return GroupCheck(group.first, group.last, [(each.seal.last, each.seal.root) for each in group.sealed])


def in_this_process(connection: Connection) -> Verifier:
    """Return a verifier that uses this connection for one group after the other."""
    return lambda groups: ((group, compare(connection, group_check_of(group))) for group in groups)


def compare(connection: Connection, task: GroupCheck) -> GroupResult:
    """Read a group's events and check contents, digests, positions, commands and roots."""
    events = read_content(connection, task.first, task.last)
    if not _are_in_order(events, task):
        return None
    return [part_numbers(events[0]), part_numbers(events[-1])] if events else []


def _are_in_order(events: Sequence[SealedContent], task: GroupCheck) -> bool:
    digests = digests_of(events)
    return (
        are_dense(events, task.first, task.last)
        and are_stored(digests, events)
        and CommandSequence().first_gap(events) is None
        and _are_under(digests, task)
    )


def _are_under(digests: Sequence[bytes], task: GroupCheck) -> bool:
    begins = 0
    for last, root in task.roots:
        ends = last - task.first + 1
        if root_over(digests[begins:ends]) != root:
            return False
        begins = ends
    return True
