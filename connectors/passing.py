"""`Pass`, the one `Reading` of all kinds of store: they differ in how a pass is opened, not in what it promises."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import pyarrow as pa

from connectors.base import NotSeen, ReadLimits
from connectors.cells import cut_long_cells
from connectors.notes import Notes
from connectors.sampling import Chooser
from policies.errors import StoreError

BATCH_ROWS = 65_536
"""No batch of a pass has more rows."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A pass that has begun: its rows and what is known of them."""

    batches: Generator[pa.RecordBatch, None, None]
    """The rows that the store hands out, already without fields that were not asked for; closed with the pass."""
    chooser: Chooser
    """Which of these rows the pass keeps."""
    rows_total: int | None = None
    """Rows in the dataset as far as it is known at the start."""
    whole: bool = False
    """Whether `batches` runs through every row, so that counting them gives the exact total."""


Opener = Callable[[Notes], AbstractContextManager[Opened]]
"""Begins a pass; leaving the block releases what it holds. What is left out is written into the notes."""


class Pass:
    """One pass over a dataset; see `Reading`."""

    def __init__(self, place: str, opener: Opener, limits: ReadLimits) -> None:
        self._place = place
        self._opener = opener
        self._limits = limits
        self._notes = Notes()
        self._stack = ExitStack()
        self._opened: Opened | None = None
        self._begun = False
        self._rows_total: int | None = None

    @property
    def rows_total(self) -> int | None:
        """Rows in the dataset, exact once a pass over all of them has ended."""
        return self._rows_total

    @property
    def method(self) -> str:
        """How rows were chosen; final once the pass has ended."""
        return "full" if self._opened is None else self._opened.chooser.method

    @property
    def not_seen(self) -> Sequence[NotSeen]:
        """What the pass has left out so far."""
        return self._notes.listed()

    def __enter__(self) -> Self:
        self._opened = self._stack.enter_context(self._opener(self._notes))
        self._stack.callback(self._opened.batches.close)
        self._rows_total = self._opened.rows_total
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The caller's own error is not passed on to the opener, which would take it for one of the store.
        self._stack.close()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        if self._opened is None or self._begun:
            raise StoreError(
                self._place,
                found="a pass that is not open or was used already",
                expected="one iteration inside `with`",
                next_step="call `read` again for another pass",
            )
        self._begun = True
        return self._rows(self._opened)

    def _rows(self, opened: Opened) -> Iterator[pa.RecordBatch]:
        seen = 0
        for batch in opened.batches:
            seen += batch.num_rows
            for kept in opened.chooser.feed(batch):
                yield from self._finished(kept)
        if opened.whole:
            self._rows_total = seen
        for kept in opened.chooser.finish():
            yield from self._finished(kept)

    def _finished(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        short, cut = cut_long_cells(batch, self._limits.cell_bytes)
        for name, number in cut.items():
            self._notes.count(f"{self._place}.{name}", "not_seen.long_cell", number)
        for start in range(0, short.num_rows, BATCH_ROWS):
            yield short.slice(start, BATCH_ROWS)
