"""The report on CRMs: the vendor's marks of personal data, its profiles and consent records, beside our labels."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
from audits.reports.scan_facts import category_text, status_tag

SCHEMA = "governance.crm/1"
"""The form of the document and of the JSON."""
RULES: Mapping[str, Tone] = {
    "personal_not_marked": Tone.BAD,
    "consent_older_than_purpose": Tone.BAD,
    "basis_missing": Tone.BAD,
    "marked_but_readable": Tone.WARN,
    "withheld": Tone.NOTE,
}
"""What can be found, without the `crm.` before it, most urgent first, with how to take it."""

_FINDINGS = (
    Column("rule", text("crm_use.rule"), "tag"),
    Column("place", text("crm_use.place"), "code"),
    Column("rows", text("crm_use.rows"), "number"),
    Column("readers", text("crm_use.readers")),
)
_FIELDS = (
    Column("field", text("crm_use.field"), "code"),
    Column("category", text("crm_use.category")),
    Column("status", text("crm_use.status"), "tag"),
    Column("marked", text("crm_use.marked")),
    Column("encrypted", text("crm_use.encrypted"), minor=True),
    Column("withheld", text("crm_use.withheld")),
    Column("about", text("crm_use.about"), minor=True),
)
_CANNOT = (
    Column("store", text("crm_use.store"), "code"),
    Column("what", text("crm_use.what")),
    Column("grade", text("crm_use.grade")),
)


def crm_report(document: Mapping[str, Any], *, as_of: dt.datetime, zone: str = "UTC") -> Report:
    """The report on a document in the form `governance.crm/1`; see docs/json/crm.md."""
    findings = Table(_FINDINGS, tuple(_finding(each) for each in document["findings"]), text("crm_use.findings"))
    fields = Table(_FIELDS, tuple(_field(each) for each in document["fields"]), text("crm_use.fields"))
    cannot = Table(_CANNOT, tuple(_limit(each) for each in document["cannot"]), text("crm_use.cannot"))
    return Report(
        kind="crm",
        title=text("crm_use.title"),
        verdict=_verdict(document),
        sections=(
            Section("overview", text("report.overview"), tuple(_overview(document))),
            Section("findings", text("crm_use.findings"), (findings,), marks=(len(findings.rows),)),
            Section("fields", text("crm_use.fields"), (fields,), marks=(len(fields.rows),)),
            Section("cannot", text("crm_use.cannot"), (cannot,), marks=(len(cannot.rows),)),
            Section("not-seen", text("report.not_seen"), (NotSeen(tuple(_not_seen(document))),)),
        ),
        flat=findings,
        data=document,
        as_of=as_of,
        zone=zone,
        made_from=(
            (text("audit.catalog"), Code(document["catalog"][:12])),
            (text("audit.policy"), Code(document["policy"][:12])),
        ),
        filter=tuple(Option(rule, _rule(rule), tone) for rule, tone in RULES.items()),
        filter_title=text("crm_use.rule"),
    )


def _verdict(document: Mapping[str, Any]) -> Verdict:
    found = _counted(document)
    tasks = tuple(_task(rule, found[rule]) for rule in RULES if found[rule])
    bad = sum(found[rule] for rule, tone in RULES.items() if tone is Tone.BAD)
    if bad:
        return Verdict(Tone.BAD, text("crm_use.verdict_bad", count=bad), tasks)
    if not document["stores"]:
        return Verdict(Tone.WARN, text("crm_use.verdict_none"))
    if found or document["not_seen"]:
        return Verdict(Tone.WARN, text("crm_use.verdict_warn", count=sum(found.values())), tasks)
    return Verdict(Tone.GOOD, text("crm_use.verdict_good"))


def _task(rule: str, count: int) -> Task:
    by = text("report.now") if RULES[rule] is Tone.BAD else text("report.next_review")
    return Task(text(f"crm_use.task_{rule}", count=count), by, text("report.officer"), "findings")


def _overview(document: Mapping[str, Any]) -> Iterator[Facts | Chart]:
    fields = document["fields"]
    personal = [each for each in fields if each["personal"]]
    yield Facts(
        (
            Fact(text("crm_use.stores"), len(document["stores"])),
            Fact(text("crm_use.personal"), len(personal)),
            Fact(text("crm_use.personal_marked"), sum(each["marked"] is True for each in personal)),
            Fact(text("crm_use.employees"), sum(each["about"] == "employee" for each in personal)),
            Fact(text("crm_use.withheld"), sum(each["withheld"] for each in fields)),
        )
    )
    found = _counted(document)
    bars = tuple(Bar(_rule(rule), found[rule], tone) for rule, tone in RULES.items() if found[rule])
    if bars:
        yield Chart(text("crm_use.findings"), bars)


def _finding(each: Mapping[str, Any]) -> Row:
    rule = _short(each)
    cells = (Tag(_rule(rule), RULES[rule]), Code(each["place"]), each["rows"], _listed(each["readers"]))
    return Row(cells, facets=(rule,))


def _field(each: Mapping[str, Any]) -> Row:
    marked: Value = _said(each["marked"])
    if each["marked"] and each["sensitivity"]:
        marked = text("crm_use.marked_as", word=Code(each["sensitivity"]))
    return Row(
        (
            Code(each["field"]),
            category_text(each["category"]) if each["category"] else None,
            status_tag(each["status"]) if each["status"] else None,
            marked,
            _said(each["encrypted"]),
            text("common.yes") if each["withheld"] else None,
            text("crm_use.employee") if each["about"] else None,
        )
    )


def _limit(each: Mapping[str, str]) -> Row:
    return Row((Code(each["store"]), Text(each["code"], (), each["code"]), text(f"crm_use.grade_{each['grade']}")))


def _not_seen(document: Mapping[str, Any]) -> Iterator[Missing]:
    for each in document["not_seen"]:
        found = each["found"]
        known = found.startswith(("crm_use.", "not_seen."))
        yield Missing(each["place"], Text(found, (), found) if known else found)
    yield Missing("", text("crm_use.not_seen_moment"))


def _counted(document: Mapping[str, Any]) -> Counter[str]:
    return Counter(_short(each) for each in document["findings"])


def _short(finding: Mapping[str, Any]) -> str:
    return str(finding["rule"]).partition(".")[2]


def _rule(rule: str) -> Text:
    return text(f"crm_use.rule_{rule}")


def _said(answer: bool | None) -> Text | None:  # noqa: FBT001 the one thing it is about
    return None if answer is None else text("common.yes" if answer else "common.no")


def _listed(names: Sequence[str]) -> Value:
    return Listing(tuple(names)) if names else None
