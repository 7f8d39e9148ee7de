"""Columns of the source as columns of the copy: one Arrow column in, one out."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from governance.protect.masks import mask
from governance.protect.pseudonyms import Assignments, Pseudonymizer, PseudonymKey, shift_dates
from policies.copy_rules import CopyField, CopyRules

Maker = Assignments | Pseudonymizer
"""What gives the pseudonyms of a domain."""

_ARROW: Mapping[str, tuple[pa.DataType | None, tuple[type, ...]]] = {
    "string": (pa.string(), (str,)),
    "integer": (pa.int64(), (int,)),
    "float": (pa.float64(), (float, int)),
    "decimal": (None, (decimal.Decimal,)),
    "date": (pa.date32(), (dt.date,)),
    "datetime": (pa.timestamp("us"), (dt.datetime,)),
}
"""By word of a field's type: its Arrow type, None where the values decide, and the Python types of its cells."""


def makers(rules: CopyRules, key: PseudonymKey) -> dict[str, Maker]:
    """What gives the pseudonyms of each domain."""
    return {
        name: (Assignments if domain.one_to_one else Pseudonymizer)(key, name, domain.kind, domain.locale)
        for name, domain in rules.domains.items()
    }


@dataclass(frozen=True, slots=True)
class Treater:
    """Treats the columns of one copy."""

    key: PseudonymKey
    """The key of pseudonyms and shifts."""
    makers: Mapping[str, Maker]
    """By domain."""

    def column(
        self, entry: CopyField, word: str, cells: Sequence[Any], subjects: Subjects | None = None
    ) -> Sequence[Any]:
        """The cells of a column as they stand in the copy; a cell of another type than the field becomes NULL."""
        if entry.kind in {"clear", "drop"}:
            return cells
        if entry.kind == "null":
            return [None] * len(cells)
        values = arrow_column(cells, word)
        if entry.kind == "mask":
            return list(mask(entry.name).column(values, word).to_pylist())
        if entry.kind == "pseudonym":
            return list(self.makers[entry.name].column(values).to_pylist())
        return self._shifted(int(entry.name), values, cells, subjects)

    def _shifted(self, days: int, values: pa.Array, cells: Sequence[Any], subjects: Subjects | None) -> Sequence[Any]:
        if subjects is None:
            return [None] * len(cells)
        moved = shift_dates(self.key, subjects.domain, values, subjects.values, days=days).to_pylist()
        zones = [each.tzinfo if isinstance(each, dt.datetime) else None for each in cells]
        return [each and each.replace(tzinfo=zone) if zone else each for each, zone in zip(moved, zones, strict=True)]


@dataclass(frozen=True, slots=True)
class Subjects:
    """The person of each row, by whom its dates are moved."""

    domain: str
    """Tables of one domain move the same person alike."""
    values: pa.Array
    """The subject key of each row, as text."""


def arrow_column(cells: Sequence[Any], word: str) -> pa.Array:
    """Cells as an Arrow column of their field's type; those of another type are NULL."""
    kind, fits = _ARROW.get(word, (pa.string(), (str,)))
    if word == "datetime":
        cells = [each.replace(tzinfo=None) if isinstance(each, dt.datetime) else None for each in cells]
    try:
        return pa.array(cells, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        kept = [each if isinstance(each, fits) and not isinstance(each, bool) else None for each in cells]
        return pa.array(kept, kind)


def as_texts(cells: Sequence[Any]) -> pa.Array:
    """Keys as texts: a number and its decimal text are the same person."""
    return pa.array([None if each is None else str(each) for each in cells], pa.string())


def unchanged(before: pa.Array, after: pa.Array) -> int:
    """In how many rows a column came out as it went in, empty cells aside."""
    same = pc.and_(pc.equal(before, after), pc.not_equal(pc.cast(before, pa.string()), ""))
    return int(pc.sum(same.fill_null(False)).as_py() or 0)
