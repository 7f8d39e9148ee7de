"""The verdicts over all fields of a dataset and the paths of its JSON fields, each knowing what stands beside it.

Every engine judges its merged profiles here, so a result is the same whoever read the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from connectors.base import Dataset, Field
from governance.scan.classifier import DatasetNames, Rules, classify, look_around
from governance.scan.dataset_profile import DatasetProfile, Profiler, path_profile
from governance.scan.json_paths import written
from governance.scan.profile import ColumnProfile
from governance.scan.result import FieldScan


def verdicts(
    dataset: Dataset, profiler: Profiler, profile: DatasetProfile, rules: Rules, rows: int | None
) -> Iterator[FieldScan]:
    """One for each field that could be read, in the store's order, each followed by its paths."""
    names = look_around(profiler.names, profile.columns, dataset.fields)
    for field in dataset.fields:
        column = profile.columns.get(field.name)
        if column is None and (profile.rows or field.name in profile.failed):
            continue
        yield classify(column or ColumnProfile(), field, names, rules, rows_total=rows)
        yield from _of_paths(field, profiler, profile, names, rules, rows)


def _of_paths(
    field: Field, profiler: Profiler, profile: DatasetProfile, names: DatasetNames, rules: Rules, rows: int | None
) -> Iterator[FieldScan]:
    """The verdicts over the paths of one JSON field; its paths stand beside each other and beside the other fields."""
    read = profile.columns[field.name].rows if field.name in profile.columns else 0
    paths = {
        f"{field.name}:{written(path)}": (path, path_profile(each, path, read))
        for path, each in sorted(profile.paths.get(field.name, {}).items())
    }
    signals = {name: profiler.path_signals(field.name, path) for name, (path, _) in paths.items()}
    inner = [Field(name, "string") for name in paths]
    said = replace(names, fields={**names.fields, **signals}, comments={})
    said = look_around(said, {name: each for name, (_, each) in paths.items()}, inner)
    for entry in inner:
        yield classify(paths[entry.name][1], entry, said, rules, rows_total=rows)
