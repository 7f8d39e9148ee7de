"""Proofs hold for what is in the tree and for nothing else."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.ledger.proofs import (
    consistency_ranges,
    inclusion_ranges,
    range_roots,
    verify_consistency,
    verify_inclusion,
)
from governance.ledger.tree import Frontier, leaf_hashes

LEAVES = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    bytes(range(0x50, 0x58)),
    bytes(range(0x60, 0x70)),
]
"""The leaves of the public test vectors of Certificate Transparency."""


def hashes_of(size):
    return leaf_hashes(LEAVES[:size] if size <= 8 else [str(n).encode() for n in range(size)])


def root_of(hashes):
    tree = Frontier()
    tree.extend(hashes)
    return tree.root()


def test_paths_of_the_public_vectors():
    hashes = hashes_of(8)
    assert [each.hex() for each in range_roots(inclusion_ranges(0, 8), hashes)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [each.hex() for each in range_roots(consistency_ranges(6, 8), hashes)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(st.integers(1, 70), st.data())
def test_every_leaf_is_proved_and_no_other_leaf_place_or_root(size, data):
    hashes = hashes_of(size)
    index = data.draw(st.integers(0, size - 1))
    root, path = root_of(hashes), range_roots(inclusion_ranges(index, size), hashes)
    assert verify_inclusion(hashes[index], index, size, path, root)
    assert not verify_inclusion(sha256(b"other").digest(), index, size, path, root)
    assert not verify_inclusion(hashes[index], index, size, path, sha256(b"other").digest())
    assert not verify_inclusion(hashes[index], index, size, [*path, root], root)
    for other in set(range(size)) - {index}:
        assert not verify_inclusion(hashes[index], other, size, path, root)


@given(st.integers(1, 70), st.data())
def test_a_start_is_proved_and_no_other_log(new, data):
    old = data.draw(st.integers(1, new))
    hashes = hashes_of(max(new, 9))[:new]
    path = range_roots(consistency_ranges(old, new), hashes)
    old_root, new_root = root_of(hashes[:old]), root_of(hashes)
    assert verify_consistency(old, new, path, old_root, new_root)
    forked = root_of([sha256(b"fork").digest(), *hashes[1:old]])
    assert not verify_consistency(old, new, path, forked, new_root)
    assert not verify_consistency(old, new, path, old_root, sha256(b"other").digest())
    assert not verify_consistency(old, new, [*path, old_root], old_root, new_root)
    if path:
        assert not verify_consistency(old, new, path[:-1], old_root, new_root)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_leaf_outside_the_tree_has_no_proof(index, size):
    with pytest.raises(ValueError, match="leaf"):
        inclusion_ranges(index, size)
    assert not verify_inclusion(b"", index, size, [], b"")


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3)])
def test_a_longer_log_is_no_start(old, new):
    with pytest.raises(ValueError, match="leaves"):
        consistency_ranges(old, new)
    assert not verify_consistency(old, new, [], b"", b"")
