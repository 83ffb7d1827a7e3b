"""Merkle trees over event digests, in the shape of RFC 6962: one root stands for many events, a short path for one.

An entry of the tree, in the words of the RFC, is the digests of neighbouring events, one behind the other: sixteen, or
what is left at the end. So a tree costs two hashes for sixteen events and not one for each, and the proof of an event
has fifteen digests beside its own in place of the four nodes that would stand for them.

Source: RFC 6962, section 2.1; RFC 9162, section 2.1.3.2 for checking a path.
"""

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32
DIGESTS_PER_ENTRY = 16
ENTRY_BYTES = DIGESTS_PER_ENTRY * HASH_BYTES
LEAF = b"\x00"
NODE = b"\x01"


def root_over(digests: Sequence[bytes]) -> bytes:
    """Return the root over the digests of at least one event."""
    return root_of(leaves_over(digests))


def leaves_over(digests: Sequence[bytes]) -> list[bytes]:
    """Return the leaves over the digests of events, in order."""
    joined = b"".join(digests)
    return [leaf_of(joined[begins : begins + ENTRY_BYTES]) for begins in range(0, len(joined), ENTRY_BYTES)]


def inclusion_proof(digests: Sequence[bytes], index: int) -> tuple[bytes, list[bytes]]:
    """Return the entry that has the digest at `index` (from 0) in it, and the path from that entry to the root."""
    number = index // DIGESTS_PER_ENTRY
    begins = number * DIGESTS_PER_ENTRY
    entry = b"".join(digests[begins : begins + DIGESTS_PER_ENTRY])
    return entry, path_of(leaves_over(digests), number)


def root_from_proof(digest: bytes, *, index: int, digests: int, entry: bytes, path: Sequence[bytes]) -> bytes | None:
    """Return the root that an entry and a path lead to; None if the digest is not at its place in the entry."""
    number, archive = divmod(index, DIGESTS_PER_ENTRY)
    if entry[archive * HASH_BYTES : (archive + 1) * HASH_BYTES] != digest:
        return None
    return root_from_path(leaf_of(entry), index=number, leaves=-(-digests // DIGESTS_PER_ENTRY), path=path)


def leaf_of(entry: bytes) -> bytes:
    """Return the leaf of an entry."""
    return hashlib.sha256(LEAF + entry).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over at least one leaf."""
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path_of(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return what, with the leaf at `index` (from 0), gives the root: its sibling, then one node a level upwards."""
    path: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level = _above(level)
        index //= 2
    return path


def root_from_path(leaf: bytes, *, index: int, leaves: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that a path leads to from the leaf at `index` among so many; None if it has the wrong length."""
    node, last = leaf, leaves - 1
    for beside in path:
        if last == 0:
            return None
        if index % 2 or index == last:
            node = _node(beside, node)
            while index % 2 == 0:
                index, last = index // 2, last // 2
        else:
            node = _node(node, beside)
        index, last = index // 2, last // 2
    return node if last == 0 else None


def _above(level: list[bytes]) -> list[bytes]:
    sha256 = hashlib.sha256
    above = [sha256(NODE + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
    if len(level) % 2:
        above.append(level[-1])
    return above


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(NODE + left + right).digest()
