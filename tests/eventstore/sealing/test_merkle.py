"""Merkle trees, compared with the definitions of RFC 6962."""

import hashlib
from collections.abc import Sequence

import pytest

from eventstore.sealing.merkle import inclusion_proof, path_of, root_from_path, root_from_proof, root_of, root_over

SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33)

# The known answers of RFC 6962's reference implementation: eight entries, and the roots over the first 1 … 8 of them.
ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def mth(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962, 2.1: split at the largest power of two below the size."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + mth(leaves[:split]) + mth(leaves[split:])).digest()


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    if index < split:
        return [*path(index, leaves[:split]), mth(leaves[split:])]
    return [*path(index - split, leaves[split:]), mth(leaves[:split])]


class TestRoot:
    @pytest.mark.parametrize("size", range(1, 9))
    def test_given_the_known_entries_then_the_known_root(self, size: int) -> None:
        assert root_of([leaf(entry) for entry in ENTRIES[:size]]).hex() == ROOTS[size - 1]

    def test_given_any_size_then_it_is_the_construction_of_the_rfc(self) -> None:
        for size in range(1, 70):
            leaves = [leaf(bytes([number])) for number in range(size)]
            assert root_of(leaves) == mth(leaves)


class TestPath:
    @pytest.mark.parametrize("size", SIZES)
    def test_given_any_leaf_then_its_path_is_the_rfcs_and_leads_to_the_root(self, size: int) -> None:
        leaves = [leaf(bytes([number])) for number in range(size)]
        for index in range(size):
            found = path_of(leaves, index)
            assert found == path(index, leaves)
            assert root_from_path(leaves[index], index=index, leaves=size, path=found) == root_of(leaves)

    @pytest.mark.parametrize("size", SIZES)
    def test_given_another_place_or_path_then_it_leads_elsewhere(self, size: int) -> None:
        leaves = [leaf(bytes([number])) for number in range(size)]
        root = root_of(leaves)
        for index in range(size):
            found = path_of(leaves, index)
            others = [other for other in range(size) if other != index]
            assert all(root_from_path(leaves[index], index=other, leaves=size, path=found) != root for other in others)
            assert root_from_path(leaves[index], index=index, leaves=size, path=[*found, root]) is None
            if found:
                assert root_from_path(leaves[index], index=index, leaves=size, path=found[:-1]) != root


class TestEntry:
    @pytest.mark.parametrize("events", [1, 15, 16, 17, 32, 33, 250, 1_024])
    def test_given_so_many_events_then_the_root_is_the_rfcs_over_their_digests_by_sixteens(self, events: int) -> None:
        digests = [hashlib.sha256(bytes([number % 256, number // 256])).digest() for number in range(events)]
        entries = [b"".join(digests[begins : begins + 16]) for begins in range(0, events, 16)]
        assert root_over(digests) == mth([leaf(entry) for entry in entries])

    @pytest.mark.parametrize("events", [1, 16, 17, 40])
    def test_given_any_event_then_its_way_leads_to_the_root_from_its_place_alone(self, events: int) -> None:
        digests = [hashlib.sha256(bytes([number])).digest() for number in range(events)]
        for index, digest in enumerate(digests):
            entry, path = inclusion_proof(digests, index)
            assert entry == b"".join(digests[index // 16 * 16 : index // 16 * 16 + 16])
            found = [root_from_proof(digest, index=at, digests=events, entry=entry, path=path) for at in range(events)]
            assert [at for at, root in enumerate(found) if root == root_over(digests)] == [index]
