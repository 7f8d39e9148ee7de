"""Rows of a database driver as Arrow record batches with one schema for the whole pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.cells import text_column
from connectors.notes import Notes
from connectors.passing import BATCH_ROWS

_BATCH_BYTES = 4 * 1024 * 1024
_FIRST_ROWS = 256


class BatchSize:
    """How many rows to fetch next, so that a batch holds about 4 MiB whatever its rows are like."""

    def __init__(self) -> None:
        self.rows = _FIRST_ROWS

    def learn(self, batch: pa.RecordBatch) -> None:
        """Take the next size from the batch just made; it grows at most eightfold at a time."""
        row_bytes = max(1, batch.nbytes // max(1, batch.num_rows))
        self.rows = max(16, min(BATCH_ROWS, self.rows * 8, _BATCH_BYTES // row_bytes))


class Columns:
    """Makes batches of one schema. A cell that its column's Arrow type cannot hold becomes NULL and is counted.

    Only types that the database itself enforces have an Arrow type of their own, so what is lost that way is
    `infinity`, a year before 1 or `0000-00-00`, never a person's text.
    """

    def __init__(self, schema: pa.Schema, place: str, notes: Notes) -> None:
        self.schema = schema
        self._place = place
        self._notes = notes

    def batch(self, rows: Sequence[Sequence[Any]]) -> pa.RecordBatch:
        """One batch of these rows."""
        if not len(self.schema):
            return pa.RecordBatch.from_struct_array(pa.StructArray.from_buffers(pa.struct([]), len(rows), [None]))
        cells: Iterator[Sequence[Any]] = zip(*rows, strict=True) if rows else iter([()] * len(self.schema))
        columns = [self._column(values, field) for values, field in zip(cells, self.schema, strict=True)]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _column(self, values: Sequence[Any], field: pa.Field) -> pa.Array:
        if field.type == pa.string():
            return text_column(values)
        try:
            return pa.array(values, field.type)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
            return self._from_text(text_column(values), field)

    def _from_text(self, texts: pa.Array, field: pa.Field) -> pa.Array:
        try:
            return texts.cast(field.type)
        except pa.ArrowInvalid:
            cells = [_cast(text, field.type) for text in texts]
        column = pa.array(cells, field.type)
        lost = column.null_count - texts.null_count
        self._notes.count(f"{self._place}.{field.name}", "not_seen.not_of_type", lost)
        return column


def _cast(text: pa.Scalar, kind: pa.DataType) -> Any:
    try:
        return pc.cast(text, kind).as_py()
    except pa.ArrowInvalid:
        return None
