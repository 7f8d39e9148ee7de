"""The machine form of the report on access, `governance.audit.access/2`: the same numbers with ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from audits.evidence import Evidence
from audits.report import Count
from audits.reports.access_found import Found
from audits.reports.access_glass import MOST_OPENINGS, glass_data
from audits.reports.access_sums import Sums
from audits.reports.access_tables import outcome_word
from audits.reports.access_tally import Group
from audits.reports.access_tally import counted as counted_of
from audits.reports.access_uses import Use

SCHEMA = "governance.audit.access/2"
"""The name of the form; a change that breaks readers gives it another number."""


def counted(count: Count) -> dict[str, Any]:
    """A number with the ids of everything that was counted, for reports that hold it all."""
    return {"value": count.value, "evidence": list(count.evidence)}


def access_data(evidence: Evidence, found: Found, unusual: list[dict[str, Any]]) -> Mapping[str, Any]:
    """The whole form, plain data. People stand as references; `names` holds the names that are not erased."""
    return {
        "schema": SCHEMA,
        "as_of": evidence.as_of.isoformat(),
        "zone": evidence.zone,
        "digests": dict(evidence.digests),
        "packs": dict(evidence.pack_versions),
        "names": {ref: evidence.names[ref] for ref in sorted(_people(found)) if ref in evidence.names},
        "events": found.events,
        "totals": _totals(found.sums),
        "by_person": list(_persons(found.sums)),
        "by_field": list(_fields(found.sums)),
        "by_day": [{"day": day.isoformat()} | _numbers(each) for day, each in sorted(found.sums.days.items())],
        "denials": list(_denials(found.sums)),
        "others": {kind: counted_of(each.count) for kind, each in sorted(found.sums.others.items())},
        "break_glass": glass_data(found.openings),
        "unusual": unusual,
        "uses": [_use(each) for each in found.listed],
        "not_listed": {
            "uses": found.newest.of - len(found.listed),
            "break_glass": max(0, len(found.openings) - MOST_OPENINGS),
        },
        "not_seen": [each.place for each in evidence.could_not_see],
    }


def _totals(sums: Sums) -> dict[str, Any]:
    tallies = {
        "uses": sums.granted.uses,
        "rows": sums.granted.rows,
        "refused": sums.refused,
        "unknown": sums.open,
        "failed": sums.granted.failed,
        "rows_changed": sums.writes.rows,
        "conflicts": sums.granted.conflicts,
        "stray": sums.stray,
    }
    return {name: counted_of(each.count) for name, each in tallies.items()}


def _people(found: Found) -> set[str]:
    through = {str(each.decision["actor"]) for each in found.listed}
    events = [each for glass in found.openings for each in (glass.opened, glass.approved) if each is not None]
    return found.sums.users | through | {event[key] for event in events for key in ("principal", "actor") if event[key]}


def _use(use: Use) -> dict[str, Any]:
    keys = ("id", "time", "principal", "actor", "purpose", "action", "reason")
    return {key: use.decision[key] for key in keys} | {
        "objects": [dict(each) for each in use.decision["objects"]],
        "rules": list(use.decision["rules"]),
        "outcome": outcome_word(use),
        "rows": use.rows if use.closing else None,
        "evidence": list(use.evidence),
    }


def _numbers(group: Group) -> dict[str, Any]:
    return {"uses": counted_of(group.uses.count), "rows": counted_of(group.rows.count)}


def _persons(sums: Sums) -> Iterator[dict[str, Any]]:
    for (person, purpose, action), group in sorted(sums.persons.items(), key=lambda item: item[0]):
        yield {"principal": person, "purpose": purpose, "action": action} | _numbers(group)


def _fields(sums: Sums) -> Iterator[dict[str, Any]]:
    whole: dict[tuple[str, str], Group] = defaultdict(Group)
    for (ref, treatment, _), group in sums.fields.items():
        whole[ref, treatment].merge(group)
    for (ref, treatment), each in sorted(whole.items(), key=lambda item: item[0]):
        yield {"field": ref, "treatment": treatment} | _numbers(each)


def _denials(sums: Sums) -> Iterator[dict[str, Any]]:
    for (person, purpose, action, reason), tally in sorted(sums.denials.items(), key=lambda item: item[0]):
        head = {"principal": person, "purpose": purpose, "action": action, "reason": reason or None}
        yield head | {"attempts": counted_of(tally.count)}
