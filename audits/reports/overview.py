"""The overview of an audit: the state of each control, what changed since the last audit, and what is to be done."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from audits.report import (
    Bar,
    Chart,
    Code,
    Column,
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
    Text,
    Tone,
    Value,
    Verdict,
    text,
)
from policies.controls import Control, Controls

SCHEMA = "governance.overview/1"
"""The form of the JSON."""
STATES: Mapping[str, Tone] = MappingProxyType(
    {"fail": Tone.BAD, "unknown": Tone.WARN, "pass": Tone.GOOD, "not_applicable": Tone.PLAIN}
)
"""What a control can be, most urgent first."""
MOST_TASKS = 7
"""Tasks that stand in the short answer, the most urgent; all are among the findings."""
_LAWS = ("gdpr", "ccpa", "pipl", "tw-pdpa")
_SAME_AS = {"uk-gdpr": "gdpr"}

COLUMNS = (
    Column("control", text("controls.control")),
    Column("state", text("controls.state"), "tag"),
    Column("before", text("controls.before"), "tag", minor=True),
    Column("report", text("controls.decided_by"), "code"),
    Column("laws", text("controls.laws"), minor=True),
)
"""The columns of the table of controls."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What an overview is made from."""

    reports: tuple[tuple[str, Report], ...]
    """Reports by name."""
    not_made: tuple[Mapping[str, str], ...]
    """`report`, `place` and `found` of those that could not be made."""
    laws: tuple[str, ...]
    """The laws in force."""
    controls: Controls
    """The controls of the pack."""
    event: str
    """Id of the ledger event that asked for the audit."""
    previous: Mapping[str, Any] | None = None
    """The JSON of the last overview."""


@dataclass(frozen=True, slots=True)
class _Decided:
    """One control and its state."""

    id: str
    control: Control
    state: str
    reports: tuple[str, ...]
    findings: tuple[str, ...]
    before: str | None


def overview_report(audited: Audited, *, as_of: dt.datetime, zone: str = "UTC") -> Report:
    """The report over all reports. A control passes only when its report was made and saw enough."""
    decided = [_decide(audited, name, control) for name, control in audited.controls.by_id.items()]
    decided.sort(key=lambda each: list(STATES).index(each.state))
    flat = Table(COLUMNS, tuple(_row(each) for each in decided), text("controls.table"))
    return Report(
        kind="overview",
        title=text("controls.title"),
        verdict=_verdict(audited, decided),
        sections=(
            Section("overview", text("report.overview"), _summary(audited, decided)),
            Section("controls", text("controls.table"), (flat,), marks=(len(decided),)),
            Section("findings", text("controls.findings"), (_findings(audited),)),
            Section("reports", text("controls.reports"), (_reports(audited),)),
            Section("not-seen", text("report.not_seen"), (NotSeen(_not_seen(audited)),)),
        ),
        flat=flat,
        data=_data(audited, decided, as_of),
        as_of=as_of,
        zone=zone,
        made_from=(
            (text("audit.pack", name="controls"), audited.controls.version),
            (text("controls.event"), Code(audited.event)),
        ),
        filter=tuple(Option(state, text(f"controls.{state}"), tone) for state, tone in STATES.items()),
        filter_title=text("controls.state"),
    )


def _decide(audited: Audited, name: str, control: Control) -> _Decided:
    made = [(title, each) for title, each in audited.reports if each.kind == control.report]
    lines = [each.verdict.line.key for _, each in made]
    keys = {*lines, *(task.what.key for _, each in made for task in each.verdict.tasks)}
    failed = tuple(key for key in control.fails_on if key in keys)
    missed = tuple(key for key in control.unknown_on if key in keys)
    in_force = {_SAME_AS.get(law, law) for law in audited.laws}
    lost = any(each["report"].partition("-")[0] == control.report for each in audited.not_made)
    if not in_force & control.asked_by.keys():
        state = "not_applicable"
    elif failed:
        state = "fail"
    elif made and not lost and all(key in control.absent_on for key in lines):
        state = "not_applicable"
    elif not control.decided or not made or lost or missed or any(_blind(each) for _, each in made):
        state = "unknown"
    else:
        state = "pass"
    before = (audited.previous or {}).get("controls", {}).get(name, {}).get("state")
    known = before if before in STATES else None
    return _Decided(name, control, state, tuple(title for title, _ in made), (*failed, *missed), known)


def _blind(report: Report) -> bool:
    """Whether a report says that a store or dataset could not be read."""
    return any(isinstance(each, Mapping) and each.get("found") for each in report.data.get("not_seen", ()))


def _state(state: str | None) -> Value:
    return Tag(text(f"controls.{state}"), STATES[state]) if state else None


def _row(each: _Decided) -> Row:
    laws = [
        text(
            "controls.law_article",
            law=text(f"controls.law_{law.replace('-', '_')}"),
            article=each.control.asked_by[law],
        )
        for law in _LAWS
        if law in each.control.asked_by
    ]
    details = (
        Facts(
            (
                Fact(text("controls.iso"), text(f"controls.iso_{each.id}")),
                Fact(text("controls.person"), text(f"controls.person_{each.id}")),
                Fact(text("controls.evidence"), _codes((*each.reports, *each.findings))),
            )
        ),
    )
    cells = (
        text(f"controls.title_{each.id}"),
        _state(each.state),
        _state(each.before),
        _codes(each.reports),
        Listing(tuple(laws)),
    )
    return Row(cells, details, (each.state,))


def _codes(names: Sequence[str]) -> Value:
    return Listing(tuple(Code(each) for each in names)) if names else None


def _verdict(audited: Audited, decided: Sequence[_Decided]) -> Verdict:
    count = Counter(each.state for each in decided)
    concerned = sum(count.values()) - count["not_applicable"]
    fails = {key for each in decided if each.state == "fail" for key in each.findings}
    tasks = [task for _, report in audited.reports for task in report.verdict.tasks if task.what.key in fails]
    tasks.sort(key=lambda each: each.by != text("report.now"))
    own = tuple(Task(each.what, each.by, each.who, "findings") for each in tasks[:MOST_TASKS])
    if count["fail"]:
        return Verdict(Tone.BAD, text("controls.verdict_fail", count=count["fail"], total=concerned), own)
    if count["unknown"]:
        return Verdict(Tone.WARN, text("controls.verdict_unknown", count=count["unknown"], total=concerned))
    return Verdict(Tone.GOOD, text("controls.verdict_pass", total=concerned))


def _summary(audited: Audited, decided: Sequence[_Decided]) -> tuple[Facts | Chart | Notes, ...]:
    count = Counter(each.state for each in decided)
    facts = Facts(tuple(Fact(text(f"controls.{state}"), count[state], tone) for state, tone in STATES.items()))
    bars = tuple(Bar(text(f"controls.{state}"), count[state], tone) for state, tone in STATES.items())
    better = sum(_rank(each.before) < _rank(each.state) for each in decided if each.before)
    worse = sum(_rank(each.before) > _rank(each.state) for each in decided if each.before)
    trend: Text = text("controls.no_previous")
    if audited.previous is not None:
        trend = text(
            "controls.trend", since=dt.datetime.fromisoformat(audited.previous["as_of"]), better=better, worse=worse
        )
    return facts, Chart(text("controls.table"), bars, "stack"), Notes((trend, text("controls.no_proof")))


def _rank(state: str | None) -> int:
    """How good a state is; what does not apply is as good as what passes."""
    return {"fail": 0, "unknown": 1}.get(state or "", 2)


def _findings(audited: Audited) -> Table:
    columns = (
        Column("what", text("report.what")),
        Column("report", text("controls.decided_by"), "code"),
        Column("by", text("report.by")),
        Column("who", text("report.who")),
    )
    rows = (
        Row((task.what, Code(name), task.by, task.who))
        for name, report in audited.reports
        for task in report.verdict.tasks
    )
    return Table(columns, tuple(rows), text("controls.findings"))


def _reports(audited: Audited) -> Table:
    columns = (
        Column("report", text("controls.report"), "code"),
        Column("state", text("controls.state"), "tag"),
        Column("line", text("controls.says")),
    )
    made = [
        Row((Code(name), Tag(text(f"report.{each.verdict.tone}"), each.verdict.tone), each.verdict.line))
        for name, each in audited.reports
    ]
    lost = [
        Row((Code(each["report"]), Tag(text("controls.unknown"), Tone.WARN), text("controls.not_made")))
        for each in audited.not_made
    ]
    return Table(columns, (*made, *lost), text("controls.reports"))


def _not_seen(audited: Audited) -> tuple[Missing, ...]:
    lost = (Missing(each["report"], f"{each['place']}: {each['found']}") for each in audited.not_made)
    return (*lost, Missing("", text("controls.own_limits")), Missing("", text("controls.undecided")))


def _data(audited: Audited, decided: Sequence[_Decided], as_of: dt.datetime) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "as_of": as_of.isoformat(),
        "event": audited.event,
        "laws": sorted(audited.laws),
        "pack": audited.controls.version,
        "controls": {
            each.id: {
                "state": each.state,
                "before": each.before,
                "report": each.control.report,
                "reports": list(each.reports),
                "findings": list(each.findings),
                "asked_by": dict(each.control.asked_by),
            }
            for each in decided
        },
        "reports": {name: str(each.verdict.tone) for name, each in audited.reports},
        "not_made": [dict(each) for each in audited.not_made],
        "findings": [
            {"report": name, "finding": task.what.key} for name, each in audited.reports for task in each.verdict.tasks
        ],
    }
