"""The tables of a record of processing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audits.report import (
    Code,
    Column,
    Count,
    Fact,
    Facts,
    Listing,
    Row,
    Table,
    Tag,
    Text,
    Tone,
    Value,
    text,
)
from audits.reports.retention import period_text
from audits.reports.ropa_findings import RULES, Finding, is_asked
from audits.reports.ropa_items import law_name, listed, stated

_SHOWN = (
    "purposes",
    "basis",
    "subjects",
    "categories",
    "special",
    "datasets",
    "recipients",
    "transfers",
    "retention",
    "source",
)
"""Items that have a column of their own among the activities."""
_READ = frozenset({"purposes", "basis", "categories", "retention"})
"""Those that stay on a narrow screen."""


def activities_table(document: Mapping[str, Any], findings: Sequence[Finding]) -> Table:
    """One row an activity; what holds for the organisation stands apart."""
    columns = (
        Column("activity", text("ropa.activity"), "code"),
        *(Column(item, text(f"ropa.item_{item}"), minor=item not in _READ, spare=item not in _READ) for item in _SHOWN),
        Column("owner", text("ropa.owner"), minor=True),
        Column("review_by", text("ropa.review_by"), minor=True, spare=True),
        Column("gaps", text("ropa.gaps_head"), "number"),
    )
    return Table(
        columns, tuple(_activity(each, document, findings) for each in document["activities"]), text("ropa.activities")
    )


def _activity(activity: Mapping[str, Any], document: Mapping[str, Any], findings: Sequence[Finding]) -> Row:
    laws, due = document["laws"], activity["review_by"]
    cells = (
        Code(activity["id"]),
        *(stated(item, activity, laws, document) for item in _SHOWN),
        activity["owner"],
        dt.date.fromisoformat(due) if due else None,
        sum(each.activity == activity["id"] for each in findings),
    )
    return Row(cells)


def forms_table(document: Mapping[str, Any]) -> Table:
    """The forms that the record fills, with how sure their text is."""
    columns = (
        Column("form", text("ropa.form"), "code"),
        Column("law", text("ropa.law")),
        Column("article", text("ropa.article")),
        Column("as_of", text("ropa.text_of")),
        Column("confidence", text("ropa.confidence")),
        Column("keep", text("ropa.keep"), minor=True),
    )
    rows = (
        Row(
            (
                Code(each["form"]),
                listed(law_name(law) for law in each["laws"]),
                each["article"],
                dt.date.fromisoformat(each["as_of"]),
                text(f"ropa.confidence_{each['confidence']}"),
                period_text(each["keep"]) if each["keep"] else None,
            )
        )
        for each in document["forms"]
    )
    return Table(columns, tuple(rows), text("ropa.forms"))


def items_table(document: Mapping[str, Any], of: str, facts: Mapping[str, Any] | None = None) -> Table:
    """Every item that a form in force asks of the organisation, an activity or a client, with what is stated."""
    told = document["organisation"] if facts is None else facts
    columns = (
        Column("item", text("ropa.item")),
        Column("stated", text("ropa.stated")),
        Column("articles", text("ropa.articles"), minor=True),
    )
    rows = (
        Row((text(f"ropa.item_{item}"), _stated(item, told, asked, document), Listing(tuple(_articles(asked)))))
        for item, asked in _asked(document, of).items()
    )
    return Table(columns, tuple(rows), text("ropa.items"))


def _asked(document: Mapping[str, Any], of: str) -> dict[str, list[tuple[str, str, bool]]]:
    """Item to the law, the article and whether it must be stated, for each law that asks for it."""
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for form in document["forms"]:
        for item in form["items"]:
            if item["of"] == of:
                found.setdefault(item["item"], []).extend((law, item["article"], item["must"]) for law in form["laws"])
    return found


def _stated(
    item: str, facts: Mapping[str, Any], asked: Sequence[tuple[str, str, bool]], document: Mapping[str, Any]
) -> Value:
    laws = tuple(dict.fromkeys(law for law, _, _ in asked))
    found = stated(item, facts, laws, document)
    if found is not None:
        return found
    must = any(each for _, _, each in asked) and is_asked(item, facts)
    return Tag(text("ropa.not_stated"), Tone.WARN) if must else text("ropa.none_stated")


def _articles(asked: Sequence[tuple[str, str, bool]]) -> Iterator[Text]:
    for law, article, _ in asked:
        yield text("ropa.by_law", law=law_name(law), what=article)


def protection_facts(activity: Mapping[str, Any]) -> Facts:
    """How the personal fields of an activity are given at most, and how many are kept encrypted."""
    told = activity["protection"]
    return Facts(
        tuple(Fact(text(f"ropa.fields_{name}"), told[name]) for name in ("fields", "clear", "masked", "encrypted"))
    )


def findings_table(findings: Sequence[Finding]) -> Table:
    """Gaps of the record."""
    columns = (
        Column("what", text("report.what")),
        Column("state", text("ropa.weight"), "tag"),
        Column("place", text("report.place"), "code"),
        Column("law", text("ropa.law")),
        Column("who", text("report.who")),
        Column("by", text("report.by")),
        Column("rule", text("audit.rule"), "code", minor=True),
    )
    return Table(columns, tuple(_finding(each) for each in findings), text("ropa.findings"))


def _finding(each: Finding) -> Row:
    tone = RULES[each.rule]
    laws = (
        text("ropa.by_law", law=law_name(law), what=article) if article else law_name(law)
        for law, article in each.asked
    )
    cells = (
        _what(each),
        Tag(text(f"report.{tone}"), tone),
        Code(each.place) if each.place else None,
        listed(laws),
        each.owner or text("report.officer"),
        dt.date.fromisoformat(each.due) if each.due else text("report.now"),
        Code(f"ropa.{each.rule}"),
    )
    return Row(cells)


def _what(each: Finding) -> Text:
    """What is missing, with the technical word that completes it."""
    plain = text(f"ropa.rule_{each.rule}")
    return text("ropa.completed", what=plain, detail=Code(each.detail)) if each.detail else plain


def drift_table(findings: Sequence[Finding]) -> Table:
    """How stores, catalog and activities differ."""
    columns = (
        Column("place", text("report.place"), "code"),
        Column("what", text("ropa.difference")),
        Column("state", text("ropa.weight"), "tag"),
        Column("count", text("report.evidence"), "number"),
    )
    rows = (
        Row(
            (
                Code(each.place),
                text(f"ropa.rule_{each.rule}"),
                Tag(text(f"report.{RULES[each.rule]}"), RULES[each.rule]),
                Count(1, (each.event,) if each.event else ()),
            )
        )
        for each in findings
    )
    return Table(columns, tuple(rows), text("ropa.drift"))
