"""Scan one store on a Spark cluster: parts of its datasets are read and profiled by executors, judged here.

The store's own inventory names the datasets, its own readers read them in the tasks, and the same code judges merged
profiles, so a result equals the local engine's byte for byte. A sample is one part and gives the local engine's rows;
a full pass is cut: CSV files where a row begins, Parquet files between row groups, tables by stretches of an integer
key. Where a part meets something that only one pass can place, such as a ragged row, the dataset is read again whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import structlog

from connectors.base import Dataset, Store
from connectors.parts import PART_BYTES, parts_of
from governance.scan.classifier import Rules
from governance.scan.detectors.registry import default_registry
from governance.scan.engines.local import DatasetWork, OnProgress, result_of, unseen_of
from governance.scan.engines.spark_task import SCHEMA, Lot, Outcome, Task, in_arrow
from governance.scan.options import Progress, ScanOptions
from governance.scan.result import DatasetScan, ScanResult, StoreScan, Unseen
from governance.scan.shapes import shape_name
from policies.errors import StoreError
from policies.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_LOG = structlog.get_logger()
_TASKS_A_CORE = 4


def scan_stores_spark(
    stores: Sequence[Store],
    options: ScanOptions,
    session: SparkSession,
    *,
    on_progress: OnProgress | None = None,
    part_bytes: int = PART_BYTES,
) -> ScanResult:
    """As `local.scan_stores`, on the executors of a session."""
    scans = [
        scan_store_spark(each, options, session, on_progress=on_progress, part_bytes=part_bytes)
        for each in sorted(stores, key=lambda each: each.name)
    ]
    return result_of(scans, options)


def scan_store_spark(
    store: Store,
    options: ScanOptions,
    session: SparkSession,
    *,
    on_progress: OnProgress | None = None,
    part_bytes: int = PART_BYTES,
) -> StoreScan:
    """As `local.scan_store`, on the executors of a session; files lie at the same path there as here.

    `part_bytes` is how much of a dataset one part holds. Raises ConfigError for a wrong `recognizers.yaml`, PackError
    for a wrong pack.
    """
    try:
        datasets = [each for each in store.datasets() if not options.datasets or each.name in options.datasets]
    except StoreError as error:
        return StoreScan(store.name, store.kind, failed=True, reason=str(error))
    job = _Job(store, dict(enumerate(datasets)), options, session, part_bytes)
    try:
        outcomes = job.outcomes()
    except StoreError as error:
        return StoreScan(store.name, store.kind, failed=True, reason=str(error))
    return _judged(store, datasets, outcomes, options, on_progress)


class _Job:
    """One store's parts on their way to the executors and back."""

    def __init__(
        self,
        store: Store,
        datasets: Mapping[int, Dataset],
        options: ScanOptions,
        session: SparkSession,
        part_bytes: int,
    ) -> None:
        self._store, self._datasets, self._options = store, datasets, options
        self._session, self._part_bytes = session, part_bytes
        self._recognizers = options.recognizers.read_bytes() if options.recognizers else None

    def outcomes(self) -> dict[int, Outcome]:
        """By the number of the dataset; those that one pass must read are read a second time."""
        lots, found = self._lots(self._datasets, self._part_bytes)
        counts = {number: sum(each == number for each, _ in lots) for number in self._datasets}
        found |= self._run(lots)
        again = {
            number: self._datasets[number]
            for number, each in found.items()
            if counts[number] > 1 and (each.fault or each.single)
        }
        if again:
            _LOG.info("scan.read_again", store=self._store.name, datasets=len(again))
            whole, failed = self._lots(again, 2**62)
            found |= failed | self._run(whole)
        return found

    def _lots(self, datasets: Mapping[int, Dataset], part_bytes: int) -> tuple[list[Lot], dict[int, Outcome]]:
        """The parts of datasets, and which cannot be cut because the store does not answer for them."""
        lots: list[Lot] = []
        failed: dict[int, Outcome] = {}
        for number, dataset in datasets.items():
            names = [field.name for field in dataset.fields]
            sample = self._options.sample
            try:
                parts = parts_of(self._store, dataset.name, names, sample, size_bytes=part_bytes)
            except StoreError as error:
                failed[number] = Outcome(fault=str(error))
            else:
                lots += [(number, part) for part in parts]
        return lots, failed

    def _run(self, lots: Sequence[Lot]) -> dict[int, Outcome]:
        """Profiles of parts, merged by dataset. Raises StoreError when the cluster gives up."""
        if not lots:
            return {}
        count = min(len(lots), max(1, self._session.sparkContext.defaultParallelism) * _TASKS_A_CORE)
        spread = tuple(tuple(lots[start::count]) for start in range(count))
        task = Task(spread, self._datasets, self._options.regions, self._recognizers, self._options.engine.models)
        numbers = self._session.range(0, count, 1, count)
        found: dict[int, Outcome] = {}
        for dataset, text in _collected(numbers, task, self._store.name):
            outcome = Outcome.from_json(json.loads(text))
            found[dataset] = found[dataset].merge(outcome) if dataset in found else outcome
        return found


def _collected(numbers: DataFrame, task: Task, store: str) -> list[tuple[int, bytes]]:
    """The rows of all tasks. Raises StoreError when one fails for good; the cluster's own words are not passed on."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        rows = numbers.mapInArrow(in_arrow(task), SCHEMA).collect()
    except (PySparkException, Py4JError) as error:
        raise StoreError(
            f"store {store}",
            found=f"a Spark job that failed ({type(error).__name__})",
            expected="executors with this distribution, its dependencies and enough memory",
            next_step="look into the cluster's logs for executors that were lost; docs/spark.md lists their needs",
        ) from None
    return [(row[0], bytes(row[1])) for row in rows]


def _judged(
    store: Store,
    datasets: Sequence[Dataset],
    outcomes: Mapping[int, Outcome],
    options: ScanOptions,
    on_progress: OnProgress | None,
) -> StoreScan:
    """The scan of a store from the profiles of its datasets, as the local engine gives it."""
    detectors = tuple(default_registry(options.recognizers))
    rules = Rules(load_taxonomy(options.taxonomy_day), options.laws)
    unseen = [unseen_of(each) for each in store.not_seen()]
    scans: list[DatasetScan] = []
    for number, dataset in enumerate(datasets):
        outcome, shown = outcomes[number], shape_name(dataset.name)
        if outcome.fault is not None:
            _LOG.warning("scan.dataset_failed", store=store.name, number=number, error="StoreError")
            unseen.append(Unseen(f"{store.name}.{shown}", "not_seen.failed", outcome.fault))
            continue
        work = DatasetWork(store, dataset, detectors, rules, options)
        scans.append(work.judged(outcome.profile, outcome.rows, outcome.method, outcome.notes))
        if on_progress is not None:
            rows = outcome.profile.rows
            on_progress(Progress(store.name, shown, number, len(datasets), rows, rows))
    return StoreScan(store.name, store.kind, tuple(scans), tuple(unseen))
