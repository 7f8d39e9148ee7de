"""Scans made by hand: only what a person would judge matters, so no store is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from governance.scan.result import DatasetScan, FieldScan, Finding, Label, ScanResult, StoreScan
from policies.nouns import LabelStatus, Sensitivity

Told = Mapping[str, tuple[str, float] | None]
"""Field to category and confidence; None for a field without a label."""


def field_scan(name: str, told: tuple[str, float] | None, findings: tuple[Finding, ...] = ()) -> FieldScan:
    label = None
    if told is not None:
        label = Label("PERSON", told[0], Sensitivity.CONFIDENTIAL, False, told[1], LabelStatus.PROPOSED)
    return FieldScan(name, "string", 100, 0.0, 90, label, findings, 0.0)


def scan_of(told: Told, *, store: str = "crm", dataset: str = "things") -> ScanResult:
    fields = tuple(field_scan(name, each) for name, each in told.items())
    return ScanResult((StoreScan(store, "memory", (DatasetScan(dataset, 100, 100, "full", fields),)),), "2026.11")


@pytest.fixture
def made() -> Callable[..., ScanResult]:
    return scan_of
