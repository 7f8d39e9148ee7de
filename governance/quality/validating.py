"""Check a record before it is written: the same checks as a run makes of a store, on one record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from connectors.base import Dataset, DatasetKind, Field
from governance.quality.columns import Columns
from governance.quality.plan import Needs, looks_of
from governance.quality.standard import Standard
from governance.scan.shapes import shape
from policies.catalog import CatalogDataset, CatalogStore
from policies.nouns import DatasetRef

EXPECTED: Mapping[str, tuple[str, str]] = {
    "completeness.missing": ("a value: a purpose needs it", "ask for it, or leave the purpose out"),
    "validity.placeholder": ("the person's own value, or none", "leave the field empty when it is not known"),
    "validity.form": ("the form of its kind of value", "correct how it is written"),
    "validity.checksum": ("a number with the right check digit", "compare it with the paper or card"),
    "validity.region": ("a number that can be dialled", "add the country's prefix, or correct the number"),
    "validity.date": ("a day that exists and can be", "correct the day"),
    "validity.order": ("an end behind its beginning", "correct one of the two moments"),
    "validity.negative": ("zero or more", "correct the sign"),
    "freshness.stale": ("a record that was verified lately", "verify it with the person"),
    "vocabulary.unknown": ("a word of the standard, written exactly so", "take one of its words"),
}
"""For each rule that one record can break, what is expected and what to do."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is not as it must be in a record. It holds no value of the record."""

    place: str
    """The field or dataset."""
    rule: str
    """The rule that it breaks."""
    found: str
    """The shape of what was found, such as `9{11}`, or `nothing`."""
    expected: str
    """What was expected."""
    next_step: str
    """What to do."""

    def __str__(self) -> str:
        return f"{self.place}: found {self.found}; expected {self.expected}. Next: {self.next_step}"


def validate(
    record: Mapping[str, Any],
    ref: DatasetRef,
    entry: CatalogDataset,
    standard: Standard,
    needs: Needs,
    now: dt.datetime,
) -> tuple[Violation, ...]:
    """What breaks a rule in one record, in the order of the rules; a required field that is left out counts as empty.

    Only fields that the catalog has are looked at. How old a record is, and whether the person has another one, is not
    told before it is written.
    """
    names = [name for name in entry.fields if ":" not in name]
    fields = tuple(Field(name, entry.fields[name].type or "string") for name in names)
    dataset = Dataset(ref.dataset, DatasetKind.TABLE, fields)
    looks = looks_of(ref.store, (dataset,), CatalogStore(id="s0", datasets={ref.dataset: entry}), standard, needs, now)
    columns = Columns(pa.record_batch({name: _column(record.get(name)) for name in names}))
    return tuple(each for look in looks for placed in look.checks for each in _violations(placed, columns, record))


def _violations(placed: Any, columns: Columns, record: Mapping[str, Any]) -> Iterator[Violation]:
    number = int(placed.check.look(columns)[0])
    rule = placed.check.rules[number - 1] if number > 0 else ""
    if number > 0 and rule in EXPECTED and placed.dimension != "freshness":
        expected, next_step = EXPECTED[rule]
        yield Violation(placed.place, rule, _shape(record.get(placed.check.fields[0])), expected, next_step)


def _column(value: Any) -> pa.Array:
    if value is None or isinstance(value, str | dt.date | int | float):
        return pa.array([value], pa.string() if value is None else None)
    return pa.array([str(value)], pa.string())


def _shape(value: Any) -> str:
    if value is None or not str(value).strip():
        return "nothing"
    return f"a value of the shape {shape(value)}" if isinstance(value, str) else f"a {type(value).__name__}"
