"""Scan one store on this machine: inventory, read, profile, merge, classify. Memory does not grow with the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple

import pyarrow as pa
import structlog

from connectors.base import Dataset, NotSeen, Store
from governance.scan.classifier import Rules
from governance.scan.dataset_profile import DatasetProfile, Profiler, sampled_fields
from governance.scan.detectors.base import Detector
from governance.scan.detectors.chinese.segments import forget
from governance.scan.detectors.registry import default_registry
from governance.scan.detectors.user_recognizers import begin
from governance.scan.engines.parallel import cores, profiles
from governance.scan.engines.worker import Job
from governance.scan.judging.thresholds import with_thresholds
from governance.scan.options import Progress, ScanOptions
from governance.scan.quasi.search import single_out
from governance.scan.result import DatasetScan, ScanResult, StoreScan, Unseen
from governance.scan.shapes import shape_name
from governance.scan.verdicts import verdicts
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
    """Scans of stores as one result, without the labels that do not reach their threshold."""
    result = ScanResult(
        stores=tuple(sorted(scans, key=lambda each: each.store)),
        taxonomy_version=load_taxonomy(options.taxonomy_day).version,
        laws=tuple(sorted(options.laws)),
        sample_rows=options.sample.rows,
    )
    return with_thresholds(result, options.thresholds)


def failed_store(name: str, error: StoreError) -> StoreScan:
    """A store that could not be opened, as a scan, so that it is reported with the rest."""
    return StoreScan(name, "", failed=True, reason=str(error))


def scan_store(store: Store, options: ScanOptions, *, on_progress: OnProgress | None = None) -> StoreScan:
    """What a store holds. A dataset or field that fails is listed in `not_seen`; a store that fails is marked so.

    Raises ConfigError for a wrong `recognizers.yaml`, PackError for a wrong pack.
    """
    detectors = tuple(default_registry(options.recognizers))
    begin(detectors)
    rules = Rules(load_taxonomy(options.taxonomy_day), options.laws)
    try:
        datasets = [each for each in store.datasets() if not options.datasets or each.name in options.datasets]
    except StoreError as error:
        return StoreScan(store.name, store.kind, failed=True, reason=str(error))
    unseen = [unseen_of(each) for each in store.not_seen()]
    scans: list[DatasetScan] = []
    for number, dataset in enumerate(datasets):
        work = DatasetWork(store, dataset, detectors, rules, options)
        try:
            scans.append(work.run(number, len(datasets), on_progress))
        except StoreError as error:
            _LOG.warning("scan.dataset_failed", store=store.name, number=number, error=type(error).__name__)
            unseen.append(Unseen(f"{store.name}.{shape_name(dataset.name)}", "not_seen.failed", str(error)))
        finally:
            forget()
    return StoreScan(store.name, store.kind, tuple(scans), tuple(unseen))


class DatasetWork:
    """One dataset of one scan."""

    def __init__(
        self, store: Store, dataset: Dataset, detectors: Sequence[Detector], rules: Rules, options: ScanOptions
    ) -> None:
        self._store, self._dataset, self._rules, self._options = store, dataset, rules, options
        self._shown = shape_name(dataset.name)
        self._profiler = Profiler(dataset, detectors, options.regions, options.engine.models)

    def run(self, number: int, total: int, on_progress: OnProgress | None) -> DatasetScan:
        """Read it all, then judge."""
        profile = DatasetProfile()
        names = [field.name for field in self._dataset.fields]
        with self._store.read(self._dataset.name, names, self._options.sample) as reading:
            for part in self._profiles(chunks_of(iter(reading))):
                profile = profile.merge(part)
                if on_progress is not None:
                    goal = _goal(reading.rows_total, self._options.sample.rows)
                    on_progress(Progress(self._store.name, self._shown, number, total, profile.rows, goal))
            rows, method, left_out = reading.rows_total, reading.method, list(reading.not_seen)
        return self.judged(profile, rows, method, left_out)

    def _profiles(self, chunks: Iterator[pa.Table]) -> Iterator[DatasetProfile]:
        """The profiles of all chunks, made by as many processes as the options allow."""
        job = Job(self._dataset, self._options.recognizers, self._options.regions, self._options.engine.models)
        workers = cores() if self._options.workers is None else self._options.workers
        return profiles(chunks, self._profiler, job, workers=workers, place=f"{self._store.name}.{self._shown}")

    def judged(
        self, profile: DatasetProfile, rows: int | None, method: str, left_out: Sequence[NotSeen]
    ) -> DatasetScan:
        """What a profile says of the dataset, whoever read it."""
        words = self._profiler.names.words
        unseen = [unseen_of(each) for each in sorted(left_out, key=astuple)]
        place = f"{self._store.name}.{self._shown}"
        unseen += [
            Unseen(f"{place}.{shape_name(name)}", "not_seen.unreadable_field") for name in sorted(profile.failed)
        ]
        unseen += [Unseen(place, "not_seen.slow_pattern", line) for line in sorted(profile.slow)]
        unseen += [Unseen(f"{place}.{shape_name(name)}", "not_seen.texts_unread") for name in sampled_fields(profile)]
        fields = tuple(verdicts(self._dataset, self._profiler, profile, self._rules, rows))
        return DatasetScan(
            dataset=self._shown,
            rows=rows,
            rows_read=profile.rows,
            method=method,
            fields=fields,
            not_seen=tuple(unseen),
            special=words.special,
            special_reason=f"the dataset's name says `{words.phrase}`" if words.special else "",
            kind=self._dataset.kind.value,
            name_shaped=self._shown != self._dataset.name,
            quasi=single_out(profile.quasi, fields, rows_total=rows),
        )


def chunks_of(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
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


def unseen_of(note: NotSeen) -> Unseen:
    """A note of a store as the report has it."""
    return Unseen(".".join(shape_name(part) for part in note.place.split(".")), note.reason, note.detail)
