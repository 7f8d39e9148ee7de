"""Gather the evidence that a report is made from: the ledger's events, plans, grants, and what is in force."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from audits.evidence import Evidence
from audits.report import Report
from audits.reports.access import access_report
from audits.reports.access_found import Found
from audits.reports.access_gathering import Gathering
from audits.reports.grants import grants_report
from audits.reports.requests import requests_report
from audits.reports.retention import retention_report
from governance.access.grants import SCHEMA as GRANTS_SCHEMA
from governance.access.grants import Grant, grants_on, grants_to
from governance.flows.retention.keeping import plan_retention, retention_book, retention_rules, standing_holds
from governance.flows.retention.restoring import backup_drills
from governance.ledger.events import Event, EventDraft
from governance.ledger.waiting import WaitingFile
from policies.access_objects import resolve_object
from policies.nouns import DatasetRef, FieldRef
from policies.periods import month_ends
from policies.taxonomy import HARMLESS

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.retention.drills import Drill
    from governance.retention.plan import RetentionPlan


def audit_access(gov: Governance) -> Report:
    """Who used what, for which purpose, under which rule, as the ledger has it now; the report itself is recorded."""
    _record(gov, "access")
    found = gather_uses(gov.ledger.leaves(), gov.clock(), gov.project.config.time_zone)
    return access_report(_evidence(gov, (), found.people, events_read=found.events), found)


def gather_uses(batches: Iterable[Iterable[bytes]], as_of: dt.datetime, zone: str) -> Found:
    """What the leaves of a ledger say of uses, read once. Raises TamperedError for a leaf that is no event.

    Side effect: a temporary file while very many decisions wait for their end.
    """
    with closing(WaitingFile()) as waiting:
        gathering = Gathering(as_of, zone, checked_leaf, waiting)
        for batch in batches:
            gathering.take(batch)
        return gathering.found()


def checked_leaf(leaf: bytes) -> dict[str, Any]:
    """The event of a leaf as reports read it. Raises TamperedError for one that is no event."""
    return plain_event(Event.from_leaf(leaf))


def audit_retention(gov: Governance, plans: Sequence[RetentionPlan] | None = None) -> Report:
    """What is due, done and covered by no rule; without `plans`, each rule is planned anew, which is recorded."""
    made = plan_retention(gov, look=True) if plans is None else plans
    _record(gov, "retention")
    return retention_report(gather(gov, made))


def audit_requests(gov: Governance, year: int | None = None) -> Report:
    """What people asked for and complained about, what is overdue, and shares on time; the report itself is recorded.

    `year` is that of the CCPA's metrics; without it the last one that is over.
    """
    _record(gov, "requests")
    document = gov.requests.statistics(year) | {"policy": gov.versions()}
    return requests_report(document, as_of=gov.clock(), zone=gov.project.config.time_zone)


def policy_who(gov: Governance, ref: str) -> Report:
    """Who may do what with an object of the policy, as its files stand; no store is opened, nothing is recorded.

    Raises PolicyFileError for an object that the catalog does not have.
    """
    policy = gov.policy_files.policy
    target = resolve_object(ref, "OBJECT", policy.catalog, policy.taxonomy)
    return _grants(gov, "object", target.text, grants_on(policy, target))


def policy_what(gov: Governance, user: str) -> Report:
    """Everything that a user may do, as the policy files stand; no store is opened, nothing is recorded.

    Raises AccessRefusedError for an unknown user.
    """
    return _grants(gov, "user", user, grants_to(gov.policy_files.policy, user))


def _grants(gov: Governance, about: str, name: str, grants: Iterable[Grant]) -> Report:
    document = {
        "schema": GRANTS_SCHEMA,
        "about": about,
        "name": name,
        "policy": gov.policy_files.policy.digest,
        "grants": [each.to_json() for each in grants],
    }
    return grants_report(document, as_of=gov.clock(), zone=gov.project.config.time_zone)


def evidence_in_force(
    gov: Governance,
    *,
    measures: Sequence[Mapping[str, Any]] = (),
    packs: Mapping[str, str] | None = None,
    events_read: int | None = None,
) -> Evidence:
    """What is in force now, without the ledger's events, for reports that are made from registers or measures."""
    policy = gov.policy_files.policy
    return Evidence(
        as_of=gov.clock(),
        zone=gov.project.config.time_zone,
        events_read=events_read,
        measures=tuple(measures),
        pack_versions=packs or {},
        digests={"catalog": policy.catalog.digest, "policy": policy.digest},
    )


def gather(gov: Governance, plans: Sequence[RetentionPlan] = ()) -> Evidence:
    """All that a report may use, as of now."""
    events = tuple(plain_event(event) for event in gov.ledger.events())
    refs = {ref for event in events for ref in (event["actor"], event["principal"]) if ref is not None}
    return _evidence(gov, events, refs, plans)


def _evidence(
    gov: Governance,
    events: tuple[dict[str, Any], ...],
    refs: AbstractSet[str],
    plans: Sequence[RetentionPlan] = (),
    events_read: int | None = None,
) -> Evidence:
    policy, gaps = gov.policy_files.policy, retention_gaps(gov)
    return Evidence(
        as_of=gov.clock(),
        zone=gov.project.config.time_zone,
        events=events,
        events_read=events_read,
        names=gov.ledger.resolve_all(refs - {"system"}) | {"system": "system"},
        plans=tuple(_plan(gov, each) for each in plans),
        datasets_without_rule=gaps.datasets,
        fields_without_rule=gaps.fields,
        rules_without_dataset=gaps.unmatched,
        holds=tuple(
            {"place": each.place, "scope": each.scope, "placed": each.placed, "until": each.until}
            for each in standing_holds(gov)
        ),
        drills=tuple(_drill(each) for each in backup_drills(gov)),
        pack_versions={"taxonomy": policy.taxonomy.version},
        digests={"catalog": policy.catalog.digest, "policy": policy.digest},
    )


@dataclass(frozen=True, slots=True)
class RetentionGaps:
    """What retention does not reach."""

    datasets: tuple[str, ...]
    """Datasets that hold personal data by the catalog and that no limit speaks of, sorted."""
    fields: tuple[str, ...]
    """Personal fields of other datasets that no limit ever takes away, sorted."""
    unmatched: tuple[str, ...]
    """Rules for a category that no dataset has."""

    @property
    def places(self) -> tuple[str, ...]:
        """Datasets, then fields."""
        return (*self.datasets, *self.fields)


def retention_gaps(gov: Governance) -> RetentionGaps:
    """What no retention rule reaches, by catalog and rules as they stand; no store is opened."""
    book = retention_book(gov)
    whole, parts = set[DatasetRef](), set[FieldRef]()
    for rule in book.rules.values():
        if rule.kind == "limit" and rule.action == "anonymise":
            parts |= {FieldRef(rule.dataset.store, rule.dataset.dataset, name) for name in rule.masks}
        elif rule.kind == "limit":
            whole.add(rule.dataset)
    personal = [ref for ref, entry in gov.catalog.walk() if entry.category != HARMLESS]
    open_fields = [ref for ref in personal if ref.of not in whole and ref not in parts]
    reached = whole | {ref.of for ref in parts}
    return RetentionGaps(
        tuple(sorted({str(ref.of) for ref in open_fields if ref.of not in reached})),
        tuple(sorted(str(ref) for ref in open_fields if ref.of in reached)),
        book.unmatched,
    )


def datasets_without_rule(gov: Governance) -> tuple[str, ...]:
    """Datasets that hold personal data by the catalog and have no retention rule, sorted."""
    return retention_gaps(gov).datasets


def plain_event(event: Event) -> dict[str, Any]:
    """An event in the form `governance.event/1`, as evidence has it."""
    found: dict[str, Any] = json.loads(event.leaf())
    return found


def _plan(gov: Governance, plan: RetentionPlan) -> dict[str, Any]:
    rule = retention_rules(gov)[plan.rule.removeprefix("retention:")]
    today = gov.clock().astimezone(ZoneInfo(plan.zone)).date()
    late = rule.period.cutoff(today - dt.timedelta(days=GRACE_DAYS))
    overdue = sum(count for month, count in plan.by_month.items() if _last_day(month) < late)
    by = today + dt.timedelta(days=GRACE_DAYS) if plan.due else None
    return plan.numbers() | {
        "period": str(rule.period),
        "start_field": rule.start.text,
        "overdue": max(0, overdue - plan.held),
        "due_by": by.isoformat() if by else None,
    }


GRACE_DAYS = 31
"""How long after its period a record may wait for a run before the report calls it overdue; counted by whole months."""


def _last_day(month: str) -> dt.date:
    return month_ends(dt.date.fromisoformat(f"{month}-01"), 1)[0]


def _drill(drill: Drill) -> dict[str, Any]:
    told = ("store", "drilled", "backup_day", "outcome", "minutes")
    return {name: getattr(drill, name) for name in told} | {"checked": list(drill.checked)}


def _record(gov: Governance, kind: str) -> None:
    made = EventDraft(
        kind="report", actor=gov.actor_ref, action=f"audit.{kind}", outcome="done", versions=gov.versions()
    )
    gov.ledger.append(made)
