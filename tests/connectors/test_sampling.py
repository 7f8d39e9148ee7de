"""Choosing rows: even, repeatable, and in bounded memory."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from connectors.sampling import Chooser, EveryNth, Reservoir


def _chosen(chooser: Chooser, total: int, batch_rows: int) -> list[int]:
    kept: list[int] = []
    for start in range(0, total, batch_rows):
        numbers = range(start, min(total, start + batch_rows))
        batch = pa.record_batch({"n": pa.array(numbers, pa.int64())})
        kept += [n for part in chooser.feed(batch) for n in part.column("n").to_pylist()]
    return kept + [n for part in chooser.finish() for n in part.column("n").to_pylist()]


@given(st.integers(0, 500), st.integers(1, 60), st.integers(0, 9), st.integers(1, 70))
def test_every_nth_keeps_one_row_of_each_stretch_whatever_the_batches(
    total: int, wanted: int, seed: int, batch_rows: int
) -> None:
    kept = _chosen(EveryNth(total, wanted, seed=seed), total, batch_rows)
    assert kept == _chosen(EveryNth(total, wanted, seed=seed), total, max(1, total))
    assert len(kept) == min(total, wanted)
    if total > wanted:
        assert all(n * total // wanted <= row < (n + 1) * total // wanted for n, row in enumerate(kept))


@given(st.integers(0, 800), st.integers(1, 60), st.integers(0, 9))
def test_reservoir_keeps_so_many_rows_once_each_in_order(total: int, wanted: int, seed: int) -> None:
    chooser = Reservoir(wanted, seed=seed)
    kept = _chosen(chooser, total, 37)
    assert len(kept) == min(total, wanted)
    assert kept == sorted(set(kept))
    assert chooser.method == ("reservoir" if total > wanted else "full")


def test_reservoir_gives_every_row_the_same_chance() -> None:
    hits = [0] * 10
    for seed in range(300):
        for row in _chosen(Reservoir(20, seed=seed), 1000, 64):
            hits[row // 100] += 1
    assert min(hits) > 520
    assert max(hits) < 680


def test_reservoir_holds_at_most_twice_the_sample() -> None:
    chooser = Reservoir(50, seed=1)
    for start in range(200):
        list(chooser.feed(pa.record_batch({"n": pa.array(range(start * 100, start * 100 + 100), pa.int64())})))
        assert len(chooser._marks) <= 150
