"""Scan one store on this machine: inventory, read, profile, merge, classify. Memory does not grow with the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa
import structlog

from connectors.base import Dataset, Field, NotSeen, Store
from governance.scan.classifier import DatasetNames, Rules, classify
from governance.scan.dataset_profile import DatasetProfile, Profiler, path_profile
from governance.scan.detectors.base import Detector
from governance.scan.detectors.registry import default_registry
from governance.scan.json_paths import written
from governance.scan.options import Progress, ScanOptions
from governance.scan.profile import ColumnProfile
from governance.scan.result import DatasetScan, FieldScan, ScanResult, StoreScan, Unseen
from governance.scan.shapes import shape_name
from policies.errors import StoreError
from policies.taxonomy import load_taxonomy

_LOG = structlog.get_logger()
_CHUNK_ROWS = 32_768
_CHUNK_BYTES = 16 * 1_048_576

OnProgress = Callable[[Progress], None]


def scan_stores(stores: Sequence[Store], options: ScanOptions, *, on_progress: OnProgress | None = None) -> ScanResult:
    """The result of scanning several stores, sorted by name; one that fails does not stop the others."""
    scans = [
        scan_store(store, options, on_progress=on_progress) for store in sorted(stores, key=lambda each: each.name)
    ]
    return result_of(scans, options)


def result_of(scans: Sequence[StoreScan], options: ScanOptions) -> ScanResult:
    """Scans of stores as one result."""
    return ScanResult(
        stores=tuple(sorted(scans, key=lambda each: each.store)),
        taxonomy_version=load_taxonomy(options.taxonomy_day).version,
        laws=tuple(sorted(options.laws)),
        sample_rows=options.sample.rows,
    )


def failed_store(name: str, error: StoreError) -> StoreScan:
    """A store that could not be opened, as a scan, so that it is reported with the rest."""
    return StoreScan(name, "", failed=True, reason=str(error))


def scan_store(store: Store, options: ScanOptions, *, on_progress: OnProgress | None = None) -> StoreScan:
    """What a store holds. A dataset or field that fails is listed in `not_seen`; a store that fails is marked so.

    Raises ConfigError for a wrong `recognizers.yaml`, PackError for a wrong pack.
    """
    detectors = tuple(default_registry(options.recognizers))
    rules = Rules(load_taxonomy(options.taxonomy_day), options.laws)
    try:
        datasets = [each for each in store.datasets() if not options.datasets or each.name in options.datasets]
    except StoreError as error:
        return StoreScan(store.name, store.kind, failed=True, reason=str(error))
    unseen = [_unseen(each) for each in store.not_seen()]
    scans: list[DatasetScan] = []
    for number, dataset in enumerate(datasets):
        work = _Work(store, dataset, detectors, rules, options)
        try:
            scans.append(work.run(number, len(datasets), on_progress))
        except StoreError as error:
            _LOG.warning("scan.dataset_failed", store=store.name, number=number, error=type(error).__name__)
            unseen.append(Unseen(f"{store.name}.{shape_name(dataset.name)}", "not_seen.failed", str(error)))
    return StoreScan(store.name, store.kind, tuple(scans), tuple(unseen))


class _Work:
    """One dataset of one scan."""

    def __init__(
        self, store: Store, dataset: Dataset, detectors: Sequence[Detector], rules: Rules, options: ScanOptions
    ) -> None:
        self._store, self._dataset, self._rules, self._options = store, dataset, rules, options
        self._shown = shape_name(dataset.name)
        self._profiler = Profiler(dataset, detectors, options.regions)

    def run(self, number: int, total: int, on_progress: OnProgress | None) -> DatasetScan:
        """Read it all, then judge."""
        profile = DatasetProfile()
        names = [field.name for field in self._dataset.fields]
        with self._store.read(self._dataset.name, names, self._options.sample) as reading:
            for chunk in _chunks(iter(reading)):
                profile = profile.merge(self._profiler.profile(chunk))
                if on_progress is not None:
                    goal = _goal(reading.rows_total, self._options.sample.rows)
                    on_progress(Progress(self._store.name, self._shown, number, total, profile.rows, goal))
            rows, method, left_out = reading.rows_total, reading.method, list(reading.not_seen)
        return self._judged(profile, rows, method, left_out)

    def _judged(
        self, profile: DatasetProfile, rows: int | None, method: str, left_out: Sequence[NotSeen]
    ) -> DatasetScan:
        words = self._profiler.names.words
        unseen = [_unseen(each) for each in left_out]
        place = f"{self._store.name}.{self._shown}"
        unseen += [
            Unseen(f"{place}.{shape_name(name)}", "not_seen.unreadable_field") for name in sorted(profile.failed)
        ]
        return DatasetScan(
            dataset=self._shown,
            rows=rows,
            rows_read=profile.rows,
            method=method,
            fields=tuple(self._fields(profile, rows)),
            not_seen=tuple(unseen),
            special=words.special,
            special_reason=f"the dataset's name says `{words.phrase}`" if words.special else "",
            kind=self._dataset.kind.value,
            name_shaped=self._shown != self._dataset.name,
        )

    def _fields(self, profile: DatasetProfile, rows: int | None) -> Iterator[FieldScan]:
        names = self._profiler.names
        for field in self._dataset.fields:
            column = profile.columns.get(field.name)
            if column is None and (profile.rows or field.name in profile.failed):
                continue
            yield classify(column or ColumnProfile(), field, names, self._rules, rows_total=rows)
            for path, each in sorted(profile.paths.get(field.name, {}).items()):
                inner = Field(f"{field.name}:{written(path)}", "string")
                said = DatasetNames(
                    names.words, {**names.fields, inner.name: self._profiler.path_signals(field.name, path)}, {}
                )
                read = path_profile(each, path, column.rows if column else 0)
                yield classify(read, inner, said, self._rules, rows_total=rows)


def _chunks(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches gathered into parts of bounded size."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        held.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= _CHUNK_ROWS or size >= _CHUNK_BYTES:
            yield pa.Table.from_batches(held)
            held, rows, size = [], 0, 0
    if held:
        yield pa.Table.from_batches(held)


def _goal(rows: int | None, sample: int | None) -> int | None:
    return rows if sample is None else sample if rows is None else min(rows, sample)


def _unseen(note: NotSeen) -> Unseen:
    return Unseen(".".join(shape_name(part) for part in note.place.split(".")), note.reason, note.detail)
