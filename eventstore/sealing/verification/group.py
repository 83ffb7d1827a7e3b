"""A few thousand events compared with their seals: by whoever asks, or by a process beside it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from eventstore.sealing.log_reader import (
    CommandSequence,
    Connection,
    Part,
    SealedContent,
    are_dense,
    are_stored,
    digests_of,
    part_numbers,
    read_content,
)
from eventstore.sealing.merkle import root_over
from eventstore.sealing.verification.chain import PositionGroup

GroupResult = Sequence[Part] | None
"""The first and the last event's part, if all are in order; nothing, of no events; None: something is wrong."""

Verifier = Callable[[Iterable[PositionGroup]], Iterator[tuple[PositionGroup, GroupResult]]]
"""Compares group by group; each comes back in its turn."""


@dataclass(frozen=True, slots=True)
class GroupCheck:
    """What one comparison needs.

    Args:
        roots: the last position under each seal, and its root; none, if the events are not sealed yet.
    """

    first: int
    last: int
    roots: Sequence[tuple[int, bytes]]


def group_check_of(group: PositionGroup) -> GroupCheck:
    """Return what to compare a group with."""
    return GroupCheck(group.first, group.last, [(each.seal.last, each.seal.root) for each in group.sealed])


def in_this_process(connection: Connection) -> Verifier:
    """Return what compares one group after the other with this connection."""
    return lambda groups: ((group, compare(connection, group_check_of(group))) for group in groups)


def compare(connection: Connection, task: GroupCheck) -> GroupResult:
    """Read the events and compare content, digests, positions, commands and roots."""
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
