"""Rows of files, raw, in one pass a question: Arrow finds candidates, the whole form decides."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base import FULL, Store
from governance.requests.forms import LAST_DIGITS, Form
from governance.requests.store_rows import Row, written
from governance.requests.subject_map import DatasetMap
from governance.requests.traced import RecordKey, Unreached
from policies.nouns import Scalar

_LEFT_IN_IDS = r"[^\pL\pN]"
_BLANKS = r"\s"


class FileRows:
    """One folder of files."""

    def __init__(self, store: Store) -> None:
        self.unreached: list[Unreached] = []
        self._store = store

    def matching(
        self, dataset: DatasetMap, fields: Sequence[str], values: Collection[RecordKey], needed: Sequence[str]
    ) -> Iterator[Row]:
        """As `Rows.matching`."""
        wanted = {written(each) for each in values}
        first = pa.array(sorted({each[0] for each in wanted}), pa.string())
        for start, batch in self._batches(dataset, [*needed, *fields]):
            found = pc.is_in(_texts(batch.column(fields[0])), first)
            for row in self._chosen(dataset, start, batch, found):
                if written([row.values[name] for name in fields]) in wanted:
                    yield row

    def identified(
        self, dataset: DatasetMap, sought: Mapping[str, Sequence[Form]], needed: Sequence[str]
    ) -> Iterator[tuple[Row, str, Form]]:
        """As `Rows.identified`."""
        for start, batch in self._batches(dataset, [*needed, *sought]):
            for name, forms in sought.items():
                found = _field_candidates(_texts(batch.column(name)), forms)
                for row in self._chosen(dataset, start, batch, found):
                    yield from ((row, name, form) for form in forms if form.matches(row.values[name]))

    def mentioning(self, dataset: DatasetMap, forms: Sequence[Form]) -> Iterator[tuple[Row, str]]:
        """As `Rows.mentioning`."""
        for start, batch in self._batches(dataset, dataset.texts):
            seen: set[RecordKey] = set()
            for name in dataset.texts:
                for row in self._chosen(dataset, start, batch, _text_candidates(_texts(batch.column(name)), forms)):
                    text = str(row.values[name])
                    if row.key not in seen and any(form.stands_in(text) for form in forms):
                        seen.add(row.key)
                        yield Row(row.key, {}), name

    def records(
        self, dataset: DatasetMap, keys: Collection[RecordKey], names: Sequence[str]
    ) -> Iterator[list[dict[str, Any]]]:
        """The records with these keys, batch by batch, with some of their fields."""
        wanted = {written(each) for each in keys}
        for start, batch in self._batches(dataset, names):
            every = pa.array([True] * batch.num_rows)
            if not dataset.key:
                every = pa.array([(str(start + number + 1),) in wanted for number in range(batch.num_rows)])
            rows = self._chosen(dataset, start, batch, every)
            found = [dict(row.values) for row in rows if written(row.key) in wanted]
            if found:
                yield found

    def _batches(self, dataset: DatasetMap, names: Sequence[str]) -> Iterator[tuple[int, pa.RecordBatch]]:
        """The file's batches, each with how many rows lie before it."""
        fields, start = list(dict.fromkeys([*dataset.key, *names])), 0
        with self._store.read(dataset.ref.dataset, fields, FULL) as reading:
            for batch in reading:
                yield start, batch
                start += batch.num_rows

    @staticmethod
    def _chosen(dataset: DatasetMap, start: int, batch: pa.RecordBatch, found: pa.Array) -> Iterator[Row]:
        places = pc.indices_nonzero(pc.fill_null(found, fill_value=False))
        if not len(places):
            return
        numbers = places.to_pylist()
        for number, values in zip(numbers, batch.take(places).to_pylist(), strict=True):
            row: dict[str, Scalar] = {name: _scalar(each) for name, each in values.items()}
            key = tuple(row[name] for name in dataset.key) or (start + number + 1,)
            yield Row(key, row)


def _texts(column: pa.Array) -> pa.Array:
    return column if column.type == pa.string() else pc.cast(column, pa.string())


def _field_candidates(texts: pa.Array, forms: Sequence[Form]) -> pa.Array:
    wide = pc.utf8_normalize(texts, "NFKC")
    kind = forms[0].kind
    if kind == "phone":
        return _digits_end(pc.replace_substring_regex(wide, r"[^0-9]", ""), forms)
    if kind in ("email", "name"):
        bare = pc.utf8_lower(pc.replace_substring_regex(wide, _BLANKS, ""))
        plain = pc.is_in(bare, pa.array([each.normal for each in forms], pa.string()))
        return pc.or_(plain, pc.invert(pc.string_is_ascii(bare)))  # case folding is more than lower case
    bare = pc.utf8_upper(pc.replace_substring_regex(wide, _LEFT_IN_IDS, ""))
    return pc.is_in(bare, pa.array([each.normal for each in forms], pa.string()))


def _text_candidates(texts: pa.Array, forms: Sequence[Form]) -> pa.Array:
    wide = pc.utf8_normalize(texts, "NFKC")
    found = pc.equal(wide, "\x00")
    digits = pc.replace_substring_regex(wide, r"[^0-9]", "")
    lower = pc.utf8_lower(wide)
    bare = pc.utf8_upper(pc.replace_substring_regex(wide, _LEFT_IN_IDS, ""))
    close = pc.utf8_lower(pc.replace_substring_regex(wide, _BLANKS, ""))
    for form in forms:
        if form.kind == "phone":
            one = _digits_end(digits, [form])
        elif form.kind == "email":
            one = pc.match_substring(lower, form.normal)
        else:
            one = pc.match_substring(close if form.kind == "name" else bare, form.normal)
        found = pc.or_(found, one)
    return found


def _digits_end(digits: pa.Array, forms: Sequence[Form]) -> pa.Array:
    found = pc.equal(digits, "x")
    for each in sorted({number[-LAST_DIGITS:] for form in forms for number in form.numbers}):
        found = pc.or_(found, pc.match_substring(digits, each))
    return found


def _scalar(value: Any) -> Scalar:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
