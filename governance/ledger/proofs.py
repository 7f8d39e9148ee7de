"""Proofs over the tree of RFC 6962: that an event is in a log, and that an older log is the start of a newer one.

Who holds a checkpoint can check either without the log: a proof is about log2(size) hashes. Both algorithms follow
RFC 9162 sections 2.1.3 and 2.1.4; the ranges of leaves whose roots make up a proof are found first, so that one pass
over the leaf hashes, in any number of parts, gives all of them in flat memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from governance.ledger.tree import Frontier, node_hash

Range = tuple[int, int]
"""First leaf, and one behind the last."""


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The ranges whose roots prove that leaf `index` is in a tree of `size` leaves, from the leaf upwards.

    Raises ValueError for an index outside the tree.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} of {size}")
    return _inclusion(index, 0, size)


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The ranges whose roots prove that the first `old` leaves of a tree of `new` leaves are the old tree.

    Raises ValueError unless 0 < old <= new.
    """
    if not 0 < old <= new:
        raise ValueError(f"{old} leaves in {new}")
    return _consistency(old, 0, new, whole=True)


def range_roots(ranges: Sequence[Range], hashes: Iterable[bytes]) -> list[bytes]:
    """The root of each range, from the hashes of all leaves in order."""
    order = sorted(range(len(ranges)), key=lambda place: ranges[place])
    trees = [Frontier() for _ in ranges]
    held: list[bytes] = []
    waiting = iter(order)
    place = next(waiting, None)
    for number, leaf in enumerate(hashes):
        if place is None:
            break
        low, high = ranges[place]
        if number >= low:
            held.append(leaf)
        if number == high - 1 or len(held) >= 4096:
            trees[place].extend(held)
            held = []
        if number == high - 1:
            place = next(waiting, None)
    return [tree.root() for tree in trees]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether a path shows that a leaf, by its hash, is at `index` in the tree of this size and root."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if place % 2 or place == last:
            found = node_hash(sibling, found)
            while not place % 2 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether a path shows that the tree of `old` leaves is the start of the tree of `new` leaves."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        return False
    place, last = old - 1, new - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not place % 2 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, step)
        place, last = place >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def _inclusion(index: int, offset: int, size: int) -> list[Range]:
    if size == 1:
        return []
    half = _split(size)
    if index < half:
        return [*_inclusion(index, offset, half), (offset + half, offset + size)]
    return [*_inclusion(index - half, offset + half, size - half), (offset, offset + half)]


def _consistency(old: int, offset: int, size: int, *, whole: bool) -> list[Range]:
    if old == size:
        return [] if whole else [(offset, offset + size)]
    half = _split(size)
    if old <= half:
        return [*_consistency(old, offset, half, whole=whole), (offset + half, offset + size)]
    return [*_consistency(old - half, offset + half, size - half, whole=False), (offset, offset + half)]


def _split(size: int) -> int:
    """The largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1
