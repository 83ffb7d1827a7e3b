"""Verifies the log against the seal archive: contents, digests and order of events, roots and signatures of seals.

The database is trusted for nothing: digests are recomputed from the contents, seals and keys come from the archive, and
the copies of seals in the database are compared with them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain as one_after_another

from eventstore.sealing import sql
from eventstore.sealing.log_reader import CommandSequence, Connection, head_of, read_content
from eventstore.sealing.seal import Seal
from eventstore.sealing.seal_archive import Chain, SealArchive, SealArchiveDamaged
from eventstore.sealing.verification.chain import PositionGroup, iter_sealed_groups, iter_unsealed_groups
from eventstore.sealing.verification.database_copies import SealId, fault_in_copies, missing_seals, newest_copy
from eventstore.sealing.verification.fault import Fault, FaultKind
from eventstore.sealing.verification.fault_location import locate_fault
from eventstore.sealing.verification.group import GroupResult, Verifier, in_this_process
from eventstore.sealing.verification.result import Verification

Report = Callable[[int, int], None]
"""Receives the position that was reached, and the last one to verify."""


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
    """Verify a range of the log, up to the first fault.

    Args:
        first, last: the range; seals that cover a part of it are checked as a whole. By default the whole log.
        keys: the trusted public keys by their ids; by default those of the archive.
        report: receives the progress.
        compare: verifies groups of events; by default over this connection.

    Raises:
        psycopg.Error: the database cannot be reached.
    """
    copy = newest_copy(connection)  # read before the archive, which is always ahead of its copies
    chain = archive.chain()
    newest = _newest_seal(chain)
    sealed_to, head = newest.last if newest else 0, head_of(connection)
    until = last or max(head, sealed_to)
    verifier = LogVerifier(connection, chain, copy, head=head, first=first, report=lambda to: report(to, until))
    groups = one_after_another(
        _sealed(archive, chain, keys, first, until), iter_unsealed_groups(max(sealed_to + 1, first), min(head, until))
    )
    fault = verifier.first_fault((compare or in_this_process(connection))(groups)) or missing_seals(copy, chain, newest)
    return verifier.to_verification(fault, sealed_to=sealed_to)


class LogVerifier:
    """Evaluates the results of groups in order."""

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
        """Return the first fault, None without any."""
        for group, outcome in compared:
            if outcome is None or not self._order.continues(outcome):
                return self._locate(group)
            self._advance(group)
            fault = fault_in_copies(self._connection, group.sealed, self._copy) or group.fault
            if fault is not None:
                return fault
        if self._order.is_incomplete and self.reached == self._head:
            return Fault(kind=FaultKind.PARTS, position=self.reached, what="The last command is incomplete.")
        return None

    def to_verification(self, fault: Fault | None, *, sealed_to: int) -> Verification:
        """Return the result, with the time of the first unsealed event."""
        unsealed = self._connection.execute(sql.RECORDED_AT, {"position": sealed_to + 1}).fetchone()
        return Verification(
            chain=self._chain.id if self._chain else None,
            first=self.first,
            last=self.reached,
            seals=self.seals,
            sealed_to=sealed_to,
            head=self._head,
            unsealed_since=unsealed[0] if unsealed else None,
            fault=fault,
        )

    def _advance(self, group: PositionGroup) -> None:
        if group.sealed and not self.seals:
            self.first = min(self.first, group.first)
        self.seals += len(group.sealed)
        self.reached = group.last
        self._report(self.reached)

    def _locate(self, group: PositionGroup) -> Fault:
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
        trusted = archive.keys() if keys is None else keys
    except SealArchiveDamaged as damage:
        fault = Fault(kind=FaultKind.SEAL_ARCHIVE, position=first, what=str(damage))
        yield PositionGroup(first=first, last=first - 1, fault=fault)
        return
    yield from iter_sealed_groups(chain, trusted, first=first, last=last)


def _newest_seal(chain: Chain | None) -> Seal | None:
    """Return the last seal; damage of the archive is reported when the verification reaches it."""
    newest = None
    if chain is not None:
        with suppress(SealArchiveDamaged):
            newest = chain.last()
    return newest.seal if newest else None
