"""Roots against the public vectors of RFC 6962 logs and against pymerkle."""

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.ledger.tree import EMPTY_ROOT, Frontier, leaf_hash, leaf_hashes, node_hash

# The leaves and roots that Certificate Transparency implementations publish as their common test vectors.
LEAVES = [
    bytes.fromhex(text)
    for text in (
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


def test_public_vectors():
    frontier = Frontier()
    assert frontier.root() == EMPTY_ROOT
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        frontier.append(leaf)
        assert frontier.root().hex() == root


def test_roots_equal_those_of_pymerkle_at_every_size_to_257():
    oracle = pymerkle.InmemoryTree(algorithm="sha256")
    frontier = Frontier()
    for number in range(258):
        assert frontier.size == number
        if number:
            assert frontier.root() == oracle.get_root(number)
        leaf = f"leaf {number}".encode()
        oracle.append_entry(leaf)
        frontier.append(leaf)


@given(st.lists(st.binary(max_size=8), max_size=70), st.integers(0, 70))
def test_many_at_once_equal_one_by_one(leaves, cut):
    one = Frontier()
    for leaf in leaves:
        one.append(leaf)
    many = Frontier()
    many.extend(leaf_hashes(leaves[:cut]))
    many = Frontier.load(many.size, many.dump())
    many.extend(leaf_hashes(leaves[cut:]))
    assert (many.size, many.root(), many.dump()) == (one.size, one.root(), one.dump())


def test_a_leaf_that_looks_like_a_node_is_no_node():
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)


@pytest.mark.parametrize(("size", "stored"), [(1, b""), (0, b"x" * 32), (3, b"x" * 32), (2, b"x" * 31), (-1, b"")])
def test_a_frontier_of_another_size_is_refused(size, stored):
    with pytest.raises(ValueError, match="frontier"):
        Frontier.load(size, stored)
