"""The machine form of the report on access, `governance.audit.access/1`: the same numbers with all their ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from audits.evidence import Evidence
from audits.report import Count
from audits.reports.access_glass import glass_data, glasses
from audits.reports.access_tables import outcome_word
from audits.reports.access_uses import Use, count_of, rows_of

SCHEMA = "governance.audit.access/1"
"""The name of the form; a change that breaks readers gives it another number."""


def counted(count: Count) -> dict[str, Any]:
    """A number with its ids."""
    return {"value": count.value, "evidence": list(count.evidence)}


def access_data(evidence: Evidence, uses: Sequence[Use]) -> Mapping[str, Any]:
    """The whole form, plain data. People stand as references; `names` holds the names that are not erased."""
    granted = [each for each in uses if each.granted]
    return {
        "schema": SCHEMA,
        "as_of": evidence.as_of.isoformat(),
        "zone": evidence.zone,
        "digests": dict(evidence.digests),
        "packs": dict(evidence.pack_versions),
        "names": {ref: evidence.names[ref] for ref in sorted(_people(evidence, uses)) if ref in evidence.names},
        "totals": {
            "uses": counted(count_of(granted)),
            "rows": counted(rows_of(granted)),
            "refused": counted(count_of(each for each in uses if not each.granted)),
            "unknown": counted(count_of(each for each in uses if each.open)),
            "failed": counted(count_of(each for each in uses if each.failed)),
        },
        "by_person": _grouped(granted, ("principal", "purpose", "action")),
        "by_field": _by_field(granted),
        "by_day": _by_day(evidence, granted),
        "break_glass": glass_data(evidence, uses),
        "uses": [_use(each) for each in uses],
        "not_seen": [each.place for each in evidence.could_not_see],
    }


def _people(evidence: Evidence, uses: Sequence[Use]) -> set[str]:
    events = [each.decision for each in uses]
    for glass in glasses(evidence, uses):
        events += [each for each in (glass.opened, glass.approved) if each is not None]
    return {event[key] for event in events for key in ("principal", "actor") if event[key]}


def _use(use: Use) -> dict[str, Any]:
    keys = ("id", "time", "principal", "actor", "purpose", "action", "reason")
    return {key: use.decision[key] for key in keys} | {
        "objects": [dict(each) for each in use.decision["objects"]],
        "rules": list(use.decision["rules"]),
        "outcome": outcome_word(use),
        "rows": use.rows if use.closing else None,
        "evidence": list(use.evidence),
    }


def _numbers(uses: Sequence[Use]) -> dict[str, Any]:
    return {"uses": counted(count_of(uses)), "rows": counted(rows_of(uses))}


def _grouped(uses: Sequence[Use], keys: tuple[str, ...]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, ...], list[Use]] = defaultdict(list)
    for use in uses:
        groups[tuple(str(use.decision[key]) for key in keys)].append(use)
    return [dict(zip(keys, key, strict=True)) | _numbers(found) for key, found in sorted(groups.items())]


def _by_field(uses: Sequence[Use]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str], list[Use]] = defaultdict(list)
    for use in uses:
        for pair in dict.fromkeys(use.fields):
            groups[pair].append(use)
    return [{"field": ref, "treatment": how} | _numbers(found) for (ref, how), found in sorted(groups.items())]


def _by_day(evidence: Evidence, uses: Sequence[Use]) -> list[dict[str, Any]]:
    groups: dict[str, list[Use]] = defaultdict(list)
    for use in uses:
        groups[evidence.day(use.decision).isoformat()].append(use)
    return [{"day": day} | _numbers(found) for day, found in sorted(groups.items())]
