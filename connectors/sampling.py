"""Choosing rows out of a stream of batches, in memory that depends on the sample and never on the dataset."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc


class Chooser(Protocol):
    """Which rows of a stream are kept. Feed every batch in order, then finish once."""

    @property
    def method(self) -> str:
        """The word for the report, as `Reading.method` lists them."""
        ...

    def feed(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """The rows that are kept already."""
        ...

    def finish(self) -> Iterator[pa.RecordBatch]:
        """The rows that could only be chosen at the end."""
        ...


class EveryRow:
    """Keeps all rows, of a whole dataset or of a sample that the store drew itself."""

    def __init__(self, method: str = "full") -> None:
        self.method = method

    def feed(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """The batch itself."""
        yield batch

    def finish(self) -> Iterator[pa.RecordBatch]:
        """Nothing."""
        return iter(())


class EveryNth:
    """Keeps one row, drawn by seed, of each of `wanted` equal stretches of a stream of known length.

    The draw inside a stretch keeps a rhythm of the data (every fifth row of another kind) from deciding the sample. A
    stream shorter than said gives fewer rows, a longer one loses the end.
    """

    def __init__(self, total: int, wanted: int, *, seed: int, method: str = "every_nth") -> None:
        self.method = method if total > wanted else "full"
        self._total = total
        self._wanted = min(wanted, total)
        self._chance = random.Random(seed)  # noqa: S311 a sample is no secret
        self._stretch = 0
        self._passed = 0
        self._next = self._draw()

    def _draw(self) -> int:
        """The place of the next kept row, or one that is never reached."""
        if self._stretch >= self._wanted:
            return -1
        start = self._stretch * self._total // self._wanted
        end = (self._stretch + 1) * self._total // self._wanted
        self._stretch += 1
        return self._chance.randrange(start, end)

    def places(self, count: int) -> list[int]:
        """Which of the next `count` rows are kept, as offsets from the first of them."""
        kept = []
        end = self._passed + count
        while self._passed <= self._next < end:
            kept.append(self._next - self._passed)
            self._next = self._draw()
        self._passed = end
        return kept

    def feed(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """The kept rows of the batch."""
        kept = self.places(batch.num_rows)
        if len(kept) == batch.num_rows:
            yield batch
        elif kept:
            yield batch.take(pa.array(kept, pa.int64()))

    def finish(self) -> Iterator[pa.RecordBatch]:
        """Nothing."""
        return iter(())


class Reservoir:
    """Keeps `wanted` rows of a stream of unknown length, each row with the same chance, in the order of the stream.

    Every row is given a number by seed and the smallest numbers stay, so that a batch costs one comparison per row and
    at most twice the sample is held.
    """

    def __init__(self, wanted: int, *, seed: int) -> None:
        self._wanted = wanted
        self._seed = seed
        self._fed = 0
        self._seen = 0
        self._bar = 1.0
        self._held: pa.Table | None = None
        self._marks: list[float] = []

    @property
    def method(self) -> str:
        """`full` when the stream was no longer than the sample."""
        return "reservoir" if self._seen > self._wanted else "full"

    def feed(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """Nothing: rows are known at the end only."""
        marks = pc.random(batch.num_rows, initializer=self._seed * 1_000_003 + self._fed)
        self._fed += 1
        self._seen += batch.num_rows
        kept = pc.indices_nonzero(pc.less(marks, self._bar))
        if len(kept):
            self._hold(batch.take(kept), marks.take(kept).to_pylist())
        return iter(())

    def _hold(self, batch: pa.RecordBatch, marks: list[float]) -> None:
        table = pa.Table.from_batches([batch])
        self._held = table if self._held is None else pa.concat_tables([self._held, table])
        self._marks += marks
        if len(self._marks) > 2 * self._wanted:
            self._prune()

    def _prune(self) -> None:
        if self._held is None or len(self._marks) <= self._wanted:
            return
        self._bar = sorted(self._marks)[self._wanted]
        kept = [place for place, mark in enumerate(self._marks) if mark < self._bar]
        self._held = self._held.take(pa.array(kept, pa.int64())).combine_chunks()
        self._marks = [self._marks[place] for place in kept]

    def finish(self) -> Iterator[pa.RecordBatch]:
        """The rows of the sample."""
        self._prune()
        if self._held is not None:
            yield from self._held.combine_chunks().to_batches()
