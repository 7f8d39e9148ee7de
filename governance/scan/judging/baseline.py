"""`policies/scan_baseline.json`: the labels that stand, so that a later scan can say which of them it lost or changed.

It holds references, categories, rounded confidences, counts and versions, no value, and no time: equal scans give equal
bytes, and a change of it is a diff that people can read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from governance.scan.drift import Drift, DriftKind
from governance.scan.judging.estimates import Quality
from governance.scan.result import FieldScan, ScanResult, StoreScan
from policies.errors import ConfigError
from policies.nouns import FieldRef
from policies.taxonomy import HARMLESS

SCHEMA = "governance.baseline/1"
"""The name of the form."""


@dataclass(frozen=True, slots=True)
class BaselineField:
    """One field as it stood."""

    category: str
    """Its category; `none` without a label."""
    confidence: float
    """How sure the scan was, to a tenth; 0 without a label."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A scan as it stood when it was found good."""

    fields: Mapping[str, Mapping[str, Mapping[str, BaselineField]]]
    """By store, dataset and field, as shown."""
    versions: Mapping[str, str]
    """Editions of the packs that judged."""
    quality: Mapping[str, Any]
    """Precision and recall as estimated then; empty where nobody had judged."""
    sample_rows: int | None
    """Rows asked for in each dataset; None for all."""

    @property
    def precision_low(self) -> float | None:
        """The lower end of the precision's interval; None where nobody had judged."""
        return (self.quality.get("precision") or {}).get("low")

    def to_text(self) -> str:
        """The file's text: sorted keys, one line each."""
        labelled = sum(
            each.category != HARMLESS
            for datasets in self.fields.values()
            for fields in datasets.values()
            for each in fields.values()
        )
        document = {
            "schema": SCHEMA,
            "counts": {
                "datasets": sum(map(len, self.fields.values())),
                "fields": sum(len(fields) for datasets in self.fields.values() for fields in datasets.values()),
                "labelled": labelled,
            },
            "quality": dict(self.quality),
            "sample_rows": self.sample_rows,
            "versions": dict(self.versions),
            "stores": {
                store: {
                    dataset: {name: _written(each) for name, each in fields.items()}
                    for dataset, fields in datasets.items()
                }
                for store, datasets in self.fields.items()
            },
        }
        return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_text(cls, text: str, place: str) -> Baseline:
        """The baseline in a file's text. Raises ConfigError for text that no command of ours wrote."""
        try:
            data = json.loads(text)
            if data["schema"] != SCHEMA:
                raise _wrong(place)
            fields = {
                store: {
                    dataset: {name: _read(each) for name, each in held.items()} for dataset, held in datasets.items()
                }
                for store, datasets in data["stores"].items()
            }
            return cls(fields, data["versions"], data["quality"], data["sample_rows"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise _wrong(place) from None


def make_baseline(result: ScanResult, versions: Mapping[str, str], quality: Quality | None) -> Baseline:
    """The baseline of a scan; stores that failed are left out."""
    return Baseline(
        {
            store.store: {dataset.dataset: dict(map(_field, dataset.fields)) for dataset in store.datasets}
            for store in result.stores
            if not store.failed
        },
        versions,
        quality.to_json() if quality and quality.precision else {},
        result.sample_rows,
    )


def with_other_stores(new: Baseline, standing: Baseline) -> Baseline:
    """A baseline that keeps what stood for the stores that the new scan did not look at."""
    return Baseline({**standing.fields, **new.fields}, new.versions, new.quality or standing.quality, new.sample_rows)


def compare_labels(baseline: Baseline, result: ScanResult) -> Iterator[Drift]:
    """Labels that came, went or changed since the baseline, in the order of the scan.

    A store or dataset that could not be read, or was not asked for, is never called changed, nor is a new or lost field
    without a label. Every label of a store that the baseline does not know is new.
    """
    for store in result.stores:
        if not store.failed:
            yield from _store(store, baseline.fields.get(store.store, {}))


def _store(store: StoreScan, known: Mapping[str, Mapping[str, BaselineField]]) -> Iterator[Drift]:
    unseen = {each.place for each in store.not_seen}
    for dataset in store.datasets:
        before = known.get(dataset.dataset, {})
        unread = {each.place for each in dataset.not_seen}
        for each in dataset.fields:
            place = FieldRef(store.store, dataset.dataset, each.field)
            yield from _changed(place, before.get(each.field), each)
        seen = {each.field for each in dataset.fields}
        gone = {name: each for name, each in before.items() if name not in seen}
        yield from _gone(store.store, dataset.dataset, gone, unread)
    names = {dataset.dataset for dataset in store.datasets}
    for name, fields in known.items():
        if name not in names and f"{store.store}.{name}" not in unseen:
            yield from _gone(store.store, name, fields, set())


def _changed(place: FieldRef, before: BaselineField | None, scan: FieldScan) -> Iterator[Drift]:
    now = scan.label.category if scan.label else HARMLESS
    confidence = scan.label.confidence if scan.label else 1.0
    was = before.category if before else HARMLESS
    if now == was:
        return
    kind = DriftKind.RELABELLED
    if was == HARMLESS:
        kind = DriftKind.LABELLED if before else DriftKind.NEW
    elif now == HARMLESS:
        kind = DriftKind.UNLABELLED
    yield Drift(kind, place, was if before else "", now, confidence)


def _gone(store: str, dataset: str, fields: Mapping[str, BaselineField], unread: set[str]) -> Iterator[Drift]:
    for name, each in fields.items():
        if each.category != HARMLESS and f"{store}.{dataset}.{name}" not in unread:
            yield Drift(DriftKind.GONE, FieldRef(store, dataset, name), each.category, "")


def _field(scan: FieldScan) -> tuple[str, BaselineField]:
    if scan.label is None:
        return scan.field, BaselineField(HARMLESS, 0.0)
    return scan.field, BaselineField(scan.label.category, round(scan.label.confidence, 1))


def _written(each: BaselineField) -> dict[str, Any]:
    if each.category == HARMLESS:
        return {"category": HARMLESS}
    return {"category": each.category, "confidence": each.confidence}


def _read(entry: Mapping[str, Any]) -> BaselineField:
    return BaselineField(str(entry["category"]), float(entry.get("confidence", 0.0)))


def _wrong(place: str) -> ConfigError:
    return ConfigError(
        place,
        found="text that no scan wrote",
        expected="the file as `governance calibrate` or `governance scan --save-baseline` writes it",
        next_step="write it anew with `governance scan --save-baseline`",
    )
