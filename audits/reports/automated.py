"""The report on automated decisions: what machines decide about people, what the laws ask, who asked for a person."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from audits.evidence import Evidence
from audits.report import (
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
    Table,
    Tag,
    Task,
    Text,
    Tone,
    Value,
    Verdict,
    text,
)
from audits.reports.automated_facts import worked_out
from audits.reports.requests_tables import law_word

SCHEMA = "governance.automated/1"
"""The form of the document and of the JSON."""
STATES = {"gaps": Tone.BAD, "later": Tone.WARN, "good": Tone.GOOD, "ended": Tone.PLAIN}
"""How a procedure can stand."""
REVIEW_STATES = {"overdue": Tone.BAD, "open": Tone.NOTE, "late": Tone.WARN, "decided": Tone.GOOD}
"""How a request for review can stand."""

COLUMNS = (
    Column("name", text("automated.procedure"), "code"),
    Column("state", text("automated.state"), "tag"),
    Column("effect", text("automated.effect")),
    Column("purpose", text("audit.purpose"), "code"),
    Column("reads", text("automated.reads"), "code", minor=True),
    Column("grounds", text("automated.grounds"), minor=True),
    Column("reviewer", text("automated.reviewer")),
    Column("missing", text("automated.missing")),
    Column("reviews", text("automated.reviews"), "number"),
)
"""The columns of the table of procedures, and of CSV."""


def automated_report(evidence: Evidence, document: Mapping[str, Any]) -> Report:
    """The report on a document in the form `governance.automated/1`; see docs/json/automated.md."""
    found = dict(worked_out(document, evidence.as_of, evidence.zone))
    procedures, reviews = found["procedures"], found["reviews"]
    today = evidence.as_of.astimezone(ZoneInfo(evidence.zone)).date()
    flat = Table(COLUMNS, tuple(_row(document, each, reviews) for each in procedures), text("automated.procedures"))
    return Report(
        kind="automated",
        title=text("automated.title"),
        verdict=_verdict(document, procedures, reviews, today),
        sections=(
            Section("overview", text("report.overview"), _overview(procedures, reviews)),
            Section("procedures", text("automated.procedures"), (flat,), marks=(len(procedures),)),
            Section("gaps", text("automated.gaps"), (_gaps(procedures),)),
            Section("reviews", text("automated.reviews"), (_reviews(document, reviews),), marks=(len(reviews),)),
            Section("not-seen", text("report.not_seen"), (NotSeen(tuple(_not_seen(document))),)),
        ),
        flat=flat,
        data=dict(document) | found | {"as_of": evidence.as_of.isoformat()},
        as_of=evidence.as_of,
        zone=evidence.zone,
        made_from=evidence.in_force,
        filter=tuple(Option(key, text(f"automated.state_{key}"), tone) for key, tone in STATES.items()),
        filter_title=text("automated.state"),
    )


def _verdict(
    document: Mapping[str, Any],
    procedures: Sequence[Mapping[str, Any]],
    reviews: Sequence[Mapping[str, Any]],
    today: dt.date,
) -> Verdict:
    tasks = tuple(_tasks(document, procedures, reviews, today))
    bad = sum(each["state"] == "gaps" for each in procedures)
    late = sum(each["state"] == "overdue" for each in reviews)
    deciding = sum(each["state"] != "ended" for each in procedures)
    if bad or late:
        return Verdict(Tone.BAD, text("automated.bad", count=bad, total=deciding, late=late), tasks)
    if tasks:
        return Verdict(Tone.WARN, text("automated.waiting", count=len(tasks), total=deciding), tasks)
    if not procedures:
        return Verdict(Tone.GOOD, text("automated.none"))
    return Verdict(Tone.GOOD, text("automated.good", total=deciding))


def _tasks(
    document: Mapping[str, Any],
    procedures: Sequence[Mapping[str, Any]],
    reviews: Sequence[Mapping[str, Any]],
    today: dt.date,
) -> Iterator[Task]:
    owners = {each["name"]: _reviewer(document, each) or text("report.officer") for each in procedures}
    for state in ("overdue", "open"):
        for each in reviews:
            if each["state"] == state:
                by: dt.date | Text = text("report.now") if state == "overdue" else dt.date.fromisoformat(each["due"])
                what = text(f"automated.task_{state}", review=Code(each["id"]), procedure=Code(each["procedure"]))
                yield Task(what, by, owners[each["procedure"]], "reviews")
    gaps = [(each, gap) for each in procedures for gap in each["gaps"]]
    for each, gap in sorted(gaps, key=lambda pair: pair[1]["since"] > today.isoformat()):
        since = dt.date.fromisoformat(gap["since"])
        later = since > today
        what = text(
            f"automated.{'later' if later else 'task'}_{gap['ask']}",
            procedure=Code(each["name"]),
            law=law_word(gap["law"]),
        )
        yield Task(what, since if later else text("report.now"), text("report.officer"), "gaps")
    for each in procedures:
        if each["gone"] and each["state"] != "ended":
            what = text("automated.task_gone", procedure=Code(each["name"]), count=len(each["gone"]))
            yield Task(what, text("report.now"), text("report.officer"), "procedures")


def _reviewer(document: Mapping[str, Any], each: Mapping[str, Any]) -> Value:
    ref = each["reviewer"]
    if ref is None:
        return None
    name: str | None = document["names"].get(ref)
    return name if name is not None else text("audit.erased_name", ref=Code(ref))


def _overview(procedures: Sequence[Mapping[str, Any]], reviews: Sequence[Mapping[str, Any]]) -> tuple[Facts, Facts]:
    states, asked = Counter(each["state"] for each in procedures), Counter(each["state"] for each in reviews)
    changed = [each["decision_event"] for each in reviews if each["outcome"] == "changed"]
    own = [
        Fact(text(f"automated.state_{key}"), states[key], tone if states[key] else Tone.PLAIN)
        for key, tone in STATES.items()
    ]
    theirs = [
        Fact(text(f"automated.review_{key}"), asked[key], tone if asked[key] else Tone.PLAIN)
        for key, tone in REVIEW_STATES.items()
    ]
    theirs.append(Fact(text("automated.changed"), Count(len(changed), tuple(changed))))
    return Facts(tuple(own), text("automated.procedures")), Facts(tuple(theirs), text("automated.reviews"))


def _row(document: Mapping[str, Any], each: Mapping[str, Any], reviews: Sequence[Mapping[str, Any]]) -> Row:
    own = [one["event"] for one in reviews if one["procedure"] == each["name"]]
    grounds = tuple(
        text("automated.ground", law=law_word(law), ground=text(f"automated.ground_{ground}"))
        for law, ground in each["grounds"].items()
    )
    missing = dict.fromkeys(gap["ask"] for gap in each["gaps"])
    cells: tuple[Value, ...] = (
        Code(each["name"]),
        Tag(text(f"automated.state_{each['state']}"), STATES[each["state"]]),
        text(f"automated.effect_{each['effect']}"),
        Code(each["purpose"]),
        Listing(tuple(map(Code, each["reads"]))),
        Listing(grounds) if grounds else None,
        _reviewer(document, each),
        Listing(tuple(text(f"automated.ask_{ask}") for ask in missing)) if missing else None,
        Count(len(own), tuple(own)),
    )
    return Row(cells, facets=(each["state"],))


def _gaps(procedures: Sequence[Mapping[str, Any]]) -> Table:
    columns = (
        Column("procedure", text("automated.procedure"), "code"),
        Column("ask", text("automated.missing")),
        Column("law", text("requests.law")),
        Column("article", text("requests.article")),
        Column("since", text("automated.since"), "time"),
    )
    rows = tuple(
        Row(
            (
                Code(each["name"]),
                text(f"automated.ask_{gap['ask']}"),
                law_word(gap["law"]),
                gap["article"],
                dt.date.fromisoformat(gap["since"]),
            ),
            facets=(each["state"],),
        )
        for each in procedures
        for gap in each["gaps"]
    )
    return Table(columns, rows, text("automated.gaps"))


def _reviews(document: Mapping[str, Any], reviews: Sequence[Mapping[str, Any]]) -> Table:
    columns = (
        Column("id", text("automated.review"), "code"),
        Column("state", text("automated.state"), "tag"),
        Column("procedure", text("automated.procedure"), "code"),
        Column("received", text("automated.received"), "time"),
        Column("due", text("requests.due"), "time"),
        Column("outcome", text("automated.outcome")),
        Column("decided", text("automated.decided"), "time"),
        Column("decided_by", text("automated.decided_by")),
        Column("request", text("automated.request"), "code", minor=True),
        Column("event", text("audit.event"), "code", minor=True),
    )
    return Table(columns, tuple(_review(document, each) for each in reviews), text("automated.reviews"))


def _review(document: Mapping[str, Any], each: Mapping[str, Any]) -> Row:
    who = each["decided_by"]
    cells: tuple[Value, ...] = (
        Code(each["id"]),
        Tag(text(f"automated.review_{each['state']}"), REVIEW_STATES[each["state"]]),
        Code(each["procedure"]),
        dt.datetime.fromisoformat(each["received"]),
        dt.date.fromisoformat(each["due"]),
        text(f"automated.outcome_{each['outcome']}") if each["outcome"] else None,
        dt.datetime.fromisoformat(each["decided"]) if each["decided"] else None,
        None if who is None else document["names"].get(who) or text("audit.erased_name", ref=Code(who)),
        Code(each["request"]) if each["request"] else None,
        Code(each["event"]),
    )
    return Row(cells)


def _not_seen(document: Mapping[str, Any]) -> Iterator[Missing]:
    for key in ("undeclared", "whether_solely", "texts"):
        yield Missing("", text(f"automated.not_seen_{key}"))
    if not document["laws"]:
        yield Missing("laws", text("automated.not_seen_laws"))
