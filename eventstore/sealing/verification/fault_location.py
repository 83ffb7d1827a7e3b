"""Locates the first fault of a group of positions and describes it."""

from collections.abc import Sequence
from dataclasses import replace

from eventstore.sealing import sql
from eventstore.sealing.log_reader import CommandSequence, Connection, SealedContent, digests_of, read_content
from eventstore.sealing.seal import FINGERPRINT_BYTES, fingerprint_of
from eventstore.sealing.seal_archive import Chain, SealArchiveDamaged
from eventstore.sealing.verification.alignment import SEARCH_POSITIONS_MAX, SealedWindow, classify
from eventstore.sealing.verification.chain import PositionGroup
from eventstore.sealing.verification.fault import Fault, FaultKind

MESSAGES = {
    FaultKind.CHANGED: "The event at {} was changed.",
    FaultKind.REMOVED: "The event at {} was removed.",
    FaultKind.INSERTED: "The event at {} was inserted.",
    FaultKind.REORDERED: "The event at {} was recorded at another position.",
    FaultKind.TRUNCATED: "The log was truncated before {}.",
}


def locate_fault(
    connection: Connection,
    chain: Chain | None,
    group: PositionGroup,
    events: Sequence[SealedContent],
    *,
    order: CommandSequence,
    head: int,
) -> Fault:
    """Return the first fault of a group whose verification failed.

    Args:
        events: the events at the group's positions.
        order: the state of the command sequence before the group.
        head: the log's last position.
    """
    found = [
        _difference(connection, chain, group, events, head),
        _contradiction(group, events),
        _first_gap(events, order),
    ]
    faults = [fault for fault in found if fault is not None] or [_colliding_fingerprint(group)]
    return _named(connection, _with_seal(group, min(faults, key=lambda fault: fault.position)))


def _difference(
    connection: Connection, chain: Chain | None, group: PositionGroup, events: Sequence[SealedContent], head: int
) -> Fault | None:
    """Return the first difference from what was sealed; for unsealed positions, the first gap."""
    sealed = b"".join(each.fingerprints for each in group.sealed)
    position = _first_difference(group, sealed, events)
    if position is None:
        return None
    if chain is None or not group.sealed:
        return Fault(kind=FaultKind.REMOVED, position=position, what=MESSAGES[FaultKind.REMOVED].format(position))
    kind = classify(_window(connection, chain, position, head))
    return Fault(kind=kind, position=position, what=MESSAGES[kind].format(position))


def _first_difference(group: PositionGroup, sealed: bytes, events: Sequence[SealedContent]) -> int | None:
    digests = digests_of(events)
    for index, position in enumerate(range(group.first, group.last + 1)):
        if index >= len(events) or events[index][0] != position:
            return position
        if sealed and fingerprint_of(digests[index]) != _nth(sealed, index):
            return position
    return None


def _contradiction(group: PositionGroup, events: Sequence[SealedContent]) -> Fault | None:
    """Return the first event that does not match its stored digest."""
    for digest, (position, _, _, _, stored) in zip(digests_of(events), events, strict=True):
        if digest != stored:
            what = "is as it was sealed, but its digest was changed" if group.sealed else "does not match its digest"
            return Fault(kind=FaultKind.DIGEST, position=position, what=f"The event at {position} {what}.")
    return None


def _first_gap(events: Sequence[SealedContent], order: CommandSequence) -> Fault | None:
    position = order.first_gap(events)
    if position is None:
        return None
    what = f"The event at {position} does not continue its command: its number of parts was changed."
    return Fault(kind=FaultKind.PARTS, position=position, what=what)


def _colliding_fingerprint(group: PositionGroup) -> Fault:
    """Return the fault if all fingerprints match but the root differs: an event was replaced by a colliding one."""
    what = f"An event at {group.first} … {group.last} was replaced by one with the same fingerprint."
    return Fault(kind=FaultKind.CHANGED, position=group.first, what=what)


def _window(connection: Connection, chain: Chain, position: int, head: int) -> SealedWindow:
    last = position + SEARCH_POSITIONS_MAX - 1
    sealed = bytearray()
    try:
        for each in chain.iter_seals(position=position):
            begins = max(0, position - each.seal.first) * FINGERPRINT_BYTES
            sealed += each.fingerprints[begins:]
            if each.seal.last >= last:
                break
    except SealArchiveDamaged:
        pass  # the fingerprints before the damage suffice
    events = read_content(connection, position, last)
    return SealedWindow(position=position, head=head, sealed=bytes(sealed), events=events)


def _with_seal(group: PositionGroup, fault: Fault) -> Fault:
    seals = (each.seal.number for each in group.sealed if each.seal.last >= fault.position)
    return replace(fault, seal=next(seals, None))


def _named(connection: Connection, fault: Fault) -> Fault:
    row = connection.execute(sql.NAMED, {"position": fault.position}).fetchone()
    return replace(fault, name=row[0], stream=row[1]) if row else fault


def _nth(fingerprints: bytes, index: int) -> bytes:
    return fingerprints[index * FINGERPRINT_BYTES : (index + 1) * FINGERPRINT_BYTES]
