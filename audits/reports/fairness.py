"""The report on fairness: outcomes by group beside the best group's, and no claim beyond the intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audits.evidence import Evidence
from audits.report import (
    Block,
    Code,
    Fact,
    Facts,
    Missing,
    Notes,
    NotSeen,
    Option,
    Report,
    Row,
    Section,
    Table,
    Task,
    Text,
    Tone,
    Verdict,
    text,
)
from audits.reports.fairness_figures import DIFFERS, FEW, SAME, GroupFigures, compare
from audits.reports.fairness_tables import COLUMNS, TONES, dimension_word, group_row, group_word
from audits.reports.requests_tables import tier_table

SCHEMA = "governance.fairness/1"
"""The form of the document and of the JSON."""
MOST_TASKS = 10
"""Differences that stand among the work one by one, the largest first."""


def fairness_report(evidence: Evidence, document: Mapping[str, Any]) -> Report:
    """The report on a document in the form `governance.fairness/1`, whose numbers are the evidence's measures."""
    figures = _figures(evidence, document)
    flat = Table(COLUMNS, tuple(group_row(document, each) for each in figures), text("fairness.groups"))
    missing = tuple(_not_seen(document))
    return Report(
        kind="fairness",
        title=text("fairness.title"),
        verdict=_verdict(document, figures),
        sections=(
            Section("overview", text("report.overview"), tuple(_overview(document, figures))),
            *(_outcome(document, each, figures) for each in document["outcomes"]),
            *_requests(document),
            Section("not-seen", text("report.not_seen"), (NotSeen(missing),), marks=(len(missing),)),
        ),
        flat=flat,
        data=_data(evidence, document, figures),
        as_of=evidence.as_of,
        zone=evidence.zone,
        made_from=(
            *evidence.in_force,
            *(((text("quality.decision"), Code(document["decision"])),) if document["decision"] else ()),
        ),
        filter=tuple(Option(key, text(f"fairness.verdict_{key}"), tone) for key, tone in TONES.items()),
        filter_title=text("fairness.verdict"),
    )


def _figures(evidence: Evidence, document: Mapping[str, Any]) -> list[GroupFigures]:
    found: list[GroupFigures] = []
    for outcome in document["outcomes"]:
        for dimension in outcome["by"]:
            own = [
                each
                for each in evidence.measures
                if (each["outcome"], each["dimension"]) == (outcome["name"], dimension["name"])
            ]
            found += compare(own, document["smallest_group"])
    return found


def _explained(document: Mapping[str, Any], figures: GroupFigures) -> str | None:
    record = figures.record
    outcome = next(each for each in document["outcomes"] if each["name"] == record["outcome"])
    said: str | None = next(each["explained"] for each in outcome["by"] if each["name"] == record["dimension"])
    return said


def _open(document: Mapping[str, Any], figures: Sequence[GroupFigures]) -> list[GroupFigures]:
    """Differences that nobody explains, the largest first."""
    found = [each for each in figures if each.verdict == DIFFERS and _explained(document, each) is None]
    return sorted(found, key=lambda each: (each.ratio or 0.0, each.record["id"]))


def _verdict(document: Mapping[str, Any], figures: Sequence[GroupFigures]) -> Verdict:
    if not document["declared"]:
        task = Task(text("fairness.task_declare"), text("report.next_review"), text("report.officer"))
        return Verdict(Tone.WARN, text("fairness.undeclared"), (task, *_tier_tasks(document)))
    differ, tiers = _open(document, figures), tuple(_tier_tasks(document))
    tasks = (*_tasks(document, differ), *tiers)
    compared = sum(each.verdict in (DIFFERS, SAME) for each in figures)
    if differ or tiers:
        line = text("fairness.line_differs", count=len(differ), compared=compared, tiers=len(tiers))
        return Verdict(Tone.BAD, line, tasks)
    if not document["outcomes"]:
        return Verdict(Tone.GOOD, text("fairness.none"))
    if document["not_seen"]:
        return Verdict(Tone.WARN, text("fairness.line_unread", count=len(document["not_seen"])))
    if not compared:
        return Verdict(Tone.WARN, text("fairness.too_few"))
    return Verdict(Tone.GOOD, text("fairness.line_good", compared=compared))


def _tasks(document: Mapping[str, Any], differ: Sequence[GroupFigures]) -> Iterator[Task]:
    for each in differ[:MOST_TASKS]:
        record = each.record
        outcome = next(one for one in document["outcomes"] if one["name"] == record["outcome"])
        what = text(
            "fairness.task_differs",
            outcome=record["outcome"],
            dimension=dimension_word(record["dimension"]),
            group=group_word(record),
            ratio=f"{each.ratio:.2f}",
            low=f"{each.ratio_low:.2f}",
            high=f"{each.ratio_high:.2f}",
        )
        yield Task(what, text("report.next_review"), outcome["owner"] or text("report.officer"), _id(record["outcome"]))
    if len(differ) > MOST_TASKS:
        more = text("fairness.task_more", count=len(differ) - MOST_TASKS)
        yield Task(more, text("report.next_review"), text("report.officer"))


def _tier_tasks(document: Mapping[str, Any]) -> Iterator[Task]:
    for each in document["requests"]:
        if each["unequal"] and each["difference"] < 0:
            what = text("fairness.task_tier", tier=Code(each["tier"]))
            yield Task(what, text("report.next_review"), text("report.officer"), "requests")


def _overview(document: Mapping[str, Any], figures: Sequence[GroupFigures]) -> Iterator[Block]:
    count = Counter(each.verdict for each in figures)
    still = len(_open(document, figures))
    yield Facts(
        (
            Fact(text("fairness.open"), still, Tone.BAD if still else Tone.GOOD),
            Fact(
                text("fairness.explained"), count[DIFFERS] - still, Tone.NOTE if count[DIFFERS] - still else Tone.PLAIN
            ),
            Fact(text("fairness.same"), count[SAME]),
            Fact(text("fairness.few"), count[FEW], note=text("fairness.few_note", count=document["smallest_group"])),
            Fact(text("fairness.outcomes"), len(document["outcomes"])),
        )
    )
    yield Notes((text("fairness.method"), text("fairness.no_cause")))


def _outcome(document: Mapping[str, Any], outcome: Mapping[str, Any], figures: Sequence[GroupFigures]) -> Section:
    own = [each for each in figures if each.record["outcome"] == outcome["name"]]
    columns = COLUMNS[1:]
    rows = tuple(Row(row.cells[1:], row.details, row.facets) for row in (group_row(document, each) for each in own))
    said: list[Text] = [text("fairness.better", better=Code(outcome["better"]), dataset=Code(outcome["dataset"]))]
    if outcome["rows"] is not None:
        said.append(text("fairness.rows", rows=Code(outcome["rows"])))
    said += [
        text("fairness.reason", dimension=dimension_word(each["name"]), reason=each["explained"])
        for each in outcome["by"]
        if each["explained"]
    ]
    table = Table(columns, rows, text("fairness.groups"))
    return Section(_id(outcome["name"]), outcome["name"], (Notes(tuple(said)), table), marks=(len(rows),))


def _id(outcome: str) -> str:
    return f"outcome-{outcome}"


def _requests(document: Mapping[str, Any]) -> Iterator[Section]:
    """Whether requests of one tier are answered in time as those of the others are; nothing where no tier is known."""
    if document["requests"]:
        table = tier_table(document["requests"])
        blocks = (Notes((text("requests.tiers_note"),)), table)
        yield Section("requests", text("fairness.requests"), blocks, marks=(len(table.rows),))


def _not_seen(document: Mapping[str, Any]) -> Iterator[Missing]:
    for each in document["not_seen"]:
        yield Missing(each["place"], each["found"])
    for each in document["outcomes"]:
        if not each["one_case_a_person"]:
            yield Missing(each["dataset"], text("fairness.many_cases"))
    yield Missing("", text("fairness.only_declared"))
    if not document["requests"]:
        yield Missing("tier", text("fairness.no_requests"))


def _data(evidence: Evidence, document: Mapping[str, Any], figures: Sequence[GroupFigures]) -> dict[str, Any]:
    names = ("share", "low", "high", "ratio", "ratio_low", "ratio_high", "verdict")
    groups = [dict(each.record) | {name: getattr(each, name) for name in names} for each in figures]
    return dict(document) | {"as_of": evidence.as_of.isoformat(), "groups": groups}
