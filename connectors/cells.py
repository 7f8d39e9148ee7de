"""Cells as Arrow holds them: text without lone surrogates, and no longer than the limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def text_of(value: object) -> str | None:
    """The text of a cell of any type; what is no valid Unicode becomes U+FFFD."""
    if value is None:
        return None
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        # A telephone or card number kept as a float is still one.
        return str(int(value))
    return text_of(str(value))


def text_column(values: Sequence[Any]) -> pa.Array:
    """A `string` column of cells of any type, by the quick way where all are text already."""
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        return _numbers(values) or pa.array([text_of(value) for value in values], pa.string())


def _numbers(values: Sequence[Any]) -> pa.Array | None:
    """The column when all cells are whole numbers, which Arrow writes quicker than Python; else None."""
    first = next((value for value in values if value is not None), None)
    if not isinstance(first, int):
        return None
    try:
        numbers = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return None
    return numbers.cast(pa.string()) if pa.types.is_integer(numbers.type) else None


def cut_long_cells(batch: pa.RecordBatch, limit_bytes: int) -> tuple[pa.RecordBatch, dict[str, int]]:
    """The batch with text cells of at most the limit, and how many were cut per field; whole characters stay."""
    columns = list(batch.columns)
    cut: dict[str, int] = {}
    for place, column in enumerate(columns):
        if pa.types.is_string(column.type) and column.nbytes > limit_bytes:
            long = pc.greater(pc.binary_length(column), limit_bytes)
            number = pc.sum(long).as_py() or 0
            if number:
                columns[place] = _cut(column, limit_bytes)
                cut[batch.schema.names[place]] = number
    return (pa.RecordBatch.from_arrays(columns, schema=batch.schema), cut) if cut else (batch, cut)


def _cut(column: pa.Array, limit_bytes: int) -> pa.Array:
    return pa.array(
        [
            None if (text := cell.as_py()) is None else text.encode()[:limit_bytes].decode("utf-8", "ignore")
            for cell in column
        ],
        pa.string(),
    )
