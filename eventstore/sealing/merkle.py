"""Merkle trees over event digests, in the form of RFC 6962.

An entry of the tree, in the terms of the RFC, is the concatenation of 16 neighbouring digests, or of those left at the
end. So a tree costs two hashes for 16 events instead of one for each, and the proof of an event contains 15
neighbouring digests instead of four nodes.

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
    """Return the root over the digests of events, at least one."""
    return root_of(leaves_over(digests))


def leaves_over(digests: Sequence[bytes]) -> list[bytes]:
    """Return the leaves over the digests of events, in order."""
    joined = b"".join(digests)
    return [leaf_of(joined[begins : begins + ENTRY_BYTES]) for begins in range(0, len(joined), ENTRY_BYTES)]


def inclusion_proof(digests: Sequence[bytes], index: int) -> tuple[bytes, list[bytes]]:
    """Return the entry that contains the digest at `index` (from 0), and the path from that entry to the root."""
    number = index // DIGESTS_PER_ENTRY
    begins = number * DIGESTS_PER_ENTRY
    entry = b"".join(digests[begins : begins + DIGESTS_PER_ENTRY])
    return entry, path_of(leaves_over(digests), number)


def root_from_proof(digest: bytes, *, index: int, digests: int, entry: bytes, path: Sequence[bytes]) -> bytes | None:
    """Return the root that an entry and a path lead to; None if the digest is not in its place in the entry."""
    number, offset = divmod(index, DIGESTS_PER_ENTRY)
    if entry[offset * HASH_BYTES : (offset + 1) * HASH_BYTES] != digest:
        return None
    return root_from_path(leaf_of(entry), index=number, leaves=-(-digests // DIGESTS_PER_ENTRY), path=path)


def leaf_of(entry: bytes) -> bytes:
    """Return the leaf of an entry."""
    return hashlib.sha256(LEAF + entry).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaves, at least one."""
    level = list(leaves)
    while len(level) > 1:
        level = _parents(level)
    return level[0]


def path_of(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path of the leaf at `index` (from 0): the sibling of each node on the way to the root."""
    path: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level = _parents(level)
        index //= 2
    return path


def root_from_path(leaf: bytes, *, index: int, leaves: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that a path leads to from the leaf at `index` of `leaves`; None if the path's length is wrong."""
    node, last = leaf, leaves - 1
    for sibling in path:
        if last == 0:
            return None
        if index % 2 or index == last:
            node = _node(sibling, node)
            while index % 2 == 0:
                index, last = index // 2, last // 2
        else:
            node = _node(node, sibling)
        index, last = index // 2, last // 2
    return node if last == 0 else None


def _parents(level: list[bytes]) -> list[bytes]:
    sha256 = hashlib.sha256
    parents = [sha256(NODE + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
    if len(level) % 2:
        parents.append(level[-1])
    return parents


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(NODE + left + right).digest()
