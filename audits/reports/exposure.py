"""The report on a change of policy: what is shown more than before, to whom, in which rows; and what is shown less."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audits.report import (
    Block,
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
    Tone,
    Value,
    Verdict,
    text,
)
from audits.reports.grants import GRAVE

COLUMNS = (
    Column("users", text("grants.users")),
    Column("field", text("grants.field"), "code"),
    Column("sensitivity", text("grants.sensitivity"), "tag"),
    Column("purpose", text("grants.purpose"), "code"),
    Column("action", text("grants.action")),
    Column("before", text("exposure.before"), "code"),
    Column("after", text("exposure.after"), "code"),
    Column("row", text("exposure.row"), "code"),
)
"""The columns of the two tables: one row a field, purpose, action and group of users."""
MOST_USERS = 4
"""Users named in a row; the others are counted."""


def exposure_report(document: Mapping[str, Any], *, as_of: dt.datetime, zone: str = "UTC") -> Report:
    """The report on a document in the form `governance.exposure/1`; see docs/json/exposure.md."""
    more, less = document["more"], document["less"]
    sections = [
        Section("overview", text("report.overview"), _overview(more, less)),
        *_section("more", more),
        *_section("less", less),
        Section("not-seen", text("report.not_seen"), (NotSeen((Missing("", text("exposure.roles")),)),)),
    ]
    flat = (Column("change", text("exposure.change")), *COLUMNS)
    rows = [_row(each, text(f"exposure.{change}")) for change in ("more", "less") for each in document[change]]
    return Report(
        kind="exposure",
        title=text("exposure.title"),
        verdict=_verdict(more),
        sections=tuple(sections),
        flat=Table(flat, tuple(rows), text("exposure.title")),
        data=document,
        as_of=as_of,
        zone=zone,
        made_from=(
            (text("exposure.old"), Code(document["old"][:12])),
            (text("exposure.new"), Code(document["new"][:12])),
        ),
        filter=(
            Option("grave", text("grants.grave"), Tone.RESTRICTED),
            Option("clear", text("audit.clear"), Tone.WARN),
        ),
        filter_title=text("grants.shown"),
    )


def _verdict(more: Sequence[Mapping[str, Any]]) -> Verdict:
    if not more:
        return Verdict(Tone.GOOD, text("exposure.nothing"))
    fields, users = len({each["field"] for each in more}), len({user for each in more for user in each["users"]})
    grave = len({each["field"] for each in more if each["sensitivity"] in GRAVE})
    tasks = [Task(text("exposure.task", count=fields), text("exposure.before_merge"), text("report.officer"), "more")]
    line = text("exposure.some", fields=fields, users=users, grave=grave)
    return Verdict(Tone.BAD if grave else Tone.WARN, line, tuple(tasks))


def _overview(more: Sequence[Mapping[str, Any]], less: Sequence[Mapping[str, Any]]) -> tuple[Block, ...]:
    grave = {each["field"] for each in more if each["sensitivity"] in GRAVE}
    clear = {each["field"] for each in more if each["after"] == "clear"}
    open_ones = sum(each["after"] == "undecided" for each in more)
    return (
        Facts(
            (
                Fact(text("exposure.fields_more"), len({each["field"] for each in more})),
                Fact(text("exposure.people_more"), len({user for each in more for user in each["users"]})),
                Fact(text("exposure.clear_more"), len(clear), Tone.WARN if clear else Tone.GOOD),
                Fact(text("exposure.grave_more"), len(grave), Tone.BAD if grave else Tone.GOOD),
                Fact(text("exposure.undecided_count"), open_ones, Tone.WARN if open_ones else Tone.GOOD),
                Fact(text("exposure.fields_less"), len({each["field"] for each in less})),
            )
        ),
    )


def _section(change: str, found: Sequence[Mapping[str, Any]]) -> Iterator[Section]:
    if found:
        title = text(f"exposure.title_{change}")
        table = Table(COLUMNS, tuple(_row(each) for each in found), title)
        yield Section(change, title, (table,), marks=(len(found),), folded=change == "less")


def _row(found: Mapping[str, Any], *first: Value) -> Row:
    sensitivity = found["sensitivity"]
    named: list[Value] = list(found["users"][:MOST_USERS])
    if len(found["users"]) > MOST_USERS:
        named.append(text("exposure.others", count=len(found["users"]) - MOST_USERS))
    cells: tuple[Value, ...] = (
        *first,
        Listing(tuple(named)),
        Code(found["field"]),
        Tag(text(f"report.{sensitivity}"), Tone(sensitivity)),
        Code(found["purpose"]),
        text(f"audit.action_{found['action']}"),
        _shown(found["before"], found["consent_before"], found),
        _shown(found["after"], found["consent_after"], found),
        _example(found["row"]),
    )
    facets = [*(["grave"] if sensitivity in GRAVE else []), *(["clear"] if found["after"] == "clear" else [])]
    return Row(cells, facets=tuple(facets))


def _shown(treatment: str, consent: str | None, found: Mapping[str, Any]) -> Value:
    """A treatment, with the consent that it takes where just that changed."""
    if treatment in ("absent", "undecided"):
        return text(f"exposure.{treatment}")
    if found["consent_before"] == found["consent_after"]:
        return Code(treatment)
    return Listing((Code(treatment), text(f"grants.consent_{consent}") if consent else text("exposure.no_consent")))


def _example(row: Mapping[str, str]) -> Value:
    if not row:
        return text("grants.all_rows")
    return Listing(tuple(Code(f"{name} = {value}") for name, value in row.items()))
