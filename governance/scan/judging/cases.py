"""What can be judged: each field of a scan with the label that it shows, and how doubtful that label is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from governance.scan.names import DatasetWords, read_dataset, read_name
from governance.scan.result import FieldScan, ScanResult
from policies.nouns import FieldRef
from policies.taxonomy import HARMLESS

LABELLED = (("label below 65 %", 0.65), ("label below 80 %", 0.8), ("label below 90 %", 0.9), ("sure label", 1.01))
"""Strata of labelled fields, least sure first, each with the confidence below which it ends."""
FINDING, NAMED, QUIET = "no label, with a finding", "no label, with a telling name", "no label"
"""Strata of fields without a label, most doubtful first."""
STRATA = (*(name for name, _ in LABELLED), FINDING, NAMED, QUIET)
"""All strata, in the order in which they are asked."""
_NAME_SPEAKS = 0.1
_EXPECTED = {FINDING: 0.7, NAMED: 0.85, QUIET: 0.97}


@dataclass(frozen=True, slots=True)
class Case:
    """One field as it is put before a person."""

    ref: FieldRef
    """The field."""
    shown: str
    """The category that the scan gives it; `none` without a label."""
    confidence: float
    """How sure the scan is of that, 0 to 1; for fields without a label a rough guess."""
    stratum: str
    """One of STRATA."""
    scan: FieldScan
    """What the scan says of it: counts, shapes and signals."""

    @property
    def labelled(self) -> bool:
        """Whether the scan says that the field is personal."""
        return self.scan.label is not None


def cases_of(result: ScanResult) -> tuple[Case, ...]:
    """Every field that a file can name, in the order of the scan."""
    return tuple(_cases(result))


def _cases(result: ScanResult) -> Iterator[Case]:
    for store in result.stores:
        for dataset in store.datasets:
            words = read_dataset(dataset.dataset)
            for each in dataset.fields:
                if not dataset.name_shaped and not each.name_shaped:
                    yield _case(FieldRef(store.store, dataset.dataset, each.field), each, words)


def _case(ref: FieldRef, scan: FieldScan, words: DatasetWords) -> Case:
    if scan.label is not None:
        confidence = scan.label.confidence
        stratum = next(name for name, end in LABELLED if confidence < end)
        return Case(ref, scan.label.category, confidence, stratum, scan)
    stratum = FINDING if scan.findings else QUIET
    if stratum is QUIET and any(each.weight >= _NAME_SPEAKS for each in read_name(scan.field, words).values()):
        stratum = NAMED
    return Case(ref, HARMLESS, _EXPECTED[stratum], stratum, scan)
