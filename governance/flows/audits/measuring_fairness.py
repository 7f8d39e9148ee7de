"""Measure outcomes by group in the raw stores as purpose `governance.fairness`: counts alone, recorded like any use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from audits.report import Report
from audits.reports.fairness import SCHEMA, fairness_report
from governance.flows.audits.counting_fairness import NOT_KNOWN, OTHERS, GroupCount, count_outcome
from governance.flows.audits.reporting import evidence_in_force
from governance.flows.opening.offices import store_snapshot
from governance.flows.opening.recorded_use import recorded_use
from governance.ledger.events import EventDraft
from policies.config import Medium
from policies.errors import InstallationError, StoreError
from policies.fairness_rules import FILE, Fairness, Outcome, read_fairness

if TYPE_CHECKING:
    from governance.app import Governance

PURPOSE = "governance.fairness"
"""The purpose under which stores are read."""
RULE = "audits.fairness"
"""The rule that the decision names."""


def audit_fairness(gov: Governance) -> Report:
    """The report on outcomes by group, as `policies/fairness.yaml` declares them, and on requests by tier.

    Stores are read as one recorded use; what is told of small groups never leaves it. A store that does not answer is
    in the report and does not stop it. Raises ConfigError for a wrong file, PredicateError, LedgerError.
    """
    declared = read_fairness(gov.project.policy_file(FILE), gov.catalog)
    decision, measured, not_seen = _measured(gov, declared)
    gov.ledger.append(
        EventDraft(kind="report", actor=gov.actor_ref, action="audit.fairness", outcome="done", versions=gov.versions())
    )
    document = {
        "schema": SCHEMA,
        "declared": declared.declared,
        "smallest_group": declared.smallest_group,
        "decision": decision,
        "outcomes": [_plain(each) for each in declared.outcomes],
        "requests": gov.requests.statistics()["tiers"],
        "not_seen": not_seen,
    }
    return fairness_report(evidence_in_force(gov, measures=measured), document)


def _measured(gov: Governance, declared: Fairness) -> tuple[str | None, list[dict[str, Any]], list[dict[str, str]]]:
    """Id of the decision, one record a group, and what could not be read."""
    if not declared.outcomes:
        return None, [], []
    today = gov.clock().astimezone(ZoneInfo(gov.project.config.time_zone)).date()
    measured, not_seen = list[dict[str, Any]](), list[dict[str, str]]()
    objects = dict.fromkeys(f"{each.dataset}.{name}" for each in declared.outcomes for name in each.fields)
    with recorded_use(gov, PURPOSE, objects, rules=(RULE,)) as use:
        rows = 0
        for outcome in declared.outcomes:
            try:
                total, counts = _count(gov, outcome, today)
            except (StoreError, InstallationError) as cause:
                not_seen.append({"place": str(outcome.dataset), "found": cause.found})
                continue
            rows += total
            use.counts = {"rows": rows}
            shown = list(_records(outcome, counts, declared.smallest_group, use.decision))
            measured += shown
        use.whole = not not_seen
    return use.decision, measured, not_seen


def _count(gov: Governance, outcome: Outcome, today: dt.date) -> tuple[int, list[GroupCount]]:
    store = outcome.dataset.store
    if gov.project.store(store).medium is not Medium.DATABASE:
        raise StoreError(
            store, found="files or a CRM, which are not counted", expected="a database", next_step="copy it"
        )
    with store_snapshot(gov, store) as connection:
        return count_outcome(connection, outcome, today)


def _records(outcome: Outcome, counts: list[GroupCount], smallest: int, decision: str) -> Iterator[dict[str, Any]]:
    """One record a group that has rows or was declared; without numbers where the group is too small to be shown."""
    for dimension in outcome.by:
        own = [each for each in counts if each.dimension == dimension.name]
        hidden = hidden_groups({each.group: each.cases + each.undecided for each in own}, smallest)
        for each in own:
            if each.group in (OTHERS, NOT_KNOWN) and not each.cases + each.undecided:
                continue
            numbers = {"cases": each.cases, "better": each.better, "undecided": each.undecided}
            yield {
                "id": f"{outcome.name}.{dimension.name}.{each.group}",
                "decision": decision,
                "outcome": outcome.name,
                "dimension": dimension.name,
                "group": each.group,
                "named": each.group not in (OTHERS, NOT_KNOWN),
            } | (dict.fromkeys(numbers) if each.group in hidden else numbers)


def hidden_groups(rows: Mapping[str, int], smallest: int) -> frozenset[str]:
    """The groups that must not be shown: small ones, and as many others that the rest of the whole is not small.

    An empty group is shown as empty. The whole may be known from elsewhere, so that one hidden group alone, or several
    that are small together, would be told by what is left.
    """
    small = {name for name, count in rows.items() if 0 < count < smallest}
    for name, count in sorted(rows.items(), key=lambda each: (each[1], each[0])):
        if not small or (len(small) > 1 and sum(rows[each] for each in small) >= smallest):
            break
        if count >= smallest:
            small.add(name)
    return frozenset(small)


def _plain(outcome: Outcome) -> dict[str, Any]:
    key, record = outcome.entry.subject_key, outcome.entry.record_key
    return {
        "name": outcome.name,
        "dataset": str(outcome.dataset),
        "better": outcome.better.text,
        "rows": outcome.rows.text if outcome.rows is not None else None,
        "owner": outcome.owner,
        "one_case_a_person": bool(key) and set(record) <= set(key),
        "by": [{"name": each.name, "field": each.field, "explained": each.explained} for each in outcome.by],
    }
