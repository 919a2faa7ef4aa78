"""Merkle trees, against RFC 9162's own definition and the test vectors of Certificate Transparency."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.governance.proof.merkle import (
    BLOCK,
    TreeBuilder,
    leaf_hash,
    node_hash,
    path_to_root,
    root,
    root_by_path,
)

# Of google/certificate-transparency (merkletree tests) and transparency-dev/merkle, which RFC 9162 names.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
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


def defined(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, word by word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + defined(leaves[:split]) + defined(leaves[split:])).digest()


def numbered(size: int) -> list[bytes]:
    return [str(n).encode() for n in range(size)]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_the_known_vectors(size: int) -> None:
    assert root([leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size - 1]


def test_the_root_of_no_leaf_is_the_hash_of_nothing() -> None:
    assert root([]) == sha256(b"").digest()


@given(st.lists(st.binary(max_size=40), max_size=200))
def test_the_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    assert root([leaf_hash(leaf) for leaf in leaves]) == defined(leaves)


@pytest.mark.parametrize("size", [*range(1, 70), 255, 256, 257])
def test_every_leaf_of_every_size_is_proven(size: int) -> None:
    leaves = [leaf_hash(leaf) for leaf in numbered(size)]
    for index, leaf in enumerate(leaves):
        assert root_by_path(leaf, index, size, path_to_root(leaves, index)) == root(leaves)


@given(st.data())
def test_a_flipped_bit_anywhere_proves_nothing(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    leaves = [leaf_hash(leaf) for leaf in numbered(size)]
    parts = [leaves[index], *path_to_root(leaves, index)]
    part, bit = data.draw(st.integers(0, len(parts) - 1)), data.draw(st.integers(0, 255))
    parts[part] = (int.from_bytes(parts[part]) ^ 1 << bit).to_bytes(32)
    assert root_by_path(parts[0], index, size, parts[1:]) != root(leaves)


@given(st.integers(2, 300), st.data())
def test_another_place_or_length_proves_nothing(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(leaf) for leaf in numbered(size)]
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index))
    path = path_to_root(leaves, index)
    assert root_by_path(leaves[index], other, size, path) != root(leaves)
    assert root_by_path(leaves[index], index, size, path[:-1]) != root(leaves)
    assert root_by_path(leaves[index], index, size, [*path, leaves[0]]) != root(leaves)
    assert root_by_path(leaves[index], size, size, path) is None


@pytest.mark.parametrize("size", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 5 * BLOCK + 7])
def test_blocks_are_subtrees_of_the_whole_tree(size: int) -> None:
    contents = numbered(size)
    tree = TreeBuilder()
    for start in range(0, size, 700):
        tree.add(contents[start : start + 700])
    assert tree.size == size
    assert root(tree.blocks) == root([leaf_hash(content) for content in contents])


def test_a_leaf_is_no_node() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
