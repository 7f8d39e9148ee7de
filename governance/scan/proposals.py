"""What a scan proposes for the catalog: `catalog.proposed.yaml`, machine-made, never edited by people.

A proposal is made for every field that nobody has decided on, harmless ones included, so that a review can be complete.
Decisions are never repeated and never overwritten: a label that was rejected is not proposed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from governance.scan.result import DatasetScan, FieldScan, ScanResult
from policies.catalog import Catalog, CatalogDataset
from policies.nouns import DatasetRef, FieldRef, LabelStatus, Sensitivity
from policies.taxonomy import HARMLESS


@dataclass(frozen=True, slots=True)
class FieldProposal:
    """One field's proposed decision."""

    ref: FieldRef
    """The field."""
    category: str
    """The proposed category; `none` for a field that looks harmless."""
    entity: str | None
    """What was found; None for a harmless field."""
    sensitivity: Sensitivity
    """What the category says."""
    confidence: float
    """How sure the scan is, 0 to 1; for a harmless field, how little spoke against it."""
    type: str
    """The field's type, kept with the decision so that a change of it is noticed."""
    reason: str
    """The heaviest evidence, without a value of a person."""
    about: str = ""
    """`employee` where the field is about one of the organisation's own people; else the person of the record."""


@dataclass(frozen=True, slots=True)
class DatasetProposal:
    """Special categories that being in a dataset reveals."""

    ref: DatasetRef
    """The dataset."""
    special: tuple[str, ...]
    """The categories."""
    reason: str
    """Why."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """Everything that a scan proposes."""

    fields: tuple[FieldProposal, ...]
    """In the order of the scan."""
    datasets: tuple[DatasetProposal, ...] = ()
    """In the order of the scan."""

    def to_document(self) -> dict[str, Any]:
        """The content of `catalog.proposed.yaml`: plain data in a stable order."""
        stores: dict[str, Any] = {}
        for dataset in self.datasets:
            entry = _dataset(stores, dataset.ref)
            entry["special"], entry["special_reason"] = list(dataset.special), dataset.reason
        for each in self.fields:
            _dataset(stores, each.ref.of).setdefault("fields", {})[each.ref.field] = {
                "category": each.category,
                **({"entity": each.entity} if each.entity else {}),
                "sensitivity": each.sensitivity.word,
                "confidence": each.confidence,
                "type": each.type,
                "reason": each.reason,
                **({"about": each.about} if each.about else {}),
            }
        return {"version": 1, "stores": stores}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Proposals:
        """Back from the file's content."""
        fields, datasets = [], []
        for store, dataset, entry in _entries(document):
            if entry.get("special"):
                special = tuple(entry["special"])
                datasets.append(DatasetProposal(DatasetRef(store, dataset), special, entry.get("special_reason", "")))
            fields += [
                _parsed(FieldRef(store, dataset, name), each) for name, each in (entry.get("fields") or {}).items()
            ]
        return cls(tuple(fields), tuple(datasets))


def propose(scan: ScanResult, catalog: Catalog | None = None) -> Proposals:
    """What a scan proposes beyond what the catalog holds.

    A field or dataset whose name had to be shown as a shape is left out: no policy could name it.
    """
    fields, datasets = [], []
    for store in scan.stores:
        for dataset in store.datasets:
            ref = DatasetRef(store.store, dataset.dataset)
            if dataset.name_shaped:
                continue
            known = catalog.dataset(ref) if catalog else None
            fields += [_field(FieldRef(ref.store, ref.dataset, each.field), each) for each in _open(dataset, known)]
            new = tuple(key for key in dataset.special if known is None or key not in known.special)
            if new:
                datasets.append(DatasetProposal(ref, new, dataset.special_reason))
    return Proposals(tuple(fields), tuple(datasets))


def _open(dataset: DatasetScan, known: CatalogDataset | None) -> Iterator[FieldScan]:
    """The fields that nobody has decided on, or that hold something else than what was rejected."""
    for each in dataset.fields:
        decided = known.fields.get(each.field) if known else None
        rejected = decided is not None and decided.status is LabelStatus.REJECTED
        other = rejected and decided is not None and each.label is not None and each.label.category != decided.category
        if not each.name_shaped and (decided is None or decided.status is LabelStatus.PROPOSED or other):
            yield each


def _field(ref: FieldRef, scan: FieldScan) -> FieldProposal:
    if scan.label is None:
        doubt = max((finding.confidence for finding in scan.findings), default=0.0)
        reason = f"{len(scan.findings)} rare finding(s)" if scan.findings else "nothing personal found"
        sure = round(1 - doubt, 3)
        return FieldProposal(ref, HARMLESS, None, Sensitivity.PUBLIC, sure, scan.type, reason, scan.about)
    label = scan.label
    signals = [signal for finding in scan.findings if finding.entity == label.entity for signal in finding.signals]
    reason = next((signal.reason for signal in signals if signal.speaks_for), f"{len(scan.findings)} finding(s) inside")
    said = (label.category, label.entity, label.sensitivity, label.confidence)
    return FieldProposal(ref, *said, scan.type, reason, scan.about)


def _parsed(ref: FieldRef, entry: Mapping[str, Any]) -> FieldProposal:
    return FieldProposal(
        ref,
        entry["category"],
        entry.get("entity"),
        Sensitivity.of(entry["sensitivity"]),
        float(entry["confidence"]),
        entry["type"],
        entry.get("reason", ""),
        entry.get("about", ""),
    )


def _dataset(stores: dict[str, Any], ref: DatasetRef) -> dict[str, Any]:
    entry: dict[str, Any] = stores.setdefault(ref.store, {"datasets": {}})["datasets"].setdefault(ref.dataset, {})
    return entry


def _entries(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for store, held in (document.get("stores") or {}).items():
        for dataset, entry in (held.get("datasets") or {}).items():
            yield store, dataset, entry or {}
