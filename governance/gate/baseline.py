"""Findings that were there before: a file of fingerprints with counts, so that only what is new stops a change."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from governance.gate.finding import GateFinding
from policies.errors import ConfigError

SCHEMA = "governance.check-baseline/1"
"""The form of the file."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Old debt."""

    counts: Mapping[str, int]
    """Fingerprint to how many findings have it."""


def outside(findings: Iterable[GateFinding], baseline: Baseline) -> tuple[list[GateFinding], list[GateFinding]]:
    """The findings that the baseline does not have, and those that it has; of equal ones the first are old."""
    left = Counter(baseline.counts)
    new: list[GateFinding] = []
    old: list[GateFinding] = []
    for each in findings:
        if left[each.fingerprint] > 0:
            left[each.fingerprint] -= 1
            old.append(each)
        else:
            new.append(each)
    return new, old


def baseline_text(findings: Iterable[GateFinding]) -> str:
    """The file for some findings: fingerprint, count, rule and what it is about, sorted."""
    counts: Counter[str] = Counter()
    about: dict[str, str] = {}
    for each in findings:
        counts[each.fingerprint] += 1
        named = ".".join(part for part in (each.store, each.dataset, each.field) if part)
        about[each.fingerprint] = f"{each.rule} {named if each.dataset else each.file}"
    entries = {key: {"count": counts[key], "about": about[key]} for key in sorted(counts, key=lambda k: (about[k], k))}
    return json.dumps({"schema": SCHEMA, "findings": entries}, indent=2, ensure_ascii=False) + "\n"


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file. Raises ConfigError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        findings = {SCHEMA: document["findings"]}[document["schema"]]
        counts = {str(key): int(entry["count"]) for key, entry in findings.items()}
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError(
            "--baseline",
            found="no file of that form",
            expected=f"a file that holds {SCHEMA}",
            next_step="write one: governance check --baseline FILE --write-baseline",
        ) from None
    return Baseline(MappingProxyType(counts))
