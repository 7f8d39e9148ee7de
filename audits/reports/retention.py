"""The report on retention: what is due, what was done, what is overdue, what is on hold, and what has no rule."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from audits.evidence import Evidence
from audits.report import (
    Bar,
    Block,
    Chart,
    Code,
    Column,
    Count,
    Fact,
    Facts,
    Listing,
    Missing,
    Notes,
    NotSeen,
    Option,
    Report,
    Row,
    Section,
    Table,
    Tag,
    Task,
    Tone,
    Value,
    Verdict,
    text,
)
from audits.reports.access_form import counted
from audits.reports.retention_outlook import due_charts, idle_rules, outlook
from audits.reports.retention_runs import Run, rows_done, runs_of

SCHEMA = "governance.audit.retention/1"
"""The name of the machine form; a change that breaks readers gives it another number."""


def retention_report(evidence: Evidence) -> Report:
    """The report on plans and on what the ledger says of their runs."""
    runs = runs_of(evidence.events)
    plans = sorted(evidence.plans, key=lambda each: (each["dataset"], each["rule"]))
    sections = [
        Section("overview", text("report.overview"), _overview(evidence, plans, runs)),
        Section("plans", text("audit.plans"), (_plan_table(evidence, plans),), marks=(len(plans),)),
        Section("runs", text("audit.runs"), (_run_table(runs),), marks=(len(runs),)),
        *_without_rule(evidence),
        *outlook(evidence, plans),
        Section("not-seen", text("report.not_seen"), (NotSeen(_not_seen(evidence)),)),
    ]
    return Report(
        kind="retention",
        title=text("audit.retention_title"),
        verdict=_verdict(evidence, plans, runs),
        sections=tuple(sections),
        flat=_plan_table(evidence, plans),
        data=_data(evidence, plans, runs),
        as_of=evidence.as_of,
        zone=evidence.zone,
        made_from=evidence.made_from,
        filter=(
            Option("overdue", text("audit.overdue"), Tone.BAD),
            Option("due", text("audit.due"), Tone.WARN),
            Option("held", text("audit.held"), Tone.NOTE),
        ),
        filter_title=text("audit.state"),
    )


def overdue(evidence: Evidence, plan: Mapping[str, Any]) -> Count:
    """Rows of a plan that are kept too long: those it counts so, and all that is due once its last day is over."""
    today = evidence.as_of.astimezone(ZoneInfo(evidence.zone)).date()
    last = plan.get("due_by")
    late = last is not None and dt.date.fromisoformat(last) < today
    return Count(max(plan.get("overdue", 0), plan["due"] if late else 0), (plan["id"],))


UNITS = {"Y": "audit.years", "M": "audit.months", "W": "audit.weeks", "D": "audit.days"}
"""The units of an ISO 8601 duration, as texts."""


def period_text(period: str) -> Value:
    """An ISO 8601 duration of days or more in words; anything else as it stands."""
    if not re.fullmatch(r"P(\d+[YMWD])+", period):
        return period
    return Listing(tuple(text(UNITS[unit], count=int(number)) for number, unit in re.findall(r"(\d+)([YMWD])", period)))


def _sum(plans: Sequence[Mapping[str, Any]], key: str) -> Count:
    found = [each for each in plans if each.get(key)]
    return Count(sum(each[key] for each in found), tuple(each["id"] for each in found))


def _overdue_sum(evidence: Evidence, plans: Sequence[Mapping[str, Any]]) -> Count:
    counts = [overdue(evidence, each) for each in plans]
    late = [each for each in counts if each.value]
    return Count(sum(each.value for each in late), tuple(each.evidence[0] for each in late))


def _verdict(evidence: Evidence, plans: Sequence[Mapping[str, Any]], runs: Sequence[Run]) -> Verdict:
    late, due = _overdue_sum(evidence, plans), _sum(plans, "due")
    missing = len(evidence.datasets_without_rule)
    tasks = _tasks(evidence, plans, runs)
    if late.value:
        return Verdict(Tone.BAD, text("audit.retention_overdue", overdue=late), tasks)
    if missing:
        return Verdict(Tone.BAD, text("audit.retention_no_rule", count=missing), tasks)
    if not plans:
        return Verdict(Tone.WARN, text("not_seen.no_plan"), tasks)
    if due.value:
        return Verdict(Tone.WARN, text("audit.retention_due", due=due), tasks)
    tone = Tone.WARN if tasks else Tone.GOOD
    return Verdict(tone, text("audit.retention_good", done=rows_done(runs)), tasks)


def _tasks(evidence: Evidence, plans: Sequence[Mapping[str, Any]], runs: Sequence[Run]) -> tuple[Task, ...]:
    officer, now = text("report.officer"), text("report.now")
    late, coming = [], []
    for plan in plans:
        dataset, count = Code(plan["dataset"]), overdue(evidence, plan)
        owner: Value = plan.get("owner") or text("report.store_owner")
        if count.value:
            what = text("audit.task_overdue", count=count.value, dataset=dataset)
            late.append(Task(what, now, owner, "plans"))
        elif plan["due"]:
            last = plan.get("due_by")
            by = dt.date.fromisoformat(last) if last else now
            what = text("audit.task_due", count=plan["due"], dataset=dataset)
            coming.append(Task(what, by, owner, "plans"))
    if evidence.datasets_without_rule:
        what = text("audit.task_no_rule", count=len(evidence.datasets_without_rule))
        late.append(Task(what, now, officer, "without-rule"))
    if broken := sum(not each.done for each in runs):
        late.append(Task(text("audit.task_run_failed", count=broken), now, text("report.engineer"), "runs"))
    if evidence.fields_without_rule:
        what = text("retention.task_open_fields", count=len(evidence.fields_without_rule))
        coming.append(Task(what, now, officer, "open-fields"))
    if idle := idle_rules(evidence, plans):
        coming.append(Task(text("retention.task_idle", count=len(idle)), now, officer, "idle"))
    return (*late, *coming)


def _overview(evidence: Evidence, plans: Sequence[Mapping[str, Any]], runs: Sequence[Run]) -> tuple[Block, ...]:
    late, missing = _overdue_sum(evidence, plans), len(evidence.datasets_without_rule)
    facts = Facts(
        (
            Fact(text("audit.overdue"), late, Tone.BAD if late.value else Tone.GOOD),
            Fact(text("audit.due"), _sum(plans, "due")),
            Fact(text("audit.erased"), rows_done(runs)),
            Fact(text("audit.no_rule"), missing, Tone.BAD if missing else Tone.GOOD),
        )
    )
    done: Counter[dt.date] = Counter()
    for run in runs:
        for event in run.batches or ((run.ending,) if run.ending else ()):
            done[evidence.day(event)] += int(event["counts"].get("rows", 0))
    charts = due_charts(plans)
    if not done:
        return (facts, *charts)
    days = [dt.date.fromordinal(number) for number in range(min(done).toordinal(), max(done).toordinal() + 1)]
    return (
        facts,
        *charts,
        Chart(text("audit.done_chart"), tuple(Bar(day, done[day], Tone.GOOD) for day in days), "days"),
    )


PLAN_COLUMNS = (
    Column("dataset", text("audit.dataset"), "code"),
    Column("rule", text("audit.rule"), "code", minor=True),
    Column("period", text("audit.period")),
    Column("start_field", text("audit.start_field"), "code", minor=True),
    Column("action", text("retention.action"), minor=True),
    Column("due", text("audit.due"), "number"),
    Column("overdue", text("audit.overdue"), "number"),
    Column("held", text("audit.held"), "number", minor=True),
    Column("due_by", text("audit.due_by"), "time"),
    Column("state", text("audit.state"), "tag"),
)
"""The columns of the table of plans."""


def _plan_table(evidence: Evidence, plans: Sequence[Mapping[str, Any]]) -> Table:
    return Table(PLAN_COLUMNS, tuple(_plan_row(evidence, each) for each in plans), text("audit.plans"))


def _plan_row(evidence: Evidence, plan: Mapping[str, Any]) -> Row:
    late, own = overdue(evidence, plan), (plan["id"],)
    state, facets = Tag(text("report.good"), Tone.GOOD), []
    if plan["due"]:
        state, facets = Tag(text("audit.due"), Tone.WARN), ["due"]
    if late.value:
        state, facets = Tag(text("audit.overdue"), Tone.BAD), ["overdue"]
    if plan.get("held"):
        facets.append("held")
    last = plan.get("due_by")
    cells: tuple[Value, ...] = (
        Code(plan["dataset"]),
        Code(plan["rule"]),
        period_text(str(plan["period"])),
        Code(plan["start_field"]),
        text(f"retention.action_{plan.get('action', 'delete')}"),
        Count(plan["due"], own),
        late,
        Count(plan.get("held", 0), own),
        dt.date.fromisoformat(last) if last else None,
        state,
    )
    return Row(cells, facets=tuple(facets))


def _run_table(runs: Sequence[Run]) -> Table:
    columns = (
        Column("dataset", text("audit.dataset"), "code"),
        Column("erased", text("audit.erased"), "number"),
        Column("last", text("audit.last"), "time"),
        Column("outcome", text("audit.outcome"), "tag"),
        Column("events", text("audit.events"), "number"),
    )
    return Table(columns, tuple(_run_row(each) for each in runs), text("audit.runs"))


def _run_row(run: Run) -> Row:
    outcome = Tag(text("audit.done"), Tone.GOOD) if run.done else Tag(text("audit.outcome_unknown"), Tone.BAD)
    if run.ending is not None and not run.done:
        outcome = Tag(text("audit.outcome_failed"), Tone.BAD)
    return Row((Code(run.dataset), run.rows, run.last, outcome, Count(len(run.evidence), run.evidence)))


def _without_rule(evidence: Evidence) -> list[Section]:
    if not evidence.datasets_without_rule:
        return []
    rows = tuple(Row((Code(each),)) for each in evidence.datasets_without_rule)
    table = Table((Column("dataset", text("audit.dataset"), "code"),), rows, text("audit.without_rule"))
    blocks = (Notes((text("audit.without_rule_note"),), Tone.BAD), table)
    return [Section("without-rule", text("audit.without_rule"), blocks, marks=(len(rows),))]


def _not_seen(evidence: Evidence) -> tuple[Missing, ...]:
    own = [Missing("", text("not_seen.store_now"))]
    if not evidence.plans:
        own.append(Missing("", text("not_seen.no_plan")))
    return (*evidence.could_not_see, *own)


def _data(evidence: Evidence, plans: Sequence[Mapping[str, Any]], runs: Sequence[Run]) -> Mapping[str, Any]:
    return {
        "schema": SCHEMA,
        "as_of": evidence.as_of.isoformat(),
        "zone": evidence.zone,
        "totals": {
            "due": counted(_sum(plans, "due")),
            "overdue": counted(_overdue_sum(evidence, plans)),
            "held": counted(_sum(plans, "held")),
            "done": counted(rows_done(runs)),
        },
        "plans": [dict(each) | {"overdue": overdue(evidence, each).value} for each in plans],
        "runs": [
            {
                "plan": each.plan,
                "dataset": each.dataset,
                "rows": counted(each.rows),
                "done": each.done,
                "events": list(each.evidence),
            }
            for each in runs
        ],
        "datasets_without_rule": list(evidence.datasets_without_rule),
        "fields_without_rule": list(evidence.fields_without_rule),
        "rules_without_match": list(idle_rules(evidence, plans)),
        "holds": [dict(each) for each in evidence.holds],
        "drills": [dict(each) for each in evidence.drills],
        "not_seen": [each.place for each in evidence.could_not_see],
    }
