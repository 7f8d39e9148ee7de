"""The tables of the report on impact assessments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audits.report import Block, Code, Column, Count, Fact, Facts, Notes, Row, Table, Tag, Text, Tone, Value, text
from audits.reports.dpia_facts import changes_of, is_high
from audits.reports.dpia_triggers import ASK, MET, NEEDED, NOT_MET, NOT_NEEDED, PERHAPS
from audits.reports.retention import period_text
from audits.reports.ropa_items import law_name, listed

TONES: Mapping[str, Tone] = {
    "missing": Tone.BAD,
    "open": Tone.BAD,
    "stale": Tone.BAD,
    "lapsed": Tone.BAD,
    "ask": Tone.WARN,
    "signed": Tone.GOOD,
    "not_needed": Tone.PLAIN,
}
"""How an activity can stand, with its tone."""
_NEEDS: Mapping[str, Tone] = {NEEDED: Tone.WARN, PERHAPS: Tone.NOTE, NOT_NEEDED: Tone.PLAIN}
_MET: Mapping[str, Tone] = {MET: Tone.WARN, ASK: Tone.NOTE, NOT_MET: Tone.PLAIN}
ANSWERS = ("necessity", "proportionality", "consulted", "advice")
"""Answers in words that stand once."""

_Facts = Mapping[str, Any]


def activities_table(found: Sequence[_Facts], document: _Facts) -> Table:
    """Every activity: whether an assessment is asked for, by which law, and how it stands."""
    columns = (
        Column("activity", text("ropa.activity"), "code"),
        Column("need", text("dpia.need"), "tag"),
        Column("state", text("dpia.state"), "tag"),
        Column("asked_by", text("ropa.articles")),
        Column("met", text("dpia.met"), "number"),
        Column("ask", text("dpia.ask"), "number"),
        Column("assessment", text("dpia.assessment"), "code"),
        Column("signed", text("dpia.signed_on"), minor=True),
        Column("review_by", text("ropa.review_by"), minor=True),
    )
    return Table(columns, tuple(_activity(each, document) for each in found), text("dpia.activities"))


def _activity(each: _Facts, document: _Facts) -> Row:
    states = [one["state"] for one in each["triggers"]]
    counts = next((one for one in document["assessments"] if one["id"] == each["assessment"]), None)
    signature = counts["signature"] if counts else None
    asked = (
        text("ropa.by_law", law=law_name(law), what=group["article"])
        for name, group in document["rules"]["groups"].items()
        if each["needs"][name] == NEEDED
        for law in group["laws"]
    )
    cells = (
        Code(each["id"]),
        Tag(text(f"dpia.need_{each['need']}"), _NEEDS[each["need"]]),
        Tag(text(f"dpia.state_{each['state']}"), TONES[each["state"]]),
        listed(asked),
        states.count(MET),
        states.count(ASK),
        Code(each["assessment"]) if each["assessment"] else None,
        dt.datetime.fromisoformat(signature["signed"]) if signature else None,
        dt.date.fromisoformat(signature["review_by"]) if signature else None,
    )
    return Row(cells, facets=(each["state"],))


def triggers_table(found: Sequence[_Facts]) -> Table:
    """Triggers that are met or have to be asked, activity by activity, with their evidence."""
    columns = (
        Column("activity", text("ropa.activity"), "code"),
        Column("trigger", text("dpia.trigger")),
        Column("state", text("dpia.state"), "tag"),
        Column("evidence", text("report.evidence"), "code"),
        Column("article", text("ropa.article"), minor=True),
        Column("id", text("dpia.trigger_id"), "code", minor=True),
    )
    rows = (
        Row(
            (
                Code(activity["id"]),
                text(f"dpia.test_{each['test']}"),
                Tag(text(f"dpia.trigger_{each['state']}"), _MET[each["state"]]),
                listed(Code(one) for one in each["evidence"]),
                each["article"],
                Code(each["trigger"]),
            ),
            quiet=each["state"] == NOT_MET,
        )
        for activity in found
        for each in activity["triggers"]
    )
    return Table(columns, tuple(rows), text("dpia.triggers"))


def groups_table(document: _Facts) -> Table:
    """What asks for an assessment, with how sure its text is."""
    columns = (
        Column("group", text("dpia.group"), "code"),
        Column("law", text("ropa.law")),
        Column("article", text("ropa.article")),
        Column("at_least", text("dpia.at_least"), "number"),
        Column("keep", text("ropa.keep"), minor=True),
        Column("review", text("dpia.review_every"), minor=True),
        Column("as_of", text("ropa.text_of"), minor=True),
        Column("confidence", text("ropa.confidence"), minor=True),
    )
    rows = (
        Row(
            (
                Code(name),
                listed(law_name(law) for law in each["laws"]),
                each["article"],
                each["at_least"],
                period_text(each["keep"]) if each["keep"] else None,
                period_text(each["review"]) if each["review"] else None,
                dt.date.fromisoformat(each["as_of"]),
                text(f"ropa.confidence_{each['confidence']}"),
            )
        )
        for name, each in document["rules"]["groups"].items()
    )
    return Table(columns, tuple(rows), text("dpia.groups"))


def assessment_blocks(each: _Facts, document: _Facts) -> Iterator[Block]:
    """One assessment: who opened and signed it, the answers, the risks, and what changed since."""
    names, signature = document["names"], each["signature"]
    answers = document["answers"].get(signature["answers"]) if signature else None
    yield Facts(tuple(_heads(each, names)))
    if signature is not None:
        yield _answers(answers, signature)
        yield _risks(signature["risks"], answers, document["rules"])
    changed = changes_of(document, each) if each["closing"] is None else []
    if changed:
        yield _changes(changed, each)
    elif each["closing"] is None:
        yield Notes((text("dpia.unchanged"),), Tone.GOOD)
    yield _looked_at(each["looked_at"])


def _heads(each: _Facts, names: Mapping[str, str]) -> Iterator[Fact]:
    signature, closing = each["signature"], each["closing"]
    yield Fact(text("dpia.purpose"), Code(each["purpose"]))
    yield Fact(text("dpia.opened"), dt.datetime.fromisoformat(each["opened"]))
    yield Fact(text("dpia.opened_by"), _person(each["opened_by"], names))
    yield Fact(text("dpia.looked_at"), Count(len(each["looked_at"]), (each["event"],)))
    if signature is not None:
        yield Fact(text("dpia.signed_by"), _person(signature["signer"], names), Tone.GOOD)
        yield Fact(text("dpia.signed_on"), dt.datetime.fromisoformat(signature["signed"]))
        yield Fact(text("ropa.review_by"), dt.date.fromisoformat(signature["review_by"]))
        consulted = signature["authority_consulted"]
        yield Fact(
            text("dpia.authority"), dt.date.fromisoformat(consulted) if consulted else text("dpia.not_consulted")
        )
        yield Fact(text("audit.event"), Code(signature["event"]))
    if closing is not None:
        yield Fact(text("dpia.closed"), dt.datetime.fromisoformat(closing["closed"]), Tone.NOTE)


def _person(ref: str, names: Mapping[str, str]) -> Value:
    return names[ref] if ref in names else text("audit.erased_name", ref=Code(ref))


def _answers(answers: _Facts | None, signature: _Facts) -> Table:
    columns = (Column("item", text("ropa.item")), Column("stated", text("ropa.stated")))
    erased = text("dpia.erased", ref=Code(signature["answers"]))
    rows = (Row((text(f"dpia.answer_{name}"), answers[name] if answers else erased)) for name in ANSWERS)
    return Table(columns, tuple(rows), text("dpia.answers"))


def _risks(risks: Sequence[_Facts], answers: _Facts | None, rules: _Facts) -> Table:
    columns = (
        Column("risk", text("dpia.risk"), "code"),
        Column("threat", text("dpia.threat")),
        Column("impact", text("dpia.impact")),
        Column("before", text("dpia.before"), "tag"),
        Column("measures", text("dpia.measures")),
        Column("after", text("dpia.after"), "tag"),
    )
    rows = []
    for each in risks:
        words = answers["risks"][each["name"]] if answers else {}
        cells = (
            Code(each["name"]),
            words.get("threat"),
            words.get("impact"),
            _level(each, rules, residual=False),
            words.get("measures"),
            _level(each, rules, residual=True),
        )
        rows.append(Row(cells))
    return Table(columns, tuple(rows), text("dpia.risks"))


def _level(risk: _Facts, rules: _Facts, *, residual: bool) -> Tag:
    head = "residual_" if residual else ""
    high = is_high(risk, rules, residual=residual)
    said = text(
        "dpia.level_high" if high else "dpia.level",
        likelihood=text(f"dpia.level_{risk[f'{head}likelihood']}"),
        severity=text(f"dpia.level_{risk[f'{head}severity']}"),
    )
    return Tag(said, Tone.BAD if high else Tone.GOOD)


def _changes(found: Sequence[_Facts], assessment: _Facts) -> Table:
    signature = assessment["signature"]
    columns = (
        Column("place", text("report.place"), "code"),
        Column("what", text("dpia.change")),
        Column("before", text("dpia.was")),
        Column("after", text("dpia.is")),
    )
    rows = (
        Row((Code(each["place"]), text(f"dpia.change_{each['kind']}"), each["before"] or None, each["after"] or None))
        for each in found
    )
    title: Text = text("dpia.changes") if signature else text("dpia.changes_open")
    return Table(columns, tuple(rows), title)


def _looked_at(basis: Mapping[str, str]) -> Table:
    """Everything that an assessment looked at: short formats count it."""
    columns = (Column("place", text("report.place"), "code"), Column("stood", text("dpia.stood")))
    rows = (Row((Code(place), stood or None), quiet=True) for place, stood in sorted(basis.items()))
    return Table(columns, tuple(rows), text("dpia.looked_at"))
