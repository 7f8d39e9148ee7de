"""What a scan found: ScanResult -> StoreScan -> DatasetScan -> FieldScan -> Finding -> Signal.

Nothing in these records is a value of a person: evidence is a shape, a count or a reason. `to_json` of the root gives
the stable form `governance.scan/1`. Lists are in the store's order of fields and sorted by name elsewhere; equal
scans give equal bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from policies.nouns import LabelStatus, Sensitivity

FREE_TEXT = "FREE_TEXT"
"""The entity of text that holds personal content."""

EMPLOYEE = "employee"
"""Whom a field is about that stands inside a customer's record: one of the organisation's own people."""

SCHEMA = "governance.scan/1"
"""The name of the JSON form; a change that breaks readers gives it another number."""

RARE = 0.01
"""A finding in fewer than this share of the values is called rare."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One piece of evidence for or against an entity."""

    signal: str
    """Which kind: `value`, `name`, `comment`, `type`, `dataset`, `neighbour`, `spread`, `foreign_key`."""
    speaks_for: bool
    """True when it speaks for the entity, False when against; `for` in the JSON form."""
    weight: float
    """How much it counted, 0 to 1."""
    reason: str
    """Why, in plain English, without a value of a person."""

    def to_json(self) -> dict[str, Any]:
        """The stable form."""
        return {"signal": self.signal, "for": self.speaks_for, "weight": self.weight, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Finding:
    """One entity that a field holds, in all rows or in one."""

    entity: str
    """The entity, a key of the taxonomy's `entities` or a user's own."""
    category: str
    """The data category that the entity stands for."""
    confidence: float
    """How sure the scan is that the field holds this entity, 0 to 1."""
    prevalence: float
    """Share of the non-null values read that hold it; 0 when only name or comment speak for it."""
    prevalence_low: float
    """Lower end of the 95 % Wilson interval of the prevalence in the whole field."""
    prevalence_high: float
    """Upper end of that interval."""
    hits: int
    """Values read that hold it, repeated values counted each time."""
    signals: tuple[Signal, ...]
    """What spoke for and against, heaviest first."""
    examples: tuple[str, ...]
    """Shapes of at most three hits; empty for special and categorical kinds."""

    @property
    def rare(self) -> bool:
        """Whether only few values hold it; a rare finding never becomes the field's label by itself."""
        return 0 < self.prevalence < RARE

    def to_json(self) -> dict[str, Any]:
        """The stable form."""
        return {
            "entity": self.entity,
            "category": self.category,
            "confidence": self.confidence,
            "prevalence": self.prevalence,
            "prevalence_low": self.prevalence_low,
            "prevalence_high": self.prevalence_high,
            "signals": [signal.to_json() for signal in self.signals],
            "examples": list(self.examples),
        }


@dataclass(frozen=True, slots=True)
class Label:
    """What a field is, as one verdict over all its evidence."""

    entity: str
    """The entity that decided; `FREE_TEXT` for text that holds personal content."""
    category: str
    """The data category."""
    sensitivity: Sensitivity
    """How much harm a leak does, from the category."""
    special: bool
    """Whether one of the laws of this scan, or its own nature, makes the category special."""
    confidence: float
    """How sure the scan is, 0 to 1."""
    status: LabelStatus
    """`proposed` as a scan gives it; what people decided where a catalog was at hand."""

    def to_json(self) -> dict[str, Any]:
        """The stable form."""
        return {
            "entity": self.entity,
            "category": self.category,
            "sensitivity": self.sensitivity.word,
            "special": self.special,
            "confidence": self.confidence,
            "status": self.status.value,
        }


@dataclass(frozen=True, slots=True)
class FieldScan:
    """One column, or one path inside a JSON column."""

    field: str
    """Its name, `column:$.path` for a path; a name that looks like a person's value stands as its shape."""
    type: str
    """As `connectors.base.Field.type`."""
    rows_read: int
    """Rows that were read, nulls included."""
    null_share: float
    """Share of them without a value; empty text counts as no value."""
    distinct: int
    """Distinct values; an estimate good to some percent above a few thousand."""
    label: Label | None
    """What the field is; None when nothing personal is known of it."""
    findings: tuple[Finding, ...]
    """Every entity found, surest first."""
    unseen_bound: float
    """At most this share of rows may hold a kind that no row read held, at 95 %: the rule of three, 3/n; 0 when every
    row was read."""
    name_shaped: bool = False
    """Whether `field` is a shape, because the real name looks like a value of a person."""
    signals: tuple[Signal, ...] = ()
    """What is known of the field as a key: `foreign_key` where it refers to the key of a dataset of people."""
    about: str = ""
    """EMPLOYEE where it is about one of the organisation's own people inside another person's record."""

    def to_json(self) -> dict[str, Any]:
        """The stable form; `signals` and `about` only where there are some."""
        keys: dict[str, Any] = {"signals": [each.to_json() for each in self.signals]} if self.signals else {}
        keys |= {"about": self.about} if self.about else {}
        return {
            "field": self.field,
            "type": self.type,
            "rows_read": self.rows_read,
            "null_share": self.null_share,
            "distinct": self.distinct,
            "label": self.label.to_json() if self.label else None,
            "findings": [finding.to_json() for finding in self.findings],
            **keys,
        }


@dataclass(frozen=True, slots=True)
class Unseen:
    """Something that the scan did not see, with the reason."""

    place: str
    """Store, dataset or field; names that look like values stand as shapes."""
    reason: str
    """A key of the words file, such as `not_seen.binary`."""
    detail: str = ""
    """A number or technical word that completes the reason."""

    def to_json(self) -> dict[str, Any]:
        """The stable form."""
        return {"place": self.place, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Combination:
    """A few fields that single rows out when they are joined."""

    fields: tuple[str, ...]
    """Their names as shown, most telling kind first."""
    smallest: int
    """Rows of the smallest group that shares its values: the k of k-anonymity."""
    rows_below: int
    """Rows in groups smaller than the bound of the result."""
    alone: int
    """Rows that share their values with no other row."""

    def to_json(self) -> dict[str, Any]:
        """The stable form."""
        return {
            "fields": list(self.fields),
            "smallest": self.smallest,
            "rows_below": self.rows_below,
            "alone": self.alone,
        }


@dataclass(frozen=True, slots=True)
class QuasiResult:
    """How far the quasi-identifiers of a dataset single people out; counted in rows, empty cells as a value."""

    fields: tuple[str, ...]
    """The fields that were counted, most telling kind first; names as shown."""
    rows_counted: int
    """Rows whose combinations were counted."""
    exact: bool
    """Whether these are all rows of the dataset. If not, groups are larger in the dataset than they were counted, and
    rare ones may be missing."""
    below: int
    """The bound: rows in groups smaller than this are exposed."""
    smallest: int
    """Rows of the smallest group of all fields together: the dataset's k."""
    rows_below: int
    """Rows in groups below the bound, all fields together."""
    alone: int
    """Rows that share their values in all fields with no other row."""
    combinations: tuple[Combination, ...]
    """Combinations of at most three fields that put rows into groups below the bound, worst first."""

    def to_json(self) -> dict[str, Any]:
        """The stable form."""
        return {
            "fields": list(self.fields),
            "rows_counted": self.rows_counted,
            "exact": self.exact,
            "below": self.below,
            "smallest": self.smallest,
            "rows_below": self.rows_below,
            "alone": self.alone,
            "combinations": [each.to_json() for each in self.combinations],
        }


@dataclass(frozen=True, slots=True)
class DatasetScan:
    """One table, view, file or sheet."""

    dataset: str
    """Its name; one that looks like a person's value stands as its shape."""
    rows: int | None
    """Rows it has; None when the store could not tell."""
    rows_read: int
    """Rows that were read."""
    method: str
    """How they were chosen: `full`, `every_nth`, `tablesample`, `key_ranges` or `reservoir`."""
    fields: tuple[FieldScan, ...]
    """In the store's order, JSON paths behind their column."""
    not_seen: tuple[Unseen, ...] = ()
    """Fields and rows left out."""
    special: tuple[str, ...] = ()
    """Special categories that merely being in this dataset reveals, such as a list of patients."""
    special_reason: str = ""
    """Why, in plain English; empty when `special` is."""
    kind: str = "table"
    """As `connectors.base.DatasetKind`."""
    name_shaped: bool = False
    """Whether `dataset` is a shape."""
    quasi: QuasiResult | None = None
    """How far few fields single people out; None where no row is about a person or no field tells people apart."""

    def to_json(self) -> dict[str, Any]:
        """The stable form."""
        return {
            "dataset": self.dataset,
            "rows": self.rows,
            "rows_read": self.rows_read,
            "fields": [each.to_json() for each in self.fields],
            "not_seen": [each.to_json() for each in self.not_seen],
            "quasi": self.quasi.to_json() if self.quasi else None,
        }


@dataclass(frozen=True, slots=True)
class StoreScan:
    """One store."""

    store: str
    """Its name."""
    kind: str
    """`sqlite`, `postgresql`, `mysql`, `files`, `memory`; empty when the store never answered."""
    datasets: tuple[DatasetScan, ...] = ()
    """Sorted by name."""
    not_seen: tuple[Unseen, ...] = ()
    """Datasets that could not be described or read."""
    failed: bool = False
    """Whether the store could not be scanned at all; a scan with a failed store ends with exit code 2."""
    reason: str = ""
    """Why it failed, without credentials or values; empty when it did not."""

    def to_json(self) -> dict[str, Any]:
        """The stable form."""
        return {"store": self.store, "kind": self.kind, "datasets": [each.to_json() for each in self.datasets]}


@dataclass(frozen=True, slots=True)
class ScanResult:
    """All stores of one scan."""

    stores: tuple[StoreScan, ...]
    """Sorted by name."""
    taxonomy_version: str
    """The edition of the category pack."""
    laws: tuple[str, ...] = ("gdpr",)
    """The laws that decided what is special, sorted."""
    sample_rows: int | None = None
    """Rows asked for in each dataset; None for all."""

    @property
    def failed(self) -> bool:
        """Whether any store could not be scanned."""
        return any(store.failed for store in self.stores)

    @property
    def labels(self) -> tuple[tuple[str, str, str, Label], ...]:
        """Every label with its store, dataset and field, in the order of the result."""
        return tuple(
            (store.store, dataset.dataset, each.field, each.label)
            for store in self.stores
            for dataset in store.datasets
            for each in dataset.fields
            if each.label is not None
        )

    @property
    def highest(self) -> Sensitivity | None:
        """The highest sensitivity of any label, finding's category aside; None without a label."""
        return max((label.sensitivity for *_, label in self.labels), default=None)

    @property
    def summary(self) -> dict[str, Any]:
        """Counts over the whole scan, and what no list of a dataset has a place for."""
        return summarise(self)

    def to_json(self) -> dict[str, Any]:
        """The stable form `governance.scan/1`."""
        return {"schema": SCHEMA, "stores": [each.to_json() for each in self.stores], "summary": self.summary}


def summarise(result: ScanResult) -> dict[str, Any]:
    """Counts over a whole scan: plain data, sorted keys."""
    datasets = [dataset for store in result.stores for dataset in store.datasets]
    fields = [each for dataset in datasets for each in dataset.fields]
    labels = [each.label for each in fields if each.label is not None]
    findings = [finding for each in fields for finding in each.findings]
    return {
        "stores": len(result.stores),
        "datasets": len(datasets),
        "fields": len(fields),
        "rows_read": sum(dataset.rows_read for dataset in datasets),
        "labelled": len(labels),
        "special": sum(label.special for label in labels),
        "by_sensitivity": {each.word: sum(label.sensitivity is each for label in labels) for each in Sensitivity},
        "by_category": _counts([label.category for label in labels]),
        "by_entity": _counts([label.entity for label in labels]),
        "findings": len(findings),
        "rare_findings": sum(finding.rare for finding in findings),
        "special_datasets": [
            {"place": f"{store.store}.{dataset.dataset}", "category": category, "reason": dataset.special_reason}
            for store in result.stores
            for dataset in store.datasets
            for category in dataset.special
        ],
        "not_seen": [unseen.to_json() for store in result.stores for unseen in store.not_seen],
        "failed_stores": [{"place": each.store, "reason": each.reason} for each in result.stores if each.failed],
        "sample_rows": result.sample_rows,
        "laws": list(result.laws),
        "taxonomy": result.taxonomy_version,
    }


def _counts(words: list[str]) -> dict[str, int]:
    return {word: words.count(word) for word in sorted(set(words))}
