"""Scan several stores as one: each with the same options, one that fails beside the others, and decisions joined in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from connectors.base import Store
from governance.flows.scan.scanning_crm import with_crm_facts
from governance.scan.engines.local import scan_stores as scan_all
from governance.scan.options import Progress, ScanOptions
from governance.scan.result import DatasetScan, FieldScan, ScanResult, StoreScan
from policies.catalog import Catalog
from policies.nouns import DatasetRef, FieldRef, LabelStatus

OnProgress = Callable[[int, int | None, str], None]
"""Takes datasets done, datasets in all, and a word that says where the scan is."""


def scan_stores(
    stores: Sequence[Store],
    options: ScanOptions,
    *,
    catalog: Catalog | None = None,
    on_progress: OnProgress | None = None,
) -> ScanResult:
    """Scan stores one after the other; a store that fails is in the result and does not stop the others.

    Where the catalog holds a decision on a label's field, the label carries its status.
    """

    def step(progress: Progress) -> None:
        if on_progress is not None:
            word = f"{progress.store}.{progress.dataset}"
            on_progress(progress.datasets_done, progress.datasets_total, word)

    result = with_crm_facts(_scanned(stores, options, step), stores, options.taxonomy_day)
    return result if catalog is None else with_decisions(result, catalog)


def _scanned(stores: Sequence[Store], options: ScanOptions, step: Callable[[Progress], None]) -> ScanResult:
    if options.engine.name == "local":
        return scan_all(stores, options, on_progress=step)
    from governance.scan.engines.spark import scan_stores_spark
    from governance.scan.engines.spark_session import spark_session

    with spark_session(options.engine.master) as session:
        return scan_stores_spark(stores, options, session, on_progress=step)


def with_decisions(result: ScanResult, catalog: Catalog) -> ScanResult:
    """A result whose labels carry what people decided: `confirmed` or `rejected` where the category is the same."""
    return replace(result, stores=tuple(_store(store, catalog) for store in result.stores))


def with_confirmed_datasets(document: dict[str, Any], catalog: Catalog) -> dict[str, Any]:
    """A scan's JSON form whose special datasets carry `status: confirmed` where a person said so in the catalog."""
    for entry in document["summary"]["special_datasets"]:
        store, _, name = entry["place"].partition(".")
        known = catalog.dataset(DatasetRef(store, name))
        if known is not None and entry["category"] in known.special:
            entry["status"] = LabelStatus.CONFIRMED.value
    return document


def _store(scan: StoreScan, catalog: Catalog) -> StoreScan:
    return replace(scan, datasets=tuple(_dataset(scan.store, each, catalog) for each in scan.datasets))


def _dataset(store: str, scan: DatasetScan, catalog: Catalog) -> DatasetScan:
    return replace(scan, fields=tuple(_field(FieldRef(store, scan.dataset, f.field), f, catalog) for f in scan.fields))


def _field(ref: FieldRef, scan: FieldScan, catalog: Catalog) -> FieldScan:
    decided = catalog.field(ref)
    if scan.label is None or decided is None or decided.status is LabelStatus.PROPOSED:
        return scan
    if decided.category != scan.label.category:
        return scan
    return replace(scan, label=replace(scan.label, status=decided.status))
