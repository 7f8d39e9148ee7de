"""Measure the column classifier on the sets of the measuring folder: `python tests/accuracy/columns.py [--half tuned]`.

Every table is scanned as a whole, as a store of text columns, four times: with its real names, with neutral names
(`c1`, `c2`, ...), with names shuffled among columns of other kinds, and with names only. Tables are split in two
halves by their name before anything is tuned: rules were written and numbers fitted with the `tuned` half in sight; the
`untouched` half was only ever scored. Prints a table to standard output; where the folder is absent it says so
and stops.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
from column_map import (
    FIDES,
    FIDES_HARMLESS,
    FIDES_SAME_KIND,
    SAME_KIND,
    SEMANTIC_TYPES,
    UNJUDGED,
    UNKNOWN,
    Meaning,
)

from connectors.memory import MemoryStore
from governance.scan.engines.local import scan_store
from governance.scan.options import ScanOptions
from governance.scan.result import FieldScan

FOLDER = Path(os.environ.get("GOVERNANCE_MEASURE_DATA", Path(__file__).parents[3] / "shared" / "data"))
COLUMNS = FOLDER / "columns" / "semantic_types.half.jsonl"
FIELD_NAMES = FOLDER / "columns" / "fides_names.jsonl"
HALVES = ("tuned", "untouched")
REAL, NEUTRAL, MISLEADING, NAMES = "real names", "neutral names", "misleading names", "names only"
VIEWS = (REAL, NEUTRAL, MISLEADING, NAMES)
ALL = "all"
AGREEMENT = "agreement"
BINS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
_SEED = 20261122
_KNOWN = 0.5
"""A column whose values the set knows as a kind to this part is of that kind."""


@dataclass(frozen=True, slots=True)
class Column:
    """One labelled column of a set."""

    table: str
    """Its table."""
    name: str
    """Its real name."""
    values: tuple[str, ...]
    """Its values."""
    meaning: Meaning | None
    """What its label means; None for a harmless column."""
    known: bool = True
    """Whether the set says anything of it."""

    @property
    def half(self) -> str:
        """`tuned` or `untouched`, by the table."""
        return HALVES[int(hashlib.sha256(self.table.encode()).hexdigest(), 16) % 2]


@dataclass(frozen=True, slots=True)
class Judged:
    """What one view of a column was labelled as."""

    column: Column
    """The column."""
    kind: str
    """The kind of the label, empty without one."""
    confidence: float
    """The label's confidence, 0 without one."""
    agreement: str = ""
    """Which signals spoke for the label, where the scan was told to say so by a signal `AGREEMENT`; else empty."""

    @property
    def right(self) -> bool:
        """Whether the label is the column's kind."""
        return self.column.meaning is not None and self.kind == self.column.meaning.kind


@dataclass(frozen=True, slots=True)
class Witness:
    """Tells a gap of the set from an error of ours, by the set alone.

    A column without a label is a gap when the set gives columns of the same name in other tables the kind that we gave,
    or columns of other tables that hold the same values.
    """

    names: Mapping[tuple[str, str], frozenset[str]]
    """The tables in which columns of a name have a kind, by both."""
    values: Mapping[tuple[str, str], frozenset[str]]
    """The tables in which a value stands in columns of a kind, by both."""

    @classmethod
    def of(cls, columns: Iterable[Column]) -> Witness:
        """What the labelled columns of a set say."""
        names: dict[tuple[str, str], set[str]] = defaultdict(set)
        values: dict[tuple[str, str], set[str]] = defaultdict(set)
        for each in columns:
            if each.meaning is not None:
                names[_same(each.name), each.meaning.kind].add(each.table)
                for value in set(map(_same, each.values)):
                    values[value, each.meaning.kind].add(each.table)
        return cls(
            {key: frozenset(tables) for key, tables in names.items()},
            {key: frozenset(tables) for key, tables in values.items()},
        )

    def speaks(self, judged: Judged) -> bool:
        """Whether the set itself labels such a column so, in another table."""
        column, kind = judged.column, judged.kind
        if self._elsewhere(self.names, _same(column.name), judged):
            return True
        values = {value for value in map(_same, column.values) if value}
        known = sum(self._elsewhere(self.values, value, judged) for value in values)
        return bool(values) and bool(kind) and known >= _KNOWN * len(values)

    @staticmethod
    def _elsewhere(said: Mapping[tuple[str, str], frozenset[str]], what: str, judged: Judged) -> bool:
        return bool(said.get((what, judged.kind), frozenset()) - {judged.column.table})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: one kind, or all together, in one view of one half."""

    data: str
    """`semantic_types` or `fides_names`."""
    view: str
    """Which names and values the scan saw."""
    half: str
    """`tuned` or `untouched`."""
    disputed: bool
    """Whether disputed labels count."""
    kind: str
    """The kind, `all` for every kind together."""
    wanted: int
    """Columns of this kind."""
    given: int
    """Labels of this kind."""
    right: int
    """Labels of this kind on columns of this kind."""
    harmless: int
    """Harmless columns; for `all` only, else 0."""
    harmless_labelled: int
    """Harmless columns with a label of a kind that the set knows; for `all` only, else 0."""
    harmless_gaps: int
    """Of those, columns that the set itself labels so elsewhere, as `Witness` says; for `all` only, else 0."""
    harmless_unjudged: int
    """Harmless columns with a label of a kind that the set has no word for; for `all` only, else 0."""

    @property
    def precision(self) -> float:
        """Share of the labels that are right."""
        return self.right / self.given if self.given else 0.0

    @property
    def recall(self) -> float:
        """Share of the columns that are found."""
        return self.right / self.wanted if self.wanted else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return 2 * self.right / (self.given + self.wanted) if self.given + self.wanted else 0.0


@dataclass(frozen=True, slots=True)
class Bin:
    """One line of a reliability table."""

    view: str
    """Which names and values the scan saw."""
    half: str
    """`tuned` or `untouched`."""
    low: float
    """The confidences of this bin start here ..."""
    high: float
    """... and end before here, the last one at 1."""
    labels: int
    """Labels given."""
    right: int
    """Right ones."""
    confidence: float
    """Mean confidence of the labels."""

    @property
    def gap(self) -> float:
        """How far the confidence is from the share that is right."""
        return abs(self.confidence - self.right / self.labels) if self.labels else 0.0


def available() -> bool:
    """Whether the sets are on this machine."""
    return COLUMNS.exists() and FIELD_NAMES.exists()


def read_columns() -> list[Column]:
    """The columns of `semantic_types`."""
    return [
        Column(row["table"], row["column"], tuple(row["values"]), _meaning(row["label"]), row["label"] not in UNKNOWN)
        for row in _lines(COLUMNS)
    ]


def read_field_names() -> list[Column]:
    """The fields of `fides_names`, without values."""
    return [
        Column(row["table"], row["column"], (), FIDES.get(row["label"]), row["label"] in {*FIDES, *FIDES_HARMLESS})
        for row in _lines(FIELD_NAMES)
    ]


def judge(columns: Sequence[Column], view: str) -> list[Judged]:
    """Each column with its label in one view, in the order given."""
    tables = [list(group) for group in _by_table(columns).values()]
    renamed = [_renamed(group, view, number) for number, group in enumerate(tables)]
    scans = _scans({name: table for name, table, _ in renamed})
    judged: dict[int, Judged] = {}
    for group, (name, _, fields) in zip(tables, renamed, strict=True):
        for column, field in zip(group, fields, strict=True):
            scan = scans.get((name, field))
            judged[id(column)] = _judged(column, scan) if scan else Judged(column, "", 0.0)
    return [judged[id(column)] for column in columns]


def measure(halves: Sequence[str] = HALVES, views: Sequence[str] = VIEWS) -> list[Row]:
    """Every line of the table: views of `semantic_types`, then `fides_names`."""
    return [row for each in measured(halves, views) for row in each.rows()]


@dataclass(frozen=True, slots=True)
class Measured:
    """All judged columns of one view of one half of one set."""

    data: str
    """`semantic_types` or `fides_names`."""
    view: str
    """Which names and values the scan saw."""
    half: str
    """`tuned` or `untouched`."""
    judged: tuple[Judged, ...]
    """The columns."""
    witness: Witness
    """What the whole set says."""

    def rows(self) -> Iterator[Row]:
        """Lines for all kinds together and for each, without and with disputed labels."""
        for disputed in (False, True):
            yield self._row(ALL, disputed=disputed)
            for kind in sorted({each.kind for each in _kinds(self.data, disputed=disputed)}):
                yield self._row(kind, disputed=disputed)

    def bins(self) -> Iterator[Bin]:
        """The reliability table: labels of kinds that the set can judge, disputed ones included."""
        given = [each for each in self._judgeable(disputed=True) if each.kind]
        for low, high in pairwise(BINS):
            inside = [each for each in given if low <= each.confidence < high or (each.confidence == high == BINS[-1])]
            mean = sum(each.confidence for each in inside) / len(inside) if inside else 0.0
            yield Bin(self.view, self.half, low, high, len(inside), sum(each.right for each in inside), mean)

    def _judgeable(self, *, disputed: bool) -> list[Judged]:
        """What counts: columns of which the set says something, and kinds that it knows."""
        kinds = {each.kind for each in _kinds(self.data, disputed=True)}
        known = {each.kind for each in _kinds(self.data, disputed=disputed)}
        return [
            replace(each, kind=each.kind if self._counts(each.kind, kinds, known) else "")
            for each in self.judged
            if each.column.known and (disputed or each.column.meaning is None or not each.column.meaning.disputed)
        ]

    def _counts(self, kind: str, kinds: set[str], known: set[str]) -> bool:
        """A kind counts unless the set has no word for it, or only disputed ones where those are left out."""
        return kind not in UNJUDGED - kinds and not (kind in kinds and kind not in known)

    def _row(self, kind: str, *, disputed: bool) -> Row:
        columns = self._judgeable(disputed=disputed)
        wanted = [each for each in columns if each.column.meaning and kind in (ALL, each.column.meaning.kind)]
        given = [each for each in columns if each.kind and kind in (ALL, each.kind)]
        harmless = [each for each in columns if each.column.meaning is None] if kind == ALL else []
        unjudged = [each for each in self.judged if each.column.known and each.column.meaning is None]
        return Row(
            self.data,
            self.view,
            self.half,
            disputed,
            kind,
            wanted=len(wanted),
            given=len(given),
            right=sum(each.right for each in given),
            harmless=len(harmless),
            harmless_labelled=sum(bool(each.kind) for each in harmless),
            harmless_gaps=sum(bool(each.kind) and self.witness.speaks(each) for each in harmless),
            harmless_unjudged=sum(each.kind in UNJUDGED for each in unjudged) if kind == ALL else 0,
        )


def measured(halves: Sequence[str] = HALVES, views: Sequence[str] = VIEWS) -> Iterator[Measured]:
    """The judged columns of every view and half asked for."""
    every = read_columns()
    witness = Witness.of(every)
    for half in halves:
        columns = [each for each in every if each.half == half]
        for view in views:
            yield Measured("semantic_types", view, half, tuple(judge(columns, view)), witness)
        if NAMES in views:
            fields = [each for each in read_field_names() if each.half == half]
            same = [replace(each, kind=FIDES_SAME_KIND.get(each.kind, each.kind)) for each in judge(fields, NAMES)]
            yield Measured("fides_names", NAMES, half, tuple(same), Witness.of(()))


def calibration_error(bins: Iterable[Bin]) -> float:
    """The expected calibration error: the gaps of the bins, weighted by their labels."""
    every = list(bins)
    total = sum(each.labels for each in every)
    return sum(each.gap * each.labels for each in every) / total if total else 0.0


def _scans(tables: Mapping[str, pa.Table]) -> dict[tuple[str, str], FieldScan]:
    """The scans of the fields with a label."""
    store = MemoryStore("measured", tables)
    found = scan_store(store, ScanOptions())
    return {
        (dataset, field.name): scanned
        for dataset, scan, fields in (
            (each.name, scan, each.fields) for each, scan in zip(store.datasets(), found.datasets, strict=True)
        )
        for field, scanned in zip(fields, scan.fields, strict=True)
        if scanned.label
    }


def _judged(column: Column, scan: FieldScan) -> Judged:
    label = scan.label
    if label is None:
        return Judged(column, "", 0.0)
    signals = next((each.signals for each in scan.findings if each.entity == label.entity), ())
    said = next((each.reason for each in signals if each.signal == AGREEMENT), "")
    return Judged(column, SAME_KIND.get(label.entity, label.entity), label.confidence, said)


def _renamed(group: Sequence[Column], view: str, number: int) -> tuple[str, pa.Table, list[str]]:
    """Name, data and field names of one table in one view."""
    names = _names(group, view, number)
    values = [() if view == NAMES else each.values for each in group]
    longest = max(map(len, values))
    arrays = [pa.array([*each, *([None] * (longest - len(each)))], pa.string()) for each in values]
    dataset = f"t{number}" if view == NEUTRAL else group[0].table
    return dataset, pa.table(dict(zip(names, arrays, strict=True))), names


def _names(group: Sequence[Column], view: str, number: int) -> list[str]:
    if view == NEUTRAL:
        return [f"c{place}" for place in range(1, len(group) + 1)]
    names = [each.name for each in group]
    if view != MISLEADING:
        return names
    chance = random.Random(_SEED + number)
    order = list(range(len(group)))
    chance.shuffle(order)
    for place, other in enumerate(order):
        if _alike(group[place], group[other]):
            swap = next((far for far, each in enumerate(order) if _apart(group, place, other, far, each)), place)
            order[place], order[swap] = order[swap], order[place]
    return [names[other] for other in order]


def _apart(group: Sequence[Column], place: int, other: int, far: int, each: int) -> bool:
    """Whether two columns can change names so that both get one of another kind."""
    return not _alike(group[place], group[each]) and not _alike(group[far], group[other])


def _alike(one: Column, other: Column) -> bool:
    return (one.meaning.kind if one.meaning else "") == (other.meaning.kind if other.meaning else "")


def _by_table(columns: Sequence[Column]) -> dict[str, list[Column]]:
    tables: dict[str, list[Column]] = defaultdict(list)
    for each in columns:
        tables[each.table].append(each)
    return tables


def _same(text: str) -> str:
    """A name or a value as it is compared: letters and digits alone, in lower case."""
    return "".join(sign for sign in text.lower() if sign.isalnum())


def _meaning(label: str) -> Meaning | None:
    return SEMANTIC_TYPES.get(label)


def _kinds(data: str, *, disputed: bool) -> list[Meaning]:
    table = SEMANTIC_TYPES if data == "semantic_types" else FIDES
    return [each for each in table.values() if disputed or not each.disputed]


def _lines(path: Path) -> Iterator[dict[str, object]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _print(every: Sequence[Measured], *, kinds: bool) -> None:
    head = f"{'set':14} {'view':16} {'half':9} {'disputed':8} {'kind':14} {'F1':>6} {'P':>6} {'R':>6}"
    print(f"{head} {'wanted':>6} {'harmless labelled':>18} {'gaps':>5} {'of unjudged kinds':>18}")
    for row in (row for each in every for row in each.rows() if kinds or row.kind == ALL):
        share = f"{row.harmless_labelled}/{row.harmless}" if row.kind == ALL else ""
        counts = (row.harmless_gaps, row.harmless_unjudged) if row.kind == ALL else ("", "")
        tail = f"{row.wanted:6} {share:>18} {counts[0]:>5} {counts[1]:>18}"
        side = "with" if row.disputed else "without"
        place = f"{row.data:14} {row.view:16} {row.half:9} {side:8} {row.kind:14}"
        print(f"{place} {row.f1:6.3f} {row.precision:6.3f} {row.recall:6.3f} {tail}")
    print("\nreliability of the labels given: confidence, labels, share right")
    for each in every:
        bins = list(each.bins())
        cells = "  ".join(f"{one.low:.2f}-{one.high:.2f}: {one.right}/{one.labels}" for one in bins if one.labels)
        print(f"{each.data:14} {each.view:16} {each.half:9} error {calibration_error(bins):.3f}  {cells}")


def _confused(each: Measured, most: int) -> None:
    """Which kinds are taken for which, counts only."""
    judged = each._judgeable(disputed=True)
    pairs = Counter(
        ((one.column.meaning.kind if one.column.meaning else "-"), one.kind or "-") for one in judged if not one.right
    )
    for (wanted, given), count in pairs.most_common(most):
        if wanted != given:
            print(f"  {each.view}, {each.half}: {wanted} labelled {given}: {count}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; 0 also where the sets are absent."""
    parser = argparse.ArgumentParser(description="Measure the column classifier.")
    parser.add_argument("--half", choices=HALVES, action="append")
    parser.add_argument("--view", choices=VIEWS, action="append")
    parser.add_argument("--kinds", action="store_true", help="a line for each kind")
    parser.add_argument("--confused", type=int, default=0, help="so many of the most frequent mix-ups")
    asked = parser.parse_args(arguments)
    if not available():
        print(f"columns are not measured: {COLUMNS.parent} is not on this machine", file=sys.stderr)
        return 0
    every = list(measured(asked.half or HALVES, asked.view or VIEWS))
    _print(every, kinds=asked.kinds)
    for each in every if asked.confused else ():
        _confused(each, asked.confused)
    return 0


if __name__ == "__main__":
    sys.exit(main())
