"""What every format offers, and the table of formats by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Protocol

from audits.report import Report
from audits.speaking import Speaker
from policies.errors import ConfigError

ALL_REPORTS = frozenset(
    {
        "access",
        "automated",
        "consent",
        "crm",
        "dpia",
        "exposure",
        "fairness",
        "grants",
        "incident",
        "overview",
        "protection",
        "quality",
        "requests",
        "retention",
        "review",
        "ropa",
        "scan",
        "training",
    }
)
"""Every kind of report."""


class Format(Protocol):
    """A way to write a report: pure, the same report and language give the same text."""

    @property
    def name(self) -> str:
        """The word after `--format`."""
        ...

    @property
    def serves(self) -> frozenset[str]:
        """The kinds of report that it can write."""
        ...

    @property
    def encoding(self) -> str:
        """The encoding of a file of this format."""
        ...

    def write(self, report: Report, speaker: Speaker) -> str:
        """The whole report, ending with one line feed."""
        ...


def register(formats: Iterable[Format]) -> Mapping[str, Format]:
    """Formats by name, sorted. Raises ConfigError when two have the same name."""
    known: dict[str, Format] = {}
    for each in formats:
        if each.name in known:
            raise ConfigError(
                f"format `{each.name}`",
                found="two formats of this name",
                expected="one format a name",
                next_step="rename one of them",
            )
        known[each.name] = each
    return MappingProxyType(dict(sorted(known.items())))
