"""The report on requests and complaints: is it in order, what is overdue or due this week, who; then shares on time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
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
from audits.reports.requests_tables import law_word, tables

COLUMNS = (
    Column("id", text("requests.id"), "code"),
    Column("type", text("requests.type")),
    Column("law", text("requests.law")),
    Column("state", text("requests.state"), "tag"),
    Column("due", text("requests.due"), "time"),
    Column("late", text("requests.late"), "number"),
    Column("owners", text("requests.owners")),
    Column("places", text("requests.places"), minor=True),
)
"""The columns of the table of open requests, and of CSV."""
NAMED = 10
"""How many overdue requests stand among the work, one by one."""

FLAGS = {
    "overdue": ("overdue", Tone.BAD),
    "unacknowledged": ("unacknowledged", Tone.BAD),
    "due_soon": ("soon", Tone.WARN),
    "paused": ("paused", Tone.NOTE),
    "extended": ("extended", Tone.NOTE),
}
"""What can be the matter with an open request, with its word and tone; also the choices of the filter."""


def requests_report(document: Mapping[str, Any], *, as_of: dt.datetime, zone: str = "UTC") -> Report:
    """The report on a document in the form `governance.requests/1`; see docs/json/requests.md."""
    waiting = Table(COLUMNS, tuple(_row(each) for each in document["open"]), text("requests.open_list"))
    missing = tuple(_not_seen(document))
    return Report(
        kind="requests",
        title=text("requests.title"),
        verdict=_verdict(document),
        sections=(
            Section("overview", text("report.overview"), tuple(_overview(document))),
            Section("open", text("requests.open_list"), (waiting,), marks=(len(waiting.rows),)),
            *tables(document),
            Section("not-seen", text("report.not_seen"), (NotSeen(missing),), marks=(len(missing),)),
        ),
        flat=waiting,
        data=document,
        as_of=as_of,
        zone=zone,
        made_from=(
            (text("requests.pack"), document["pack"]),
            (text("requests.calendar"), document["calendar"]),
            *((text(f"audit.{name}"), Code(document["policy"][name][:12])) for name in ("catalog", "policy")),
        ),
        filter=tuple(Option(flag, text(f"requests.{word}"), tone) for flag, (word, tone) in FLAGS.items()),
    )


def _verdict(document: Mapping[str, Any]) -> Verdict:
    counts, tasks = document["counts"], tuple(_tasks(document))
    late = sum(each["overdue"] or each["unacknowledged"] for each in document["open"])
    if not counts["requests"]:
        return Verdict(Tone.WARN, text("requests.verdict_nothing"), tasks)
    if late:
        return Verdict(Tone.BAD, text("requests.verdict_late", count=late, open=counts["open"]), tasks)
    if any(each["unequal"] for each in document["tiers"]):
        return Verdict(Tone.BAD, text("requests.verdict_unequal", open=counts["open"]), tasks)
    if counts["due_soon"]:
        return Verdict(Tone.WARN, text("requests.verdict_soon", count=counts["due_soon"], open=counts["open"]), tasks)
    if document["expired"]:
        line = text("requests.verdict_old", count=len(document["expired"]), open=counts["open"])
        return Verdict(Tone.WARN, line, tasks)
    return Verdict(Tone.GOOD, text("requests.verdict_good", open=counts["open"]), tasks)


def _tasks(document: Mapping[str, Any]) -> Iterator[Task]:
    """The work: what is overdue, the latest first; what was not confirmed; what is due this week; then findings."""
    late = sorted(
        (each for each in document["open"] if each["overdue"]), key=lambda each: (each["due_day"], each["id"])
    )
    for each in late[:NAMED]:
        what = text("requests.task_late", days=each["late_days"], **_named(each))
        yield Task(what, text("report.now"), _who(each), "open")
    if len(late) > NAMED:
        more = text("requests.task_more", count=len(late) - NAMED)
        yield Task(more, text("report.now"), text("report.officer"), "open")
    for each in document["open"]:
        if each["unacknowledged"]:
            what = text("requests.task_unacknowledged", id=Code(each["id"]), law=law_word(each["law"]))
            yield Task(what, text("report.now"), _who(each), "open")
    for each in document["open"]:
        if each["due_soon"]:
            what = text("requests.task_soon", **_named(each))
            yield Task(what, dt.date.fromisoformat(each["due_day"]), _who(each), "open")
    for each in document["tiers"]:
        if each["unequal"] and each["difference"] < 0:
            yield Task(_unequal(each), text("report.next_review"), text("report.officer"), "tiers")
    if document["expired"]:
        what = text("requests.task_expired", count=len(document["expired"]))
        yield Task(what, text("report.next_review"), text("report.officer"), "expired")


def _named(each: Mapping[str, Any]) -> dict[str, Value]:
    kind = text(f"requests.type_{each['type']}")
    return {"id": Code(each["id"]), "kind": kind, "law": law_word(each["law"])}


def _unequal(each: Mapping[str, Any]) -> Text:
    return text(
        "requests.task_unequal",
        tier=Code(each["tier"]),
        share=Share(each["on_time"] / each["settled"]),
        count=each["settled"],
        other=Share(each["others_on_time"] / each["others_settled"]),
        others=each["others_settled"],
    )


def _who(each: Mapping[str, Any]) -> Value:
    return Listing(tuple(each["owners"])) if each["owners"] else text("report.officer")


def _overview(document: Mapping[str, Any]) -> Iterator[Block]:
    counts, on_time = document["counts"], document["on_time"]
    facts = [Fact(text("requests.open"), Count(counts["open"], _ids(document["open"])))]
    for flag, (word, tone) in FLAGS.items():
        own = Count(counts[flag], _ids(each for each in document["open"] if each[flag]))
        facts.append(Fact(text(f"requests.{word}"), own, tone if own.value else Tone.GOOD))
    if on_time["share"] is not None:
        low, high = Share(on_time["low"]), Share(on_time["high"])
        note = text("requests.on_time_note", count=on_time["settled"], low=low, high=high)
        facts.append(
            Fact(text("requests.on_time"), Share(on_time["share"], on_time["low"], on_time["high"]), note=note)
        )
    yield Facts(tuple(facts))
    days = Counter((each["due_day"], each["overdue"], each["due_soon"]) for each in document["open"])
    bars = tuple(
        Bar(day, days[day, late, soon], Tone.BAD if late else Tone.WARN if soon else Tone.NOTE)
        for day, late, soon in sorted(days)
    )
    if bars:
        yield Chart(text("requests.by_day"), bars, "days")


def _ids(requests: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(sorted(each["id"] for each in requests))


def _row(each: Mapping[str, Any]) -> Row:
    late = each["overdue"] or each["unacknowledged"]
    tone = Tone.BAD if late else Tone.WARN if each["due_soon"] else Tone.NOTE if each["paused"] else Tone.PLAIN
    cells: tuple[Value, ...] = (
        Code(each["id"]),
        text(f"requests.type_{each['type']}"),
        law_word(each["law"]),
        Tag(text("requests.paused") if each["paused"] else text(f"requests.state_{each['state']}"), tone),
        dt.date.fromisoformat(each["due_day"]),
        each["late_days"] or None,
        _who(each),
        Listing(tuple(map(Code, each["places"]))) if each["places"] else None,
    )
    return Row(cells, facets=tuple(flag for flag in FLAGS if each[flag]))


def _not_seen(document: Mapping[str, Any]) -> Iterator[Missing]:
    if document["calendar"] is None:
        yield Missing("governance.yaml", text("requests.no_calendar"))
    if document["counts"]["requests"] and not document["tiers"]:
        yield Missing("tier", text("requests.no_tier"))
