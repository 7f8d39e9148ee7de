"""`QuasiCounts`: how many rows share each combination of some fields' values, in bounded memory, in any order.

It holds 64-bit hashes and counts, never a value; an empty cell counts as a value of its own. Above a million distinct
combinations only those whose own hash is small are kept, whole: each kept combination has its true count, and the kept
share of rows is known. Which ones are kept depends on the rows alone and not on how they were split.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan import sketch
from governance.scan.as_text import as_text

Hashes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

MOST_COMBINATIONS = 1_000_000
"""Distinct combinations of values that are kept."""
_WAITING = 262_144
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Part:
    """Some combinations, not necessarily distinct."""

    values: Hashes
    """One row a combination, one column a field: the hash of the value, 0 for an empty cell."""
    counts: Numbers
    """Rows that have it."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class QuasiCounts:
    """Counted combinations of a dataset's candidate fields, or of a part of the dataset."""

    fields: tuple[str, ...] = ()
    """The fields, in a fixed order; empty where there is nothing to count."""
    rows: int = 0
    """Rows seen, those of combinations that were not kept included."""
    halvings: int = 0
    """How often half of the combinations were let go; 0 while every one is kept."""
    failed: bool = False
    """Whether a field could not be looked at, so that nothing is counted."""
    parts: tuple[Part, ...] = ()
    """What was counted, in pieces that wait to be joined; read `values` and `counts` instead."""

    def __repr__(self) -> str:
        return f"QuasiCounts({len(self.fields)} fields, {self.rows} rows)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, QuasiCounts) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]  # arrays inside: equal by content, not to be hashed

    @property
    def values(self) -> Hashes:
        """The combinations kept, one row each; of a reduced record they are distinct."""
        parts = [part.values for part in self.parts]
        return np.concatenate(parts) if parts else np.empty((0, len(self.fields)), np.uint64)

    @property
    def counts(self) -> Numbers:
        """Rows of each combination kept."""
        return np.concatenate([part.counts for part in self.parts] or [np.empty(0, np.int64)])

    @property
    def rows_kept(self) -> int:
        """Rows of the combinations that are kept."""
        return sum(int(part.counts.sum()) for part in self.parts)

    def codes(self) -> tuple[Numbers, ...]:
        """For each field small numbers that tell its values apart, in the order of `counts`."""
        values = self.values
        return tuple(_coded(values[:, place]) for place in range(len(self.fields)))

    def merge(self, other: QuasiCounts) -> QuasiCounts:
        """Both parts together; the order of parts has no effect on what `reduced` gives."""
        if not self.fields or not other.fields:
            known = self if self.fields else other
            rows, failed = self.rows + other.rows, self.failed or other.failed
            return replace(known, rows=rows, failed=failed, parts=() if failed else known.parts)
        failed = self.failed or other.failed or self.fields != other.fields
        both = QuasiCounts(
            self.fields,
            self.rows + other.rows,
            max(self.halvings, other.halvings),
            failed,
            () if failed else (*self.parts, *other.parts),
        )
        largest = max((len(part.counts) for part in both.parts), default=0)
        waiting = sum(len(part.counts) for part in both.parts) - largest
        return both.reduced() if waiting > max(_WAITING, largest) else both

    def reduced(self) -> QuasiCounts:
        """The same with each combination once, in the order of their hashes, and no more than fit."""
        if not self.parts:
            return self
        values, counts = self.values, self.counts
        keys = _keys(values)
        halvings = self.halvings
        if halvings:
            kept = _kept(keys, halvings)
            values, counts, keys = values[kept], counts[kept], keys[kept]
        order = np.argsort(keys)  # which of two equal keys comes first makes no difference
        keys = keys[order]
        starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.empty(0, np.intp)
        sums = np.add.reduceat(counts[order], starts) if len(starts) else counts
        values, keys = values[order[starts]], keys[starts]
        while len(keys) > MOST_COMBINATIONS:
            halvings += 1
            kept = _kept(keys, halvings)
            values, sums, keys = values[kept], sums[kept], keys[kept]
        return replace(self, halvings=halvings, parts=(Part(values, sums),))

    def to_json(self) -> dict[str, Any]:
        """As plain data: the same for the same rows, however they were split."""
        done = self.reduced()
        return {
            "fields": list(done.fields),
            "rows": done.rows,
            "halvings": done.halvings,
            "failed": done.failed,
            "values": base64.b64encode(done.values.astype("<u8").tobytes()).decode(),
            "counts": base64.b64encode(done.counts.astype("<i8").tobytes()).decode(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> QuasiCounts:
        """From plain data."""
        fields = tuple(data["fields"])
        values = np.frombuffer(base64.b64decode(data["values"]), dtype="<u8").astype(np.uint64)
        counts = np.frombuffer(base64.b64decode(data["counts"]), dtype="<i8").astype(np.int64)
        parts = (Part(values.reshape(len(counts), len(fields)), counts),) if len(counts) else ()
        return cls(fields, data["rows"], data["halvings"], data["failed"], parts)


def count_rows(rows: pa.RecordBatch | pa.Table, fields: Sequence[str]) -> QuasiCounts:
    """The counts of one part of a dataset. Raises what `governance.scan.as_text.as_text` raises."""
    if not fields or not rows.num_rows:
        return QuasiCounts(tuple(fields), rows.num_rows)
    values = np.column_stack(list(_hashed(rows, fields)))
    part = Part(values, np.ones(rows.num_rows, np.int64))
    return QuasiCounts(tuple(fields), rows.num_rows, parts=(part,))


def _hashed(rows: pa.RecordBatch | pa.Table, fields: Sequence[str]) -> Iterator[Hashes]:
    """Each field's column as hashes of its values; 0 where a cell is empty."""
    for name in fields:
        column = rows.column(name)
        flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        encoded = flat if pa.types.is_dictionary(flat.type) else flat.dictionary_encode()
        texts = pc.fill_null(as_text(encoded.dictionary), "")
        filled = np.asarray(pc.not_equal(pc.utf8_trim_whitespace(texts), "").to_numpy(zero_copy_only=False), bool)
        hashes = np.where(filled, sketch.hash_values(texts) | np.uint64(1), np.uint64(0))
        known = np.concatenate([hashes, np.zeros(1, np.uint64)])
        places = pc.fill_null(encoded.indices.cast(pa.int64()), len(hashes))
        yield known[places.to_numpy(zero_copy_only=False)]


def _keys(values: Hashes) -> Hashes:
    """One hash a combination."""
    keys = np.full(len(values), _MIX, np.uint64)
    for place in range(values.shape[1]):
        keys = (keys ^ values[:, place]) * _MIX
        keys ^= keys >> np.uint64(29)
    return keys


def _kept(keys: Hashes, halvings: int) -> npt.NDArray[np.bool_]:
    return np.asarray(keys >> np.uint64(64 - halvings) == 0, dtype=np.bool_)


def _coded(hashes: Hashes) -> Numbers:
    codes = pa.array(hashes).dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return np.asarray(codes, dtype=np.int64)
