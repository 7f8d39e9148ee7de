"""What runs on an executor: read parts with the stores' own readers, profile them, hand back profiles and counts.

One row goes back for each dataset that a task has looked at: the dataset's number and an `Outcome` as JSON. No value of
a cell leaves the executor, neither in a row nor in an error: a traceback would be written into the cluster's logs.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from connectors.base import Dataset, NotSeen
from connectors.parts import Part, joined_notes
from governance.scan.dataset_profile import DatasetProfile, Profiler
from governance.scan.detectors.base import Detector
from governance.scan.detectors.chinese.segments import forget
from governance.scan.detectors.registry import default_registry
from governance.scan.engines.local import chunks_of
from policies.errors import GovernanceError

SCHEMA = "dataset int, outcome binary"
"""The rows that a task gives, as Spark writes it."""
_ARROW = pa.schema([("dataset", pa.int32()), ("outcome", pa.binary())])

Lot = tuple[int, Part]
"""The number of a dataset and a part of it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found in one part of a dataset, or in several together."""

    profile: DatasetProfile = field(default_factory=DatasetProfile)
    """The profile of all rows that were read."""
    rows: int | None = 0
    """Rows of the parts; None when a store cannot tell."""
    method: str = "full"
    """As `Reading.method`."""
    notes: tuple[NotSeen, ...] = ()
    """What was left out."""
    fault: str | None = None
    """Why a part could not be read, without a value; None when all could."""
    single: bool = False
    """Whether one pass must read the dataset, because a part cannot tell where in it a fault lies."""

    def merge(self, other: Outcome) -> Outcome:
        """Both together; the order has no effect on what a report shows."""
        notes = joined_notes([self.notes, other.notes])
        known = self.rows is not None and other.rows is not None
        return Outcome(
            self.profile.merge(other.profile),
            (self.rows or 0) + (other.rows or 0) if known else None,
            self.method if self.method != "full" else other.method,
            tuple(notes or ()),
            self.fault or other.fault,
            self.single or other.single or notes is None,
        )

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "profile": self.profile.to_json(),
            "rows": self.rows,
            "method": self.method,
            "notes": [[note.place, note.reason, note.detail] for note in self.notes],
            "fault": self.fault,
            "single": self.single,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Outcome:
        """From plain data."""
        notes = tuple(NotSeen(*each) for each in data["notes"])
        profile = DatasetProfile.from_json(data["profile"])
        return cls(profile, data["rows"], data["method"], notes, data["fault"], data["single"])


@dataclass(frozen=True, slots=True)
class Task:
    """All that the executors need; sent once and shared by the tasks."""

    lots: tuple[tuple[Lot, ...], ...]
    """By the number of the task."""
    datasets: Mapping[int, Dataset]
    """By number."""
    regions: tuple[str, ...]
    """As `ScanOptions.regions`."""
    recognizers: bytes | None
    """The content of the user's `recognizers.yaml`, which lies on the driver only."""
    models: str = "off"
    """As `ScanOptions.models`."""

    def run(self, number: int) -> Iterator[tuple[int, Outcome]]:
        """What the parts of one task hold, dataset by dataset."""
        by_dataset: dict[int, list[Part]] = {}
        for dataset, part in self.lots[number]:
            by_dataset.setdefault(dataset, []).append(part)
        for dataset, parts in by_dataset.items():
            yield dataset, self._looked(self.datasets[dataset], parts)

    def _looked(self, dataset: Dataset, parts: Sequence[Part]) -> Outcome:
        try:
            profiler = Profiler(dataset, _detectors(self.recognizers), self.regions, self.models)
            found = _read(profiler, parts[0])
            for part in parts[1:]:
                found = found.merge(_read(profiler, part))
        except GovernanceError as error:
            return Outcome(fault=str(error))
        except Exception as error:  # noqa: BLE001 the outermost frame of a task: a traceback could show a value
            return Outcome(fault=f"an executor failed while it read a part ({type(error).__name__})")
        finally:
            forget()
        return found


def in_arrow(task: Task) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """The function for `mapInArrow` over a column of task numbers."""

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                for dataset, outcome in task.run(number):
                    text = json.dumps(outcome.to_json(), sort_keys=True).encode()
                    yield pa.RecordBatch.from_arrays(
                        [pa.array([dataset], pa.int32()), pa.array([text], pa.binary())], schema=_ARROW
                    )

    return run


def _read(profiler: Profiler, part: Part) -> Outcome:
    profile = DatasetProfile()
    with part.read() as reading:
        for chunk in chunks_of(iter(reading)):
            profile = profile.merge(profiler.profile(chunk))
        return Outcome(profile, reading.rows_total, reading.method, tuple(reading.not_seen))


@cache
def _detectors(recognizers: bytes | None) -> tuple[Detector, ...]:
    """All detectors; made once for each content of `recognizers.yaml`, in each worker."""
    if recognizers is None:
        return tuple(default_registry())
    with tempfile.TemporaryDirectory(prefix="governance-") as folder:
        path = Path(folder) / "recognizers.yaml"
        path.write_bytes(recognizers)
        return tuple(default_registry(path))
