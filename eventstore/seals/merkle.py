"""Merkle trees over event digests, in the shape of RFC 6962: one root stands for many events, a short path for one.

A leaf is an event's digest as it is. Its preimage begins with the position, eight bytes of which the first is 0x00 for
the next 2^56 events: just the prefix that the RFC puts before a leaf, so no leaf can be passed off as an inner node,
which begins with 0x01, and nothing has to be hashed twice.

Source: RFC 6962, section 2.1; RFC 9162, section 2.1.3.2 for checking a path.
"""

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32
NODE = b"\x01"


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


def root_by(leaf: bytes, *, index: int, leaves: int, path: Sequence[bytes]) -> bytes | None:
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
