"""The log compared with the second place: every event's content, digest and order, every seal's root and signature.

Nothing is taken from the database but the events themselves: digests are made anew from the content, seals and keys
are those of the second place, and the copies in the database are compared with them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain as one_after_another

from eventstore.sealing import sql
from eventstore.sealing.log_reader import CommandSequence, Connection, head_of, read_content
from eventstore.sealing.seal import Seal
from eventstore.sealing.seal_archive import Chain, SealArchive, SealArchiveDamaged
from eventstore.sealing.verification.chain import PositionGroup, sealed_groups, unsealed_groups
from eventstore.sealing.verification.database_copies import SealId, fault_in_copies, missing_seals, newest_copy
from eventstore.sealing.verification.fault import Fault, FaultKind
from eventstore.sealing.verification.fault_location import locate_fault
from eventstore.sealing.verification.group import GroupResult, Verifier, in_this_process
from eventstore.sealing.verification.result import Verification

Report = Callable[[int, int], None]
"""Told the position that the comparison has reached, and the one where it will end."""


def verify(
    connection: Connection,
    archive: SealArchive,
    *,
    first: int = 1,
    last: int | None = None,
    keys: Mapping[str, bytes] | None = None,
    report: Report = lambda _reached, _upto: None,
    compare: Verifier | None = None,
) -> Verification:
    """Compare a range of the log with the second place, up to the first fault.

    Args:
        first, last: seals over any of these positions are checked whole; by default the whole log.
        keys: the only public keys to believe, by their ids; by default those that the second place has.
        compare: who reads and compares the events; by default this connection does.
    """
    copy = newest_copy(connection)  # before the second place, which is always ahead of its copies
    chain = archive.chain()
    newest = _newest_seal(chain)
    sealed_to, head = newest.last if newest else 0, head_of(connection)
    until = last or max(head, sealed_to)
    auditor = Auditor(connection, chain, copy, head=head, first=first, report=lambda reached: report(reached, until))
    groups = one_after_another(
        _sealed(archive, chain, keys, first, until), unsealed_groups(max(sealed_to + 1, first), min(head, until))
    )
    fault = auditor.first_fault((compare or in_this_process(connection))(groups)) or missing_seals(copy, chain, newest)
    queued = connection.execute(sql.RECORDED_AT, {"position": sealed_to + 1}).fetchone()
    return Verification(
        chain=chain.id if chain else None,
        first=auditor.first,
        last=auditor.reached,
        seals=auditor.seals,
        sealed_to=sealed_to,
        head=head,
        unsealed_since=queued[0] if queued else None,
        fault=fault,
    )


class Auditor:
    """Goes through the log a group at a time, as they come back from whoever compares them."""

    def __init__(
        self,
        connection: Connection,
        chain: Chain | None,
        copy: SealId | None,
        *,
        head: int,
        first: int,
        report: Callable[[int], None],
    ) -> None:
        self._connection = connection
        self._chain = chain
        self._copy = copy
        self._head = head
        self._report = report
        self._order = CommandSequence()
        self.first = first
        self.reached = first - 1
        self.seals = 0

    def first_fault(self, compared: Iterable[tuple[PositionGroup, GroupResult]]) -> Fault | None:
        """Return what is wrong first."""
        for group, outcome in compared:
            if outcome is None or not self._order.continues(outcome):
                return self._located(group)
            self._reach(group)
            fault = fault_in_copies(self._connection, group.sealed, self._copy) or group.fault
            if fault is not None:
                return fault
        if self._order.within and self.reached == self._head:
            return Fault(kind=FaultKind.PARTS, position=self.reached, what="The last command has no end.")
        return None

    def _reach(self, group: PositionGroup) -> None:
        if group.sealed and not self.seals:
            self.first = min(self.first, group.first)
        self.seals += len(group.sealed)
        self.reached = group.last
        self._report(self.reached)

    def _located(self, group: PositionGroup) -> Fault:
        events = read_content(self._connection, group.first, group.last)
        fault = locate_fault(self._connection, self._chain, group, events, order=self._order, head=self._head)
        self.reached = min(fault.position, group.last + 1) - 1
        return fault


def _sealed(
    archive: SealArchive, chain: Chain | None, keys: Mapping[str, bytes] | None, first: int, last: int
) -> Iterator[PositionGroup]:
    if chain is None:
        return
    try:
        believed = archive.keys() if keys is None else keys
    except SealArchiveDamaged as damage:
        fault = Fault(kind=FaultKind.SEAL_ARCHIVE, position=first, what=str(damage))
        yield PositionGroup(first=first, last=first - 1, fault=fault)
        return
    yield from sealed_groups(chain, believed, first=first, last=last)


def _newest_seal(chain: Chain | None) -> Seal | None:
    """What is damaged is named when the comparison comes to it."""
    newest = None
    if chain is not None:
        with suppress(SealArchiveDamaged):
            newest = chain.last()
    return newest.seal if newest else None
