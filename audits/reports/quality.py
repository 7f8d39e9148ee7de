"""The report on data quality: is it in order, what is not, by when, who; then scores of every store, dataset, field."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
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
    Listing,
    Missing,
    NotSeen,
    Option,
    Report,
    Row,
    Section,
    Share,
    Table,
    Tag,
    Task,
    Text,
    Tone,
    Value,
    Verdict,
    text,
)
from audits.reports.quality_facts import DIMENSIONS, NO_PURPOSE, Measure, dataset_of, score_of, without_purpose

COLUMNS = (
    Column("place", text("quality.place"), "code"),
    Column("dimension", text("quality.dimension"), "tag"),
    Column("score", text("quality.score"), "share"),
    Column("change", text("quality.change")),
    Column("faulty", text("quality.faulty"), "number"),
    Column("checked", text("quality.checked"), "number", minor=True),
    Column("found", text("quality.found"), minor=True),
)
"""The columns of the table of fields, and of CSV."""


def quality_report(document: Mapping[str, Any], *, as_of: dt.datetime, zone: str = "UTC") -> Report:
    """The report on a document in the form `governance.quality/1`; see docs/json/quality.md."""
    measures: Sequence[Measure] = document["measures"]
    fields = Table(COLUMNS, tuple(_row(document, each) for each in measures), text("quality.fields"))
    datasets = _datasets(document)
    missing = tuple(_not_seen(document))
    return Report(
        kind="quality",
        title=text("quality.title"),
        verdict=_verdict(document),
        sections=(
            Section("overview", text("report.overview"), tuple(_overview(document))),
            Section("datasets", text("quality.datasets"), (datasets,), marks=(len(datasets.rows),)),
            Section("fields", text("quality.fields"), (fields,), marks=(len(measures),)),
            Section("not-seen", text("report.not_seen"), (NotSeen(missing),), marks=(len(missing),)),
        ),
        flat=fields,
        data=document,
        as_of=as_of,
        zone=zone,
        made_from=(
            (text("quality.pack"), document["pack"]),
            *((text(f"audit.{name}"), Code(document["policy"][name][:12])) for name in ("catalog", "policy")),
            (text("quality.decision"), Code(document["decision"])),
        ),
        filter=tuple(Option(each, text(f"quality.{each}")) for each in DIMENSIONS),
        filter_title=text("quality.dimension"),
    )


def _verdict(document: Mapping[str, Any]) -> Verdict:
    measures, total = document["measures"], score_of(document["measures"])
    below = [each for each in DIMENSIONS if _below(document, _of(measures, each), each)]
    looked = [each for each in DIMENSIONS if score_of(_of(measures, each)).checked]
    tasks = tuple(_tasks(document, below))
    if total.share is None:
        return Verdict(Tone.WARN, text("quality.verdict_nothing"), tasks)
    if below:
        line = text("quality.verdict_bad", count=len(below), total=len(looked), score=total.share)
        return Verdict(Tone.BAD, line, tasks)
    odd = len(without_purpose(measures)) + len(document["failed"])
    if odd:
        return Verdict(Tone.WARN, text("quality.verdict_warn", count=odd, score=total.share), tasks)
    return Verdict(Tone.GOOD, text("quality.verdict_good", score=total.share), tasks)


def _tasks(document: Mapping[str, Any], below: Sequence[str]) -> Iterator[Task]:
    """The work, dataset by dataset, the most first; first of all stores that could not be read."""
    if document["failed"]:
        what = text("quality.task_failed", count=len(document["failed"]))
        yield Task(what, text("report.now"), text("report.engineer"), "not-seen")
    due = dt.date.fromisoformat(document["due"])
    work = [
        (score_of(own).faulty, dimension, dataset)
        for dimension in below
        for dataset, own in _by_dataset(document, _of(document["measures"], dimension)).items()
        if _below(document, own, dimension)
    ]
    for count, dimension, dataset in sorted(work, key=lambda each: (-each[0], each[1:])):
        what = text(f"quality.task_{dimension}", count=count, place=Code(dataset))
        yield Task(what, due, _owner(document, dataset), "fields")
    for dataset, own in _by_dataset(document, without_purpose(document["measures"])).items():
        what = text("quality.task_no_purpose", count=len(own), place=Code(dataset))
        yield Task(what, due, text("report.officer"), "fields")


def _overview(document: Mapping[str, Any]) -> Iterator[Block]:
    measures = document["measures"]
    scores = {each: score_of(_of(measures, each)) for each in DIMENSIONS}
    evidence = (document["decision"],)
    facts = [Fact(text("quality.records"), Count(sum(document["rows"].values()), evidence))]
    for dimension, score in scores.items():
        if score.share is not None:
            low = _below(document, _of(measures, dimension), dimension)
            asked = text("quality.at_least", score=Share(document["at_least"][dimension]))
            facts.append(Fact(text(f"quality.{dimension}"), score.share, Tone.BAD if low else Tone.GOOD, asked))
    last = document["last_run"]
    if last is not None:
        facts.append(Fact(text("quality.last_run"), dt.datetime.fromisoformat(last)))
    yield Facts(tuple(facts))
    bars = tuple(
        Bar(
            text(f"quality.{each}"),
            score.faulty,
            Tone.BAD if _below(document, _of(measures, each), each) else Tone.NOTE,
        )
        for each, score in scores.items()
        if score.checked
    )
    if bars:
        yield Chart(text("quality.chart"), bars)


def _datasets(document: Mapping[str, Any]) -> Table:
    columns = (
        COLUMNS[0],
        *(Column(each, text(f"quality.{each}"), "percent", minor=n > 1) for n, each in enumerate(DIMENSIONS)),
        *(each for each in COLUMNS if each.key in ("change", "faulty")),
    )
    measures = document["measures"]
    lots = {store: [each for each in measures if each["place"].startswith(f"{store}.")] for store in document["stores"]}
    lots |= _by_dataset(document, measures)
    rows = tuple(_summed(document, place, own) for place, own in sorted(lots.items()) if score_of(own).checked)
    return Table(columns, rows, text("quality.datasets"))


def _summed(document: Mapping[str, Any], place: str, own: Sequence[Measure]) -> Row:
    total = score_of(own)
    shares = (score_of(_of(own, each)).share for each in DIMENSIONS)
    facets = tuple(each for each in DIMENSIONS if score_of(_of(own, each)).faulty)
    return Row((Code(place), *shares, total.change, Count(total.faulty, (document["decision"],))), facets=facets)


def _row(document: Mapping[str, Any], measure: Measure) -> Row:
    dimension, score = measure["dimension"], score_of([measure])
    field_fault = NO_PURPOSE in measure["rules"]
    tone = (
        Tone.BAD if field_fault or _below(document, [measure], dimension) else Tone.NOTE if score.faulty else Tone.GOOD
    )
    found = tuple(text("quality.found_rule", rule=_rule(rule), count=n) for rule, n in measure["rules"].items())
    cells: tuple[Value, ...] = (
        Code(measure["place"]),
        Tag(text(f"quality.{dimension}"), tone),
        score.share,
        score.change,
        Count(measure["faulty"], (document["decision"],)),
        None if field_fault else measure["checked"],
        Listing(found) if found else None,
    )
    return Row(cells, facets=(dimension,), quiet=not measure["faulty"])


def _rule(rule: str) -> Text:
    return text(f"quality.rule_{rule.replace('.', '_')}")


def _of(measures: Sequence[Measure], dimension: str) -> list[Measure]:
    return [each for each in measures if each["dimension"] == dimension]


def _by_dataset(document: Mapping[str, Any], measures: Sequence[Measure]) -> dict[str, list[Measure]]:
    found: dict[str, list[Measure]] = {}
    for each in measures:
        found.setdefault(dataset_of(each, document["datasets"]), []).append(each)
    return found


def _below(document: Mapping[str, Any], measures: Sequence[Measure], dimension: str) -> bool:
    value = score_of(measures).value
    return value is not None and value < document["at_least"][dimension]


def _owner(document: Mapping[str, Any], dataset: str) -> Value:
    owner: Value = document["owners"].get(dataset) or text("report.store_owner")
    return owner


def _not_seen(document: Mapping[str, Any]) -> Iterator[Missing]:
    for failed in document["failed"]:
        yield Missing(failed["place"], text("not_seen.store_failed_because", reason=failed["reason"]))
    for each in document["not_seen"]:
        reason, detail = Text(each["reason"], (), each["reason"]), each["detail"]
        told = text("quality.not_seen_detail", reason=reason, detail=detail) if detail else reason
        yield Missing(each["place"], told)
