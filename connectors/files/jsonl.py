"""JSON lines: one object per line, nested paths as fields, every column as text."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pyarrow as pa

from connectors.base import Dataset, DatasetKind, Field, Sample
from connectors.cells import text_column, text_of
from connectors.files.arrow_shapes import json_text, values_below
from connectors.files.base import FileSource, FileTable
from connectors.files.decoding import Utf8Stream
from connectors.files.encoding import Encoding, encoding_of
from connectors.files.json_paths import MOST_ROOT_KEYS, PathTree, Steps, looks_like_data, path_of
from connectors.notes import Notes
from connectors.passing import Opened
from connectors.sampling import EveryNth, EveryRow
from policies.errors import StoreError

_INVENTORY_ALL_BYTES = 33_554_432
"""Up to this size every line is looked at for paths; of a larger file 20,000 lines spread over it."""
_INVENTORY_LINES = 20_000
_BATCH_BYTES = 4_194_304
_BATCH_ROWS = 16_384
_LONGEST_LINE = 67_108_864


def jsonl_tables(source: FileSource) -> list[FileTable]:
    """The one dataset of a JSON lines file. Raises StoreError when its encoding cannot be told."""
    encoding = encoding_of(source.path, source.shown, said=source.encoding)
    leaves = _leaves(source, encoding)
    steps_of = {path_of(steps): steps for steps, _ in leaves}
    words = {path_of(steps): word for steps, word in leaves}
    dataset = Dataset(source.name, DatasetKind.FILE, tuple(Field(path, words[path]) for path in steps_of))

    @contextmanager
    def opener(asked: Sequence[Field], sample: Sample, notes: Notes) -> Iterator[Opened]:
        steps = {field.name: steps_of[field.name] for field in asked}
        known = _known(steps_of.values())
        with closing(Utf8Stream(source.path, encoding, source.shown, notes)) as stream:
            if sample.rows is None:
                lines = _lines(stream, source.shown)
                yield Opened(_batches(lines, steps, known, source.shown, notes), EveryRow(), whole=True)
                return
            total = _count(source, encoding)
            places = EveryNth(total, sample.rows, seed=sample.seed)
            lines = (line for line in _lines(stream, source.shown) if places.places(1))
            yield Opened(_batches(lines, steps, known, source.shown, notes), EveryRow(places.method), total)

    return [FileTable(dataset, source.shown, opener)]


_Line = tuple[int, bytes]


def _lines(stream: Utf8Stream, place: str) -> Iterator[_Line]:
    """Number and bytes of each line that is not empty."""
    reader = io.BufferedReader(stream, 1_048_576)
    number = 0
    while line := reader.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
            raise StoreError(
                place,
                found=f"a line longer than 64 MiB at line {number}",
                expected="one JSON object per line",
                next_step="write the file as JSON lines; one array around all objects is not JSON lines",
            )
        if not line.isspace():
            yield number, line


def _count(source: FileSource, encoding: Encoding) -> int:
    with closing(Utf8Stream(source.path, encoding, source.shown, Notes())) as stream:
        return sum(1 for _ in _lines(stream, source.shown))


def _leaves(source: FileSource, encoding: Encoding) -> list[tuple[Steps, str]]:
    tree = PathTree(MOST_ROOT_KEYS)
    is_data = _data_test(source.name_filter)
    small = source.path.stat().st_size <= _INVENTORY_ALL_BYTES
    total = 0 if small else _count(source, encoding)
    places = EveryNth(total, _INVENTORY_LINES, seed=0)
    with closing(Utf8Stream(source.path, encoding, source.shown, Notes())) as stream:
        for _, line in _lines(stream, source.shown):
            if small or places.places(1):
                tree.learn(_parsed(line), is_data)
    return list(tree.leaves())


def _data_test(name_filter: Callable[[str], str]) -> Callable[[str], bool]:
    """A test of keys: those that the shape rule changes are data as well."""
    verdicts: dict[str, bool] = {}

    def is_data(key: str) -> bool:
        if key not in verdicts:
            if len(verdicts) > 10_000:
                verdicts.clear()
            verdicts[key] = looks_like_data(key) or name_filter(key) != key
        return verdicts[key]

    return is_data


def _parsed(line: bytes) -> Any:
    """The value of a line; None when it is no JSON."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


_Known = dict[str | None, Any]
"""The paths of the inventory as a tree of keys; the key None marks a path that holds values itself."""


def _known(paths: Iterable[Steps]) -> _Known:
    tree: _Known = {}
    for steps in paths:
        node = tree
        for step in steps:
            node = node.setdefault(step, {})
        node[None] = {}
    return tree


def _strangers(value: Any, known: _Known) -> int:
    """How many values lie at paths that the inventory did not list."""
    if value is None:
        return 0
    if isinstance(value, dict):
        return sum(_strangers(child, known.get(key) or known.get("*") or {}) for key, child in value.items())
    if isinstance(value, list):
        return sum(_strangers(item, known.get("[]") or {}) for item in value)
    return 0 if None in known else 1


def _batches(
    lines: Iterator[_Line], steps: dict[str, Steps], known: _Known, place: str, notes: Notes
) -> Generator[pa.RecordBatch, None, None]:
    rows: list[Any] = []
    size_bytes = 0
    for number, line in lines:
        value = _parsed(line)
        if value is None:
            notes.count(place, "not_seen.bad_line", first=f"line {number}")
            continue
        if strangers := _strangers(value, known):
            notes.count(place, "not_seen.late_path", strangers, first=f"line {number}")
        rows.append(value)
        size_bytes += len(line)
        if size_bytes >= _BATCH_BYTES or len(rows) >= _BATCH_ROWS:
            yield _batch(rows, steps)
            rows, size_bytes = [], 0
    if rows:
        yield _batch(rows, steps)


def _batch(rows: list[Any], steps: dict[str, Steps]) -> pa.RecordBatch:
    schema = pa.schema([(name, pa.string()) for name in steps])
    columns = [text_column([_cell(row, path) for row in rows]) for path in steps.values()]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _cell(row: Any, steps: Steps) -> str | None:
    if "[]" in steps or "*" in steps:
        found = list(values_below(row, steps))
        return json_text(found) if found else None
    value = row
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, (dict, list)):
        return None
    return value if isinstance(value, str) else text_of(value)
