"""What a copy holds when it is done, in counts: residue, k-anonymity, l-diversity. The certificate carries it.

residue      labels that a scan of the copy found on fields that were copied in clear, and protected values of the
             source that stand in texts of the copy; anything here makes the command end with 1
accepted     fields in clear for a stated reason
anonymity    by dataset: the smallest group that shares all quasi-identifiers, rows alone, distinct sensitive values
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import Connection

from governance.copies.residue import values_left
from governance.copies.rules import HARMLESS
from governance.copies.source import SourceTable
from governance.copies.state import orphans_of
from governance.scan.quasi.kinds import load_kinds
from policies.copy_rules import CopyRules
from policies.nouns import FieldRef, Sensitivity

if TYPE_CHECKING:
    from governance.copies.work import Places
    from governance.scan.result import DatasetScan, FieldScan

_SURE = 0.5
"""A finding of a scan that is less sure is no residue."""
_TELLS = frozenset({"clear", "mask"})
"""Treatments that leave something of a value."""

Asked = tuple[Mapping[str, SourceTable], CopyRules]


def find_all(places: Places, target: Connection, source: Connection, asked: Asked, plan: str) -> dict[str, Any]:
    """Everything of the above, as JSON: names of fields, codes and counts, never a value."""
    tables, rules = asked
    scan = places.scan()
    scans = {each.dataset: each for store in scan.stores for each in store.datasets}
    residue = [found for name in tables for found in _labels(places, name, rules, scans.get(name))]
    residue += values_left(places, target, source, asked)
    return {
        "rows": {name: _count(target, name) for name in tables},
        "orphans_left_out": orphans_of(target, plan),
        "accepted": _accepted(places, rules),
        "residue": sorted(residue, key=lambda each: (each["field"], each["kind"], each["detail"])),
        "anonymity": [_anonymity(places, target, name, rules, scans.get(name)) for name in tables],
        "scan_failed": scan.failed,
    }


def has_residue(findings: Mapping[str, Any]) -> bool:
    """Whether anything personal was left, or whether that could not be looked at."""
    return bool(findings["residue"]) or bool(findings["scan_failed"])


def _labels(places: Places, name: str, rules: CopyRules, scan: DatasetScan | None) -> list[dict[str, Any]]:
    """What a scan finds on fields in clear that nobody gave a reason for."""
    found = []
    for field in scan.fields if scan else ():
        entry = rules.datasets[name].fields.get(field.field)
        if entry is None or entry.kind != "clear" or entry.why:
            continue
        known = places.catalog.field(FieldRef(places.source, name, field.field))
        harmless = known is not None and known.category == HARMLESS
        found += [
            {"field": f"{name}.{field.field}", "kind": "label", "detail": category, "rows": hits}
            for category, hits in sorted(_personal(field, harmless=harmless).items())
        ]
    return found


def _personal(field: FieldScan, *, harmless: bool) -> dict[str, int]:
    """Categories of people that were found in a field, with the rows; a quasi-identifier alone is no residue."""
    kinds = load_kinds().categories
    found = {
        each.category: each.hits for each in field.findings if each.confidence >= _SURE and each.category not in kinds
    }
    if field.label is not None and field.label.category != HARMLESS and field.label.category not in kinds:
        found.setdefault(field.label.category, field.rows_read)
    return {name: hits for name, hits in found.items() if hits or not harmless}


def _accepted(places: Places, rules: CopyRules) -> list[dict[str, str]]:
    found = []
    for name, dataset in rules.datasets.items():
        for field, entry in dataset.fields.items():
            known = places.catalog.field(FieldRef(places.source, name, field))
            if entry.kind == "clear" and entry.why and known is not None and known.category != HARMLESS:
                found.append({"field": f"{name}.{field}", "category": known.category})
    return found


def _anonymity(
    places: Places, target: Connection, name: str, rules: CopyRules, scan: DatasetScan | None
) -> dict[str, Any]:
    """How far what is left of a dataset singles people out, counted by the target over all its rows."""
    quasi, sensitive = [], []
    seen = set(scan.quasi.fields) if scan and scan.quasi else set()
    kinds = load_kinds().categories
    for field, entry in rules.datasets[name].fields.items():
        known = places.catalog.field(FieldRef(places.source, name, field))
        if entry.kind not in _TELLS or known is None:
            continue
        if known.category in kinds or field in seen:
            quasi.append(field)
        elif known.sensitivity in {Sensitivity.SPECIAL.word, Sensitivity.RESTRICTED.word}:
            sensitive.append(field)
    if not quasi:
        return {"dataset": name, "quasi": [], "k": None, "rows_alone": 0, "l": {}}
    table = sa.table(name, *(sa.column(each) for each in (*quasi, *sensitive)))
    counted = [sa.func.count().label("n"), *(sa.func.count(table.c[each].distinct()).label(each) for each in sensitive)]
    groups = sa.select(*counted).select_from(table).group_by(*(table.c[each] for each in quasi)).subquery()
    alone = sa.func.coalesce(sa.func.sum(sa.case((groups.c.n == 1, 1), else_=0)), 0)
    asked = sa.select(sa.func.min(groups.c.n), alone, *(sa.func.min(groups.c[each]) for each in sensitive))
    least, single, *diverse = target.execute(asked).one()
    return {
        "dataset": name,
        "quasi": quasi,
        "k": None if least is None else int(least),
        "rows_alone": int(single),
        "l": {each: None if some is None else int(some) for each, some in zip(sensitive, diverse, strict=True)},
    }


def _count(target: Connection, name: str) -> int:
    return int(target.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one())
