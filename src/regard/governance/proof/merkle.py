"""Merkle trees as RFC 9162 has them (https://www.rfc-editor.org/rfc/rfc9162#section-2.1), of SHA-256.

The RFC splits n leaves at the largest power of two below n. Pairing nodes level by level, where one without
a neighbour goes up as it is, makes the same tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

SIZE: Final = 32
"""Bytes of a hash."""

BLOCK: Final = 1024
"""Leaves below a block's root. It is a power of two, so that blocks are subtrees of every tree."""


class TreeBuilder:
    """The tree of leaves that come one after another; only the roots of its blocks are kept."""

    def __init__(self) -> None:
        self.size = 0
        self._blocks: list[bytes] = []
        self._leaves: list[bytes] = []  # hashes of those that fill no block yet

    def add(self, leaves: Sequence[bytes]) -> None:
        """Adds leaves, each with its content."""
        self._leaves += [sha256(b"\x00" + content).digest() for content in leaves]
        self.size += len(leaves)
        while len(self._leaves) >= BLOCK:
            self._blocks.append(root(self._leaves[:BLOCK]))
            del self._leaves[:BLOCK]

    @property
    def blocks(self) -> list[bytes]:
        """The roots of the blocks, the last of which may have fewer leaves."""
        return [*self._blocks, root(self._leaves)] if self._leaves else list(self._blocks)


def leaf_hash(content: bytes) -> bytes:
    return sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root(nodes: Sequence[bytes]) -> bytes:
    """The root over the hashes of leaves, or over the roots of blocks."""
    if not nodes:
        return sha256().digest()
    while len(nodes) > 1:
        nodes = _parents(nodes)
    return nodes[0]


def path_to_root(nodes: Sequence[bytes], index: int) -> list[bytes]:
    """The neighbours of a node on its way up: its inclusion proof below the root over these nodes."""
    path: list[bytes] = []
    while len(nodes) > 1:
        if index ^ 1 < len(nodes):
            path.append(nodes[index ^ 1])
        nodes, index = _parents(nodes), index // 2
    return path


def root_by_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to, by RFC 9162, 2.1.3.2; None where it fits no such tree.

    `leaf` is the hash of the leaf at `index` of `size`.
    """
    if not 0 <= index < size:
        return None
    place, last, found = index, size - 1, leaf
    for neighbour in path:
        if last == 0:
            return None
        if place % 2 or place == last:
            found = node_hash(neighbour, found)
            while place and not place % 2:
                place, last = place // 2, last // 2
        else:
            found = node_hash(found, neighbour)
        place, last = place // 2, last // 2
    return None if last else found


def _parents(nodes: Sequence[bytes]) -> list[bytes]:
    above = [
        sha256(b"\x01" + left + right).digest() for left, right in zip(nodes[::2], nodes[1::2], strict=False)
    ]
    return [*above, nodes[-1]] if len(nodes) % 2 else above
