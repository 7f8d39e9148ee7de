"""`MemoryStore`: tables of Arrow data as a store, for tests and for data that a program holds already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pyarrow as pa

from connectors.asked import dataset_asked, fields_asked
from connectors.base import Dataset, DatasetKind, Field, NotSeen, ReadLimits, Sample
from connectors.files.arrow_shapes import Shape, flatten, shapes_of
from connectors.notes import Notes
from connectors.passing import BATCH_ROWS, Opened, Pass
from connectors.sampling import EveryNth, EveryRow


class MemoryStore:
    """A store whose datasets are Arrow tables; the same contract as a database."""

    kind = "memory"

    def __init__(self, name: str, tables: Mapping[str, pa.Table], limits: ReadLimits | None = None) -> None:
        self.name = name
        self._tables = dict(tables)
        self._limits = limits or ReadLimits()
        self._shapes: dict[str, list[Shape]] = {key: shapes_of(table.schema) for key, table in self._tables.items()}

    def datasets(self) -> Sequence[Dataset]:
        """Every table, sorted by name."""
        return [self._dataset(name) for name in sorted(self._tables)]

    def _dataset(self, name: str) -> Dataset:
        fields = tuple(Field(shape.path, shape.word) for shape in self._shapes[name])
        return Dataset(name, DatasetKind.TABLE, fields)

    def not_seen(self) -> Sequence[NotSeen]:
        """Nothing: a table in memory can always be described."""
        return []

    def read(self, dataset: str, fields: Sequence[str], sample: Sample) -> Pass:
        """A pass over some fields. Raises StoreError for an unknown dataset or field."""
        table = dataset_asked(self.name, self._tables, dataset)
        asked = fields_asked(self.name, self._dataset(dataset), fields)
        by_path = {shape.path: shape for shape in self._shapes[dataset]}
        place = f"{self.name}.{dataset}"

        @contextmanager
        def opener(notes: Notes) -> Iterator[Opened]:
            for field in asked:
                if field.type == "binary":
                    notes.say(f"{place}.{field.name}", "not_seen.binary")
            shapes = [by_path[field.name] for field in asked if field.type != "binary"]
            batches = (flatten(batch, shapes) for batch in table.to_batches(max_chunksize=BATCH_ROWS))
            total = table.num_rows
            chooser = EveryRow() if sample.rows is None else EveryNth(total, sample.rows, seed=sample.seed)
            yield Opened(batches, chooser, total, whole=True)

        return Pass(place, opener, self._limits)

    def close(self) -> None:
        """Let go of nothing: the tables are the caller's."""
