"""Columns treated as columns: each rule is decided once for each distinct combination of the values that it names.

It decides with the same functions as for single records, so the two forms cannot differ; what it spares is repetition.
A missing value of pandas (NaN, NaT, NA) is NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from governance.access.permits import DatasetPermit, FieldPermit, RowRule
from governance.guard.records import Record, refused
from policies.predicate import Predicate

if TYPE_CHECKING:
    import pandas as pd

Rows = npt.NDArray[np.int64]
"""Places of rows, from 0, in their order."""
Holds = Callable[[Predicate, Record], bool | None]
"""Whether a predicate holds for a record; None for unknown."""
Shown = Sequence[tuple[str, Rows]]
"""Treatments of one field, each with the places among the visible rows that get it; the others get NULL."""


class Columns(Protocol):
    """Named columns of one length."""

    @property
    def names(self) -> Sequence[str]:
        """Their names."""
        ...

    def __len__(self) -> int: ...

    def distinct(self, name: str, rows: Rows) -> tuple[Rows, list[Any]]:
        """The distinct values of some rows, and for each row the place of its value among them."""
        ...


class Decided:
    """Which rows of some columns are visible, and how each field is shown in them."""

    def __init__(self, columns: Columns, permit: DatasetPermit, holds: Holds) -> None:
        self._columns = columns
        self._permit = permit
        self._holds = holds

    def visible(self) -> Rows:
        """The visible rows, conditions such as consent aside."""
        everything = np.arange(len(self._columns), dtype=np.int64)
        waiting, given = everything, [everything[:0]]
        for rule in self._permit.allow:
            gives = self._are(rule.rows, waiting, {True})
            given.append(waiting[gives])
            waiting = waiting[~gives]
        rows = np.sort(np.concatenate(given))
        return self._left((*self._permit.deny, *self._permit.special), rows)

    def shown(self, permit: FieldPermit, rows: Rows) -> Shown:
        """How one field is shown in visible rows."""
        waiting = self._left(permit.denies, rows)
        found = []
        for rule in permit.rules:
            gives = self._are(rule.rows, waiting, {True})
            found.append((rule.treatment, np.searchsorted(rows, waiting[gives])))
            waiting = waiting[~gives]
        return found

    def records(self, rows: Rows) -> Sequence[Record]:
        """Rows as records whose values are read when they are asked for."""
        return _RowViews(self._columns, rows)

    def _left(self, rules: Sequence[RowRule], rows: Rows) -> Rows:
        for rule in rules:
            rows = rows[~self._are(rule.rows, rows, {True, None})]
        return rows

    def _are(self, predicate: Predicate | None, rows: Rows, wanted: set[bool | None]) -> npt.NDArray[np.bool_]:
        if predicate is None or not len(rows):
            return np.ones(len(rows), dtype=np.bool_)
        codes = np.zeros(len(rows), dtype=np.int64)
        values: dict[str, tuple[Rows, list[Any]]] = {}
        for name in sorted(predicate.fields & set(self._columns.names)):
            values[name] = self._columns.distinct(name, rows)
            codes = codes * len(values[name][1]) + values[name][0]
            codes = np.unique(codes, return_inverse=True)[1].reshape(-1)
        _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
        answers = [
            self._holds(predicate, {name: known[places[row]] for name, (places, known) in values.items()}) in wanted
            for row in first
        ]
        return np.array(answers, dtype=np.bool_)[inverse.reshape(-1)]


class _RowViews(Sequence[Record]):
    """Some rows as records."""

    def __init__(self, columns: Columns, rows: Rows) -> None:
        self._columns = columns
        self._rows = rows
        self._read: dict[str, tuple[Rows, list[Any]]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: Any) -> Any:
        return _RowView(self, int(place))

    def value(self, name: str, place: int) -> Any:
        if name not in self._read:
            if name not in self._columns.names:
                raise KeyError
            self._read[name] = self._columns.distinct(name, self._rows)
        codes, values = self._read[name]
        return values[codes[place]]


class _RowView(Mapping[str, Any]):
    """One row as a record."""

    def __init__(self, rows: _RowViews, place: int) -> None:
        self._rows = rows
        self._place = place

    def __getitem__(self, name: str) -> Any:
        return self._rows.value(name, self._place)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows._columns.names)  # noqa: SLF001 the two are one unit

    def __len__(self) -> int:
        return len(self._rows._columns.names)  # noqa: SLF001 the two are one unit


class ArrowColumns:
    """The columns of an Arrow table. Raises AccessRefusedError where two have one name."""

    def __init__(self, table: pa.Table | pa.RecordBatch) -> None:
        self.names = _named(list(table.schema.names))
        self._length = table.num_rows
        self._columns = {name: _plain(table.column(place)) for place, name in enumerate(table.schema.names)}

    def __len__(self) -> int:
        return int(self._length)

    def distinct(self, name: str, rows: Rows) -> tuple[Rows, list[Any]]:
        """As `Columns`."""
        values = self._columns[name].take(pa.array(rows))
        try:
            encoded = values.dictionary_encode(null_encoding="encode")
            return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), _py(encoded.dictionary)
        except pa.ArrowNotImplementedError:  # lists and the like: each value for itself
            return np.arange(len(rows), dtype=np.int64), _py(values)

    def treated(self, name: str, rows: Rows, shown: Shown, treat: Callable[[str, Any], Any]) -> pa.Array:
        """A column as it is shown, of the type that it had."""
        values = self._columns[name].take(pa.array(rows))
        if len(shown) == 1 and shown[0][0] == "clear" and len(shown[0][1]) == len(rows):
            return values
        result = pa.nulls(len(rows), values.type)
        for treatment, places in shown:
            given = values if treatment == "clear" else self._by_value(name, rows, values.type, treatment, treat)
            chosen = np.zeros(len(rows), dtype=np.bool_)
            chosen[places] = True
            result = pc.if_else(pa.array(chosen), given, result)
        return result

    def _by_value(
        self, name: str, rows: Rows, type_: pa.DataType, treatment: str, treat: Callable[[str, Any], Any]
    ) -> pa.Array:
        codes, values = self.distinct(name, rows)
        return pa.array([treat(treatment, each) for each in values], type_).take(pa.array(codes))


class PandasColumns:
    """The columns of a DataFrame; its index is no column. Raises AccessRefusedError where two have one name."""

    def __init__(self, frame: pd.DataFrame, types: Mapping[str, str]) -> None:
        self._frame = frame
        self._types = types
        self.names = _named([each for each in frame.columns if isinstance(each, str)])

    def __len__(self) -> int:
        return len(self._frame)

    def distinct(self, name: str, rows: Rows) -> tuple[Rows, list[Any]]:
        """As `Columns`; 1, 1.0 and True are three values."""
        places: dict[Any, int] = {}
        values = self._values(name, rows)
        try:
            codes = [places.setdefault((type(each), each), len(places)) for each in values]
        except TypeError:  # lists and the like: each value for itself
            return np.arange(len(rows), dtype=np.int64), values
        return np.array(codes, dtype=np.int64), [value for _, value in places]

    def treated(self, name: str, rows: Rows, shown: Shown, treat: Callable[[str, Any], Any]) -> pd.Series[Any]:
        """A column as it is shown, numbered anew; of the type that it had where it is clear."""
        import pandas as pd

        series = self._frame[name].iloc[rows].reset_index(drop=True)
        if len(shown) == 1 and shown[0][0] == "clear" and len(shown[0][1]) == len(rows):
            return series
        result = np.full(len(rows), None, dtype=object)
        for treatment, places in shown:
            codes, values = self.distinct(name, rows[places])
            some = np.empty(len(values), dtype=object)
            some[:] = values if treatment == "clear" else [treat(treatment, each) for each in values]
            result[places] = some[codes]
        return pd.Series(result, dtype=object)

    def _values(self, name: str, rows: Rows) -> list[Any]:
        series = self._frame[name].iloc[rows]
        missing = series.isna().to_numpy()
        if self._types.get(name) == "integer" and series.dtype.kind == "f":  # what pandas makes of integers with gaps
            whole = series[~missing]
            if bool((whole % 1 == 0).all()):
                series = series.where(~missing, 0).astype("int64")
        values: list[Any] = [None if gone else each for each, gone in zip(series.tolist(), missing, strict=True)]
        return [_moment(each) if hasattr(each, "to_pydatetime") else each for each in values]


def _moment(value: Any) -> Any:
    if value.nanosecond:
        raise refused("times below a microsecond")
    return value.to_pydatetime()


def _named(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise refused("two columns of one name")
    return names


def _plain(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return whole.dictionary_decode() if pa.types.is_dictionary(whole.type) else whole


def _py(values: pa.Array) -> list[Any]:
    """Values of Python; a time below a microsecond has none. Raises AccessRefusedError."""
    if pa.types.is_timestamp(values.type) and values.type.unit == "ns":
        try:
            values = values.cast(pa.timestamp("us", values.type.tz))
        except pa.ArrowInvalid:
            raise refused("times below a microsecond") from None
    found: list[Any] = values.to_pylist()
    return found
