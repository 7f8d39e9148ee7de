"""The first page of a scan's report: the verdict, the counts, the charts and what to look at first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from audits.report import (
    Bar,
    Block,
    Chart,
    Code,
    Column,
    Count,
    Fact,
    Facts,
    Notes,
    Row,
    Section,
    Share,
    Table,
    Task,
    Tone,
    Verdict,
    text,
)
from audits.reports.scan_details import field_details
from audits.reports.scan_facts import (
    SENSITIVITIES,
    FieldFacts,
    best_finding,
    category_text,
    entity_text,
    laws_listing,
    prevalence,
    sensitivity_tag,
    status_tag,
)
from audits.reports.scan_reasons import reason_of
from audits.reports.scan_tables import facets, what_it_holds

MOST_CATEGORIES = 10
"""Bars in the chart of categories."""

MOST_DATASETS = 6
"""Bars in the chart of datasets."""

MOST_URGENT = 25
"""Rows in the table of what to look at first; the others stand with their dataset."""


def verdict(scan: Mapping[str, Any], fields: Sequence[FieldFacts], drift: Sequence[Mapping[str, Any]]) -> Verdict:
    """Is it in order, what is not, by when, who."""
    failed = _failed(scan)
    tasks = [_task("task_failed", "now", "store_owner", "not-seen", place=Code(place)) for place in failed]
    special = sum(each.unreviewed and each.sensitivity == "special" for each in fields)
    rare = sum(len(each.rare) for each in fields)
    unreviewed = sum(each.unreviewed for each in fields)
    if special:
        tasks.append(_task("task_special", "now", "officer", "highest", count=special))
    if rare:
        tasks.append(_task("task_rare", "now", "officer", "highest", count=rare))
    if listed := sum(each.get("status") != "confirmed" for each in scan.get("summary", {}).get("special_datasets", ())):
        tasks.append(_task("task_special_datasets", "now", "officer", "special-datasets", count=listed))
    if drift:
        tasks.append(_task("task_drift", "next_review", "engineer", "drift", count=len(drift)))
    if unreviewed > special:
        tasks.append(_task("task_review", "next_review", "officer", "overview", count=unreviewed - special))
    return _line(scan, fields, failed, special, unreviewed, tuple(tasks))


def _line(
    scan: Mapping[str, Any],
    fields: Sequence[FieldFacts],
    failed: Sequence[str],
    special: int,
    unreviewed: int,
    tasks: tuple[Task, ...],
) -> Verdict:
    labelled = sum(each.personal for each in fields)
    counts = {"fields": len(fields), "labelled": labelled}
    if failed:
        line = text("scan.verdict_failed", failed=len(failed), stores=max(len(failed), len(scan["stores"])))
        return Verdict(Tone.BAD, line, tasks)
    if not fields:
        return Verdict(Tone.WARN, text("scan.verdict_nothing"), tasks)
    if special:
        return Verdict(Tone.BAD, text("scan.verdict_special", special=special, **counts), tasks)
    if unreviewed:
        return Verdict(Tone.WARN, text("scan.verdict_unreviewed", unreviewed=unreviewed, **counts), tasks)
    clean = text("scan.verdict_reviewed", **counts) if labelled else text("scan.verdict_clean", fields=len(fields))
    return Verdict(Tone.WARN if tasks else Tone.GOOD, clean, tasks)


def _task(key: str, by: str, who: str, section: str, **values: Code | int) -> Task:
    return Task(text(f"scan.{key}", **values), text(f"report.{by}"), text(f"report.{who}"), section)


def _failed(scan: Mapping[str, Any]) -> list[str]:
    return [str(each["place"]) for each in scan.get("summary", {}).get("failed_stores", ())]


def overview_section(scan: Mapping[str, Any], fields: Sequence[FieldFacts]) -> Section:
    """Counts and charts."""
    blocks: list[Block] = [_counts(scan, fields)]
    if any(each.label for each in fields):
        blocks += [_by_sensitivity(fields), _by_dataset(fields), _by_category(fields)]
    return Section("overview", text("report.overview"), tuple(blocks))


def _counts(scan: Mapping[str, Any], fields: Sequence[FieldFacts]) -> Facts:
    datasets = [dataset for store in scan["stores"] for dataset in store["datasets"]]
    personal = sum(each.personal for each in fields)
    special = sum(each.sensitivity == "special" and each.personal for each in fields)
    rare = sum(len(each.rare) for each in fields)
    unreviewed = sum(each.unreviewed for each in fields)
    failed = _failed(scan)
    summary = scan.get("summary", {})
    laws = summary.get("laws", ())
    asked = summary.get("sample_rows")
    share = text("scan.note_share", share=Share(personal / len(fields))) if fields else None
    return Facts(
        (
            Fact(
                text("scan.stores"),
                len(scan["stores"]),
                Tone.BAD if failed else Tone.PLAIN,
                text("scan.note_failed", count=len(failed)) if failed else None,
            ),
            Fact(text("scan.datasets"), len(datasets)),
            Fact(text("scan.fields"), len(fields)),
            Fact(
                text("scan.rows_read"),
                sum(each["rows_read"] for each in datasets),
                note=text("scan.note_sample", count=Count(asked)) if asked else text("scan.note_full"),
            ),
            Fact(text("scan.personal"), personal, Tone.NOTE if personal else Tone.GOOD, share),
            Fact(
                text("scan.special_fields"),
                special,
                Tone.SPECIAL if special else Tone.GOOD,
                text("scan.note_laws", laws=laws_listing(laws)) if laws else None,
            ),
            Fact(text("scan.rare_values"), rare, Tone.WARN if rare else Tone.GOOD),
            Fact(text("scan.unreviewed"), unreviewed, Tone.WARN if unreviewed else Tone.GOOD),
        )
    )


def _by_sensitivity(fields: Sequence[FieldFacts]) -> Chart:
    counts = Counter(each.sensitivity for each in fields)
    bars = [Bar(text(f"report.{key}"), counts[key], Tone(key)) for key in SENSITIVITIES if counts[key]]
    bars.append(Bar(text("report.unlabelled"), counts["unlabelled"], Tone.PLAIN))
    return Chart(text("scan.by_sensitivity"), tuple(bars), "stack")


def _by_dataset(fields: Sequence[FieldFacts]) -> Chart:
    counts = Counter(f"{each.store}.{each.dataset['dataset']}" for each in fields if each.personal)
    ranked = sorted(counts, key=lambda place: (-counts[place], place))[:MOST_DATASETS]
    return Chart(text("scan.by_dataset"), tuple(Bar(Code(place), counts[place]) for place in ranked))


def _by_category(fields: Sequence[FieldFacts]) -> Chart:
    worst: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for each in fields:
        if each.label is not None and each.personal:
            counts[each.label["category"]] += 1
            worst[each.label["category"]] = each.sensitivity
    ranked = sorted(counts, key=lambda key: (-counts[key], key))[:MOST_CATEGORIES]
    bars = tuple(Bar(category_text(key), counts[key], Tone(worst[key])) for key in ranked)
    return Chart(text("scan.by_category"), bars)


HIGHEST_COLUMNS = (
    Column("place", text("scan.field"), "code"),
    Column("label", text("scan.label")),
    Column("sensitivity", text("scan.sensitivity"), "tag"),
    Column("confidence", text("scan.confidence"), "share", minor=True),
    Column("prevalence", text("scan.prevalence"), "share", minor=True),
    Column("status", text("scan.status"), "tag", minor=True),
)
"""The columns of the table of what to look at first."""


def highest_section(fields: Sequence[FieldFacts]) -> Section | None:
    """Special and restricted fields and rare finds, worst first; None when there are none."""
    look = [each for each in fields if each.sensitivity in SENSITIVITIES[:2] or each.special_inside]
    worst = sorted(look, key=lambda each: (not each.special_inside and each.sensitivity != "special", each.order))
    rows = [_rare_row(each, finding) for each in fields for finding in each.rare]
    rows += [_highest_row(each) for each in worst]
    if not rows:
        return None
    table = Table(HIGHEST_COLUMNS, tuple(rows[:MOST_URGENT]), text("scan.highest_table"))
    return Section("highest", text("scan.highest"), (table,), marks=(len(rows),))


def _highest_row(field: FieldFacts) -> Row:
    label = field.label or {}
    finding = next(iter(field.special_inside), best_finding(field))
    return Row(
        (
            Code(field.place),
            what_it_holds(field),
            sensitivity_tag(field.sensitivity) if field.label else None,
            Share(label["confidence"]) if label else None,
            prevalence(finding) if finding else None,
            status_tag(label["status"]) if label else None,
        ),
        field_details(field, first=finding["entity"] if finding else ""),
        facets(field),
    )


def _rare_row(field: FieldFacts, finding: Mapping[str, Any]) -> Row:
    return Row(
        (
            Code(field.place),
            text("scan.rare_find", entity=entity_text(finding["entity"])),
            sensitivity_tag(field.sensitivity) if field.label else None,
            Share(finding["confidence"]),
            prevalence(finding),
            status_tag("proposed"),
        ),
        field_details(field, first=finding["entity"]),
        facets(field),
    )


def special_section(scan: Mapping[str, Any]) -> Section | None:
    """Datasets that are special as a whole, such as a list of patients; None when there are none."""
    found = scan.get("summary", {}).get("special_datasets", ())
    if not found:
        return None
    columns = (
        Column("dataset", text("scan.dataset"), "code"),
        Column("category", text("scan.category")),
        Column("reason", text("scan.reason")),
    )
    rows = tuple(
        Row((Code(each["place"]), category_text(each["category"]), reason_of(each["reason"]))) for each in found
    )
    blocks = (Notes((text("scan.being_in_it"),)), Table(columns, rows, text("scan.special_datasets")))
    return Section("special-datasets", text("scan.special_datasets"), blocks, marks=(len(rows),))
