"""The profile of a dataset: one per column and per path of JSON columns; built from batches, merged in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from connectors.base import Dataset, Field
from governance.scan.classifier import DatasetNames, hints_of, read_names
from governance.scan.detectors.base import Detector, FieldContext
from governance.scan.detectors.user_recognizers import put_aside
from governance.scan.json_paths import Path, collapse, name_of, once_a_row, parse, walk, written
from governance.scan.names import NameSignal, read_name, words_of
from governance.scan.profile import ColumnProfile
from governance.scan.profiling import ColumnPlan, profile_column, profile_texts
from governance.scan.quasi.candidates import choose_candidates
from governance.scan.quasi.counts import QuasiCounts, count_rows

FAULTS = (ValueError, ArithmeticError, LookupError, RecursionError, TypeError, NotImplementedError)
"""What a value may do to the code that looks at it; the field is then listed as not seen. `pa.ArrowInvalid` and
`UnicodeDecodeError` are kinds of ValueError."""


@dataclass(frozen=True, slots=True, repr=False)
class DatasetProfile:
    """All profiles of a dataset, or of a part of it."""

    columns: Mapping[str, ColumnProfile] = field(default_factory=dict)
    """By field."""
    paths: Mapping[str, Mapping[Path, ColumnProfile]] = field(default_factory=dict)
    """By JSON field and path; `rows` of a path are its values."""
    failed: frozenset[str] = frozenset()
    """Fields that could not be looked at."""
    rows: int = 0
    """Rows read."""
    quasi: QuasiCounts = field(default_factory=QuasiCounts)
    """How many rows share the values of the fields that may quasi-identify."""
    slow: frozenset[str] = frozenset()
    """Expressions of the user's that took too long for some values, as `recognizers.yaml:7`."""

    def __repr__(self) -> str:
        return f"DatasetProfile({self.rows} rows, {len(self.columns)} fields)"

    def merge(self, other: DatasetProfile) -> DatasetProfile:
        """Both parts together; the order of parts has no effect."""
        failed = self.failed | other.failed
        columns = {
            key: _both(self.columns, other.columns, key) for key in sorted({*self.columns, *other.columns} - failed)
        }
        paths = {
            key: collapse(_both_paths(self.paths.get(key, {}), other.paths.get(key, {})))
            for key in sorted({*self.paths, *other.paths} - failed)
        }
        return DatasetProfile(
            columns, paths, failed, self.rows + other.rows, self.quasi.merge(other.quasi), self.slow | other.slow
        )

    def to_json(self) -> dict[str, Any]:
        """As plain data with sorted keys; paths as lists of steps."""
        return {
            "columns": {key: each.to_json() for key, each in sorted(self.columns.items())},
            "failed": sorted(self.failed),
            "paths": {
                key: [[list(path), each.to_json()] for path, each in sorted(paths.items())]
                for key, paths in sorted(self.paths.items())
            },
            "quasi": self.quasi.to_json(),
            "rows": self.rows,
            "slow": sorted(self.slow),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> DatasetProfile:
        """From plain data."""
        return cls(
            {key: ColumnProfile.from_json(each) for key, each in data["columns"].items()},
            {
                key: {tuple(path): ColumnProfile.from_json(each) for path, each in paths}
                for key, paths in data["paths"].items()
            },
            frozenset(data["failed"]),
            data["rows"],
            QuasiCounts.from_json(data["quasi"]),
            frozenset(data["slow"]),
        )


class Profiler:
    """Makes profiles of one dataset's batches; holds what its names say and no value."""

    def __init__(
        self, dataset: Dataset, detectors: Sequence[Detector], regions: tuple[str, ...], models: str = "off"
    ) -> None:
        self.names: DatasetNames = read_names(dataset)
        self._candidates = choose_candidates(dataset, self.names.fields, self.names.comments)
        self._fields: dict[str, Field] = {each.name: each for each in dataset.fields}
        self._detectors = tuple(detectors)
        self._regions = regions
        self._models = models
        self._plans = {each.name: self._plan(each, hints_of(self.names, each.name)) for each in dataset.fields}

    def profile(self, batch: pa.RecordBatch | pa.Table) -> DatasetProfile:
        """The profile of one part of the dataset. A field that cannot be looked at is listed, the others go on."""
        columns: dict[str, ColumnProfile] = {}
        paths: dict[str, dict[Path, ColumnProfile]] = {}
        failed = set()
        for number, name in enumerate(batch.schema.names):
            column = batch.column(number)
            try:
                if self._fields[name].type == "json":
                    columns[name], paths[name] = self._json(name, column)
                else:
                    columns[name] = profile_column(column, self._plans[name])
            except FAULTS:
                failed.add(name)
        done = {name: each for name, each in columns.items() if name not in failed}
        slow = put_aside(self._detectors)
        return DatasetProfile(done, paths, frozenset(failed), batch.num_rows, self._count(batch), slow)

    def _count(self, batch: pa.RecordBatch | pa.Table) -> QuasiCounts:
        try:
            return count_rows(batch, self._candidates)
        except FAULTS:
            return QuasiCounts(self._candidates, batch.num_rows, failed=True)

    def path_signals(self, name: str, path: Path) -> dict[str, NameSignal]:
        """What a path's keys say."""
        return read_name(name_of(path) or name, self.names.words)

    def _json(self, name: str, column: pa.Array | pa.ChunkedArray) -> tuple[ColumnProfile, dict[Path, ColumnProfile]]:
        texts: dict[Path, list[str]] = {}
        steps: dict[str, str] = {}
        for text in column.to_pylist():
            if text is not None:
                for path, value in walk(parse(text), steps):
                    texts.setdefault(path, []).append(value)
        bare = replace(self._plans[name], detectors=(), models="off")
        profiles = {path: profile_texts(0, values, self._path_plan(name, path)) for path, values in texts.items()}
        root = profiles.pop((), None)
        whole = profile_column(column, bare)
        return (whole if root is None else replace(whole, tallies=root.tallies, sentences=root.sentences)), collapse(
            profiles
        )

    def _path_plan(self, name: str, path: Path) -> ColumnPlan:
        signals = self.path_signals(name, path)
        hints = frozenset(entity for entity, signal in signals.items() if signal.weight >= 0.3)
        words = frozenset(words_of(name_of(path)))
        return ColumnPlan(self._detectors, FieldContext("json", self._regions, hints, words), self._models)

    def _plan(self, entry: Field, hints: frozenset[str]) -> ColumnPlan:
        words = frozenset([*words_of(entry.name), *words_of(entry.comment[:200])])
        return ColumnPlan(self._detectors, FieldContext(entry.type, self._regions, hints, words), self._models)


def path_profile(profile: ColumnProfile, path: Path, rows: int) -> ColumnProfile:
    """The profile of a path as a field: where a document has at most one value, missing ones count as nulls."""
    if not once_a_row(path) or profile.rows > rows:
        return profile
    return replace(profile, rows=rows, nulls=rows - profile.filled)


def sampled_fields(profile: DatasetProfile) -> list[str]:
    """The fields, and paths of JSON fields, of which not every long text was read whole, in order."""
    paths = {f"{name}:{written(path)}": each for name, found in profile.paths.items() for path, each in found.items()}
    return sorted(name for name, each in {**profile.columns, **paths}.items() if not each.sentences.complete)


def _both(one: Mapping[str, ColumnProfile], other: Mapping[str, ColumnProfile], key: str) -> ColumnProfile:
    return one[key].merge(other[key]) if key in one and key in other else one.get(key) or other[key]


def _both_paths(one: Mapping[Path, ColumnProfile], other: Mapping[Path, ColumnProfile]) -> dict[Path, ColumnProfile]:
    return {
        path: one[path].merge(other[path]) if path in one and path in other else one.get(path) or other[path]
        for path in {*one, *other}
    }
