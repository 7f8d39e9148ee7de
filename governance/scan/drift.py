"""What has changed between the reviewed catalog and a fresh scan: new, gone, retyped, contradicted.

Drift is reported and never acted on: a decision stays what people made it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from governance.scan.result import FREE_TEXT, DatasetScan, FieldScan, ScanResult, StoreScan
from policies.catalog import Catalog, CatalogDataset, CatalogField, CatalogStore
from policies.nouns import DatasetRef, FieldRef, LabelStatus, Sensitivity
from policies.taxonomy import HARMLESS, Taxonomy

_SURE = 0.8


class DriftKind(enum.StrEnum):
    """How catalog or baseline and store differ."""

    NEW = "new"
    GONE = "gone"
    RETYPED = "retyped"
    CONTRADICTED = "contradicted"
    LABELLED = "labelled"
    """Against a baseline: a field without a label has one now."""
    UNLABELLED = "unlabelled"
    """Against a baseline: a label is gone from a field that is still there."""
    RELABELLED = "relabelled"
    """Against a baseline: the label names another category."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference."""

    kind: DriftKind
    """How they differ."""
    ref: FieldRef | DatasetRef
    """Where."""
    decided: str
    """What the catalog or baseline says: a category or a type; empty for something new."""
    found: str
    """What the scan says: a category, a type or `none`; empty for something gone."""
    confidence: float = 1.0
    """How sure the scan is of what it found, 0 to 1."""


def compare(catalog: Catalog, scan: ScanResult, taxonomy: Taxonomy) -> tuple[Drift, ...]:
    """Every difference, in the order of the scan, what is gone last in each dataset.

    A store that failed, and what a scan lists as not seen, is never called gone.
    """
    found: list[Drift] = []
    for store in scan.stores:
        known = catalog.stores.get(store.store)
        if known is not None and not store.failed:
            found += _store(store, known, taxonomy)
    return tuple(found)


def _store(store: StoreScan, known: CatalogStore, taxonomy: Taxonomy) -> Iterator[Drift]:
    unseen = {each.place for each in store.not_seen}
    for dataset in store.datasets:
        decided = known.datasets.get(dataset.dataset)
        ref = DatasetRef(store.store, dataset.dataset)
        if decided is None:
            yield Drift(DriftKind.NEW, ref, "", f"{len(dataset.fields)} fields")
        else:
            yield from _dataset(ref, dataset, decided, taxonomy)
    names = {dataset.dataset for dataset in store.datasets}
    for name in known.datasets:
        if name not in names and f"{store.store}.{name}" not in unseen:
            yield Drift(DriftKind.GONE, DatasetRef(store.store, name), f"{len(known.datasets[name].fields)} fields", "")


def _dataset(ref: DatasetRef, scan: DatasetScan, known: CatalogDataset, taxonomy: Taxonomy) -> Iterator[Drift]:
    unseen = {each.place for each in scan.not_seen}
    for each in scan.fields:
        place = FieldRef(ref.store, ref.dataset, each.field)
        decided = known.fields.get(each.field)
        if decided is None:
            label = each.label
            yield Drift(
                DriftKind.NEW, place, "", label.category if label else HARMLESS, label.confidence if label else 1.0
            )
        else:
            yield from _field(place, each, decided, taxonomy)
    names = {each.field for each in scan.fields}
    for name, decided in known.fields.items():
        if name not in names and f"{ref}.{name}" not in unseen:
            yield Drift(DriftKind.GONE, FieldRef(ref.store, ref.dataset, name), decided.category, "")


def _field(ref: FieldRef, scan: FieldScan, decided: CatalogField, taxonomy: Taxonomy) -> Iterator[Drift]:
    if decided.type is not None and decided.type != scan.type:
        yield Drift(DriftKind.RETYPED, ref, decided.type, scan.type)
    if decided.status is LabelStatus.CONFIRMED:
        yield from _contradiction(ref, scan, decided, taxonomy)


def _contradiction(ref: FieldRef, scan: FieldScan, decided: CatalogField, taxonomy: Taxonomy) -> Iterator[Drift]:
    """Evidence that the confirmed category does not cover: another label, or sure findings in a harmless field."""
    label = scan.label
    if label is not None and label.confidence >= _SURE and not _related(label.category, decided.category):
        if label.entity == FREE_TEXT and _is_stricter(decided, label.sensitivity, taxonomy):
            return  # text that holds something personal says nothing against a stricter decision
        yield Drift(DriftKind.CONTRADICTED, ref, decided.category, label.category, label.confidence)
        return
    worse = [
        each
        for each in scan.findings
        if each.hits
        and each.confidence >= _SURE
        and taxonomy.category(each.category).sensitivity >= Sensitivity.RESTRICTED
    ]
    if decided.category == HARMLESS and worse:
        yield Drift(DriftKind.CONTRADICTED, ref, HARMLESS, worse[0].category, worse[0].confidence)


def _is_stricter(decided: CatalogField, found: Sensitivity, taxonomy: Taxonomy) -> bool:
    standing = Sensitivity.of(decided.sensitivity) if decided.sensitivity else None
    return (standing or taxonomy.category(decided.category).sensitivity) >= found


def _related(one: str, other: str) -> bool:
    """Whether one category covers the other; free text may hold anything that is below `user`."""
    return Taxonomy.is_under(one, other) or Taxonomy.is_under(other, one)
