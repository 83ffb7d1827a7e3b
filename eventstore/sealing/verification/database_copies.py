"""Compares the copies of seals in the database with the seal archive."""

from collections.abc import Sequence
from uuid import UUID

from eventstore.sealing import sql
from eventstore.sealing.log_reader import Connection
from eventstore.sealing.seal import Seal
from eventstore.sealing.seal_archive import ArchivedSeal, Chain
from eventstore.sealing.seal_repository import seal_of
from eventstore.sealing.verification.fault import Fault, FaultKind

SealId = tuple[UUID, int]
"""A chain, and a seal's number in it."""


def newest_copy(connection: Connection) -> SealId | None:
    """Return the id of the newest copy in the database; None without any."""
    row = connection.execute(sql.NEWEST_COPY).fetchone()
    return (row[0], row[1]) if row else None


def fault_in_copies(connection: Connection, sealed: Sequence[ArchivedSeal], newest: SealId | None) -> Fault | None:
    """Return the fault of the first seal whose copy differs, or is missing although there is a newer one."""
    if not sealed:
        return None
    parameters = {"chain": sealed[0].seal.chain, "first": sealed[0].seal.number, "last": sealed[-1].seal.number}
    copies = {copy.number: copy for copy in map(seal_of, connection.execute(sql.COPIES, parameters).fetchall())}
    for seal in (each.seal for each in sealed):
        is_pending = seal.number not in copies and (newest is None or newest < (seal.chain, seal.number))
        if copies.get(seal.number) != seal and not is_pending:
            what = f"The copy of seal {seal.number} in the database differs from the seal in the archive."
            return Fault(kind=FaultKind.SEAL_COPY, position=seal.first, seal=seal.number, what=what)
    return None


def missing_seals(copy: SealId | None, chain: Chain | None, newest: Seal | None) -> Fault | None:
    """Return a fault if the database has a copy of a later seal than the archive."""
    archived = (chain.id, newest.number if newest else 0) if chain else None
    if copy is None or (archived is not None and copy <= archived):
        return None
    what = f"The database has a copy of seal {copy[1]} of chain {copy[0]}, which is missing in the seal archive."
    position = newest.last + 1 if newest else 1
    return Fault(kind=FaultKind.SEAL_MISSING, position=position, seal=copy[1], what=what)
