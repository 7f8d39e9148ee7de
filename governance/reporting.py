"""Gather the evidence that a report is made from: the ledger's events, plans, and what is in force."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from audits.evidence import Evidence
from audits.report import Report
from audits.reports.access import access_report
from audits.reports.retention import retention_report
from governance.keeping import plan_retention, retention_rules
from governance.ledger.events import EventDraft
from policies.taxonomy import HARMLESS

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.ledger.events import Event
    from governance.retention.plan import RetentionPlan


def audit_access(gov: Governance) -> Report:
    """Who used what, for which purpose, under which rule, as the ledger has it now; the report itself is recorded."""
    _record(gov, "access")
    return access_report(gather(gov))


def audit_retention(gov: Governance, plans: Sequence[RetentionPlan] | None = None) -> Report:
    """What is due, done and covered by no rule; without `plans`, each rule is planned anew, which is recorded."""
    made = plan_retention(gov, look=True) if plans is None else plans
    _record(gov, "retention")
    return retention_report(gather(gov, made))


def gather(gov: Governance, plans: Sequence[RetentionPlan] = ()) -> Evidence:
    """All that a report may use, as of now."""
    events = tuple(_plain(event) for event in gov.ledger.events())
    refs = {ref for event in events for ref in (event["actor"], event["principal"]) if ref is not None}
    policy = gov.policy_files.policy
    return Evidence(
        as_of=gov.clock(),
        zone=gov.project.config.time_zone,
        events=events,
        names=gov.ledger.resolve_all(refs - {"system"}) | {"system": "system"},
        plans=tuple(_plan(gov, each) for each in plans),
        datasets_without_rule=datasets_without_rule(gov),
        pack_versions={"taxonomy": policy.taxonomy.version},
        digests={"catalog": policy.catalog.digest, "policy": policy.digest},
    )


def datasets_without_rule(gov: Governance) -> tuple[str, ...]:
    """Datasets that hold personal data by the catalog and have no retention rule, sorted."""
    ruled = {rule.dataset for rule in retention_rules(gov).values()}
    personal = {ref.of for ref, entry in gov.catalog.walk() if entry.category != HARMLESS}
    return tuple(sorted(str(each) for each in personal - ruled))


def _plain(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event.leaf())
    return found


def _plan(gov: Governance, plan: RetentionPlan) -> dict[str, Any]:
    rule = retention_rules(gov)[plan.rule.removeprefix("retention:")]
    return plan.numbers() | {"period": str(rule.period), "start_field": rule.start}


def _record(gov: Governance, kind: str) -> None:
    made = EventDraft(
        kind="report", actor=gov.actor_ref, action=f"audit.{kind}", outcome="done", versions=gov.versions()
    )
    gov.ledger.append(made)
