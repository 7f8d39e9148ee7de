"""What a scan is asked to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from connectors.base import Sample

PHONE_REGIONS = ("CN", "TW", "HK", "US", "CA", "GB", "DE")
"""Regions that a phone number without a country code may belong to, unless the user names others."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Where rows are read and looked at, and by which models; the result is the same everywhere."""

    name: str = "local"
    """`local`, or `spark` for the executors of a cluster."""
    master: str | None = None
    """Spark's master, such as `yarn`; None for the one of `spark-submit`, else two threads of this machine."""
    models: str = "auto"
    """As `TextOptions.models`: they read up to 100 texts of each field in which people write sentences."""


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How much to read and by which rules to judge."""

    sample: Sample = field(default_factory=Sample)
    """Rows of each dataset."""
    regions: tuple[str, ...] = PHONE_REGIONS
    """ISO 3166 regions of phone numbers without a country code."""
    laws: tuple[str, ...] = ("gdpr",)
    """The laws that decide what is special."""
    taxonomy_day: dt.date = dt.date.max
    """The day whose edition of the categories holds; the newest by default."""
    recognizers: Path | None = None
    """The user's own `recognizers.yaml`."""
    datasets: tuple[str, ...] = ()
    """Only these datasets; all when empty."""
    engine: Engine = Engine()
    """Where the work is done, and by which models."""
    workers: int | None = None
    """Processes that look at one large dataset together; None for one on each core that this process may use."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """How sure a label must be to stand, by data category; `*` for all others. From `policies/calibration.yaml`."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is; holds names and counts only."""

    store: str
    """The store."""
    dataset: str
    """The dataset at work, as it may be shown."""
    datasets_done: int
    """Datasets finished."""
    datasets_total: int
    """Datasets to do."""
    rows_read: int
    """Rows of the dataset at work that were read."""
    rows_total: int | None
    """Rows that will be read of it; None when the store cannot tell."""
