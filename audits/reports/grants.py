"""The report on grants: who may do what with which field, for which purpose, on which rows, as the policy stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
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
    Text,
    Tone,
    Value,
    Verdict,
    text,
)

GRAVE = ("restricted", "special")
"""Sensitivities that somebody should look at when they are given in clear."""

COLUMNS = (
    Column("user", text("grants.user")),
    Column("field", text("grants.field"), "code"),
    Column("sensitivity", text("grants.sensitivity"), "tag"),
    Column("purpose", text("grants.purpose"), "code"),
    Column("action", text("grants.action")),
    Column("shown", text("grants.shown"), "code"),
    Column("rows", text("grants.rows"), "code"),
    Column("without", text("grants.without"), "code"),
    Column("consent", text("grants.consent")),
    Column("lines", text("grants.lines"), "code"),
)
"""The columns of the table: one row a user, field, purpose and action."""
_NARROWING = 6
"""Where the columns begin that narrow a grant; `lines` is the last."""


def grants_report(document: Mapping[str, Any], *, as_of: dt.datetime, zone: str = "UTC") -> Report:
    """The report on a document in the form `governance.grants/1`; see docs/json/grants.md."""
    grants: Sequence[Mapping[str, Any]] = document["grants"]
    flat = Table(COLUMNS, tuple(_row(each) for each in grants), text("grants.table"))
    table = _read_out(flat, first=1 if document["about"] == "user" else 0)
    return Report(
        kind="grants",
        title=text(f"grants.title_{document['about']}", name=Code(document["name"])),
        verdict=_verdict(grants),
        sections=(
            Section("overview", text("report.overview"), _overview(grants)),
            Section("grants", text("grants.table"), (table,), marks=(len(grants),)),
            Section("not-seen", text("report.not_seen"), (NotSeen(_not_seen()),)),
        ),
        flat=flat,
        data=document,
        as_of=as_of,
        zone=zone,
        made_from=((text("audit.policy"), Code(document["policy"][:12])),),
        filter=(
            Option("clear", text("audit.clear"), Tone.WARN),
            Option("masked", text("audit.masked"), Tone.GOOD),
            Option("grave", text("grants.grave"), Tone.RESTRICTED),
        ),
        filter_title=text("audit.treatment"),
    )


def _read_out(table: Table, *, first: int) -> Table:
    """The table as people read it: all that narrows a grant in one cell, the lines below the row.

    A name that stands in the title is left out.
    """
    rows = tuple(
        replace(
            row,
            cells=(*row.cells[first:_NARROWING], _narrowed(*row.cells[_NARROWING:-1])),
            details=(Facts((Fact(table.columns[-1].title, row.cells[-1]),)),),
        )
        for row in table.rows
    )
    return replace(table, columns=table.columns[first : _NARROWING + 1], rows=rows)


def _narrowed(rows: Value, without: Value, consent: Value) -> Value:
    taken = without.items if isinstance(without, Listing) else ()
    given = rows.items if isinstance(rows, Listing) else (rows,)
    never = (text("grants.never", rows=each) for each in taken)
    return Listing((*given, *never, *((consent,) if consent else ())))


def _verdict(grants: Sequence[Mapping[str, Any]]) -> Verdict:
    if not grants:
        return Verdict(Tone.GOOD, text("grants.none"))
    users, fields = len({each["user"] for each in grants}), len({each["field"] for each in grants})
    open_ones = {each["field"] for each in grants if _in_clear(each) and each["sensitivity"] in GRAVE}
    if not open_ones:
        return Verdict(Tone.GOOD, text("grants.some", users=users, fields=fields))
    task = Task(text("grants.task_clear", count=len(open_ones)), text("report.next_review"), text("report.officer"))
    line = text("grants.some_clear", users=users, fields=fields, count=len(open_ones))
    return Verdict(Tone.WARN, line, (task,))


def _overview(grants: Sequence[Mapping[str, Any]]) -> tuple[Block, ...]:
    clear = {each["field"] for each in grants if _in_clear(each)}
    grave = {each["field"] for each in grants if _in_clear(each) and each["sensitivity"] in GRAVE}
    whole = {each["field"] for each in grants if not each["rows"]}
    return (
        Facts(
            (
                Fact(text("grants.users"), len({each["user"] for each in grants})),
                Fact(text("grants.fields"), len({each["field"] for each in grants})),
                Fact(text("audit.in_clear"), len(clear)),
                Fact(text("grants.grave_clear"), len(grave), Tone.WARN if grave else Tone.GOOD),
                Fact(text("grants.all_rows_count"), len(whole)),
            )
        ),
    )


def _row(grant: Mapping[str, Any]) -> Row:
    sensitivity = grant["sensitivity"]
    cells: tuple[Value, ...] = (
        grant["user"],
        Code(grant["field"]),
        Tag(text(f"report.{sensitivity}"), Tone(sensitivity)),
        Code(grant["purpose"]),
        text(f"audit.action_{grant['action']}"),
        _codes(grant["treatments"]),
        _codes(grant["rows"]) or text("grants.all_rows"),
        _codes(grant["without"]),
        text(f"grants.consent_{grant['consent']}") if grant["consent"] else None,
        Listing(tuple(Code(str(line)) for line in grant["lines"])),
    )
    facets = ["clear" if _in_clear(grant) else "masked"]
    return Row(cells, facets=(*facets, *(["grave"] if sensitivity in GRAVE else [])))


def _codes(names: Sequence[str]) -> Value:
    return Listing(tuple(Code(each) for each in names)) if names else None


def _in_clear(grant: Mapping[str, Any]) -> bool:
    return "clear" in grant["treatments"]


def _not_seen() -> tuple[Missing, ...]:
    keys: tuple[Text, ...] = (text("not_seen.other_ways"), text("grants.not_asked"))
    return tuple(Missing("", each) for each in keys)
