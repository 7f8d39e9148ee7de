r"""The Merkle tree of RFC 6962 over leaf bytes, kept as its frontier so that appending costs O(log n).

    leaf hash = SHA-256(0x00 || leaf bytes)
    node hash = SHA-256(0x01 || left || right)
    root of nothing = SHA-256("")

The frontier of a tree of n leaves holds one perfect subtree for each bit set in n. Its stored form is their hashes,
32 bytes each, from the largest (leftmost) subtree to the smallest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Self

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one leaf."""
    return sha256(b"\x00" + leaf).digest()


def leaf_hashes(leaves: Iterable[bytes]) -> list[bytes]:
    """The hashes of many leaves."""
    return [sha256(b"\x00" + leaf).digest() for leaf in leaves]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbours."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A growing tree of which only the roots of its perfect subtrees are kept."""

    __slots__ = ("_levels", "size")

    def __init__(self) -> None:
        self.size = 0
        """Leaves so far."""
        self._levels: list[bytes | None] = []  # by height; filled exactly where `size` has a bit

    @classmethod
    def load(cls, size: int, stored: bytes) -> Self:
        """The frontier in its stored form. Raises ValueError when size and bytes do not belong together."""
        if size < 0 or len(stored) != size.bit_count() * HASH_BYTES:
            raise ValueError(f"{len(stored)} bytes of frontier for {size} leaves")
        self = cls()
        self.size = size
        hashes = [stored[at : at + HASH_BYTES] for at in range(0, len(stored), HASH_BYTES)]
        self._levels = [hashes.pop() if size >> height & 1 else None for height in range(size.bit_length())]
        return self

    def dump(self) -> bytes:
        """The stored form."""
        return b"".join(filter(None, reversed(self._levels)))

    def append(self, leaf: bytes) -> None:
        """Add one leaf."""
        self.extend([leaf_hash(leaf)])

    def extend(self, hashes: Sequence[bytes]) -> None:
        """Add leaves by their hashes, level by level; many at once cost little more than the hashing itself."""
        if len(hashes) == 1:
            self._add(hashes[0])
            return
        self.size += len(hashes)
        nodes = list(hashes)
        height = 0
        while nodes:
            if height == len(self._levels):
                self._levels.append(None)
            waiting = self._levels[height]
            if waiting is not None:
                nodes.insert(0, waiting)
            self._levels[height] = nodes.pop() if len(nodes) % 2 else None
            nodes = [
                sha256(b"\x01" + left + right).digest() for left, right in zip(nodes[::2], nodes[1::2], strict=True)
            ]
            height += 1

    def _add(self, node: bytes) -> None:
        levels = self._levels
        for height, waiting in enumerate(levels):
            if waiting is None:
                levels[height] = node
                break
            node = node_hash(waiting, node)
            levels[height] = None
        else:
            levels.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree so far."""
        root = b""
        for node in self._levels:
            if node is not None:
                root = node_hash(node, root) if root else node
        return root or EMPTY_ROOT
