"""The report on protection: what is encrypted, what is masked, what is still clear, and under which keys."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audits.report import (
    Bar,
    Block,
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

STATES: Mapping[str, Tone] = {
    "encrypted": Tone.GOOD,
    "migrating": Tone.WARN,
    "partly": Tone.BAD,
    "masked": Tone.NOTE,
    "clear": Tone.PLAIN,
    "missing": Tone.WARN,
    "unread": Tone.WARN,
    "harmless": Tone.PLAIN,
}
"""How a field is protected, with how to take it; in the order of the report."""
PROBLEMS: Mapping[str, Tone] = {
    "clear_in_encrypted": Tone.BAD,
    "must_be_encrypted": Tone.BAD,
    "undeclared": Tone.BAD,
    "key_unknown": Tone.BAD,
    "key_elsewhere": Tone.BAD,
    "key_destroyed": Tone.BAD,
    "not_by_person": Tone.BAD,
    "missing": Tone.WARN,
    "migrating": Tone.WARN,
}
"""What can be wrong with a field, most urgent first."""
_KEY_STATES = {"active": Tone.GOOD, "retired": Tone.NOTE, "destroyed": Tone.PLAIN}

FLAT = (
    Column("field", text("protection.field"), "code"),
    Column("sensitivity", text("protection.sensitivity"), "tag"),
    Column("state", text("protection.state"), "tag"),
    Column("required", text("protection.required")),
    Column("declared", text("protection.declared")),
    Column("shown", text("protection.shown")),
    Column("rows", text("protection.rows"), "number"),
    Column("clear", text("protection.clear"), "number"),
    Column("tokens", text("protection.tokens"), "number"),
    Column("nulls", text("protection.nulls"), "number"),
    Column("keys", text("protection.keys")),
    Column("problems", text("protection.problems")),
)
"""The columns of the table as CSV has them; people read a selection, the rest below the row."""
_READ_OUT = ("field", "sensitivity", "state", "shown", "rows", "clear", "tokens", "nulls")
_BELOW = ("required", "declared", "keys", "problems")


def protection_report(document: Mapping[str, Any], *, as_of: dt.datetime, zone: str = "UTC") -> Report:
    """The report on a document in the form `governance.protection/1`; see docs/json/protection.md."""
    fields: Sequence[Mapping[str, Any]] = document["fields"]
    rows = tuple(_row(each) for each in fields)
    return Report(
        kind="protection",
        title=text("protection.title"),
        verdict=_verdict(document),
        sections=(
            Section("overview", text("report.overview"), tuple(_overview(document))),
            Section("fields", text("protection.table"), (_read_out(rows),), marks=(len(fields),)),
            Section("keys", text("protection.key_table"), (_keys(document["keys"]),), marks=(len(document["keys"]),)),
            Section("not-seen", text("report.not_seen"), (NotSeen(tuple(_not_seen(document))),)),
        ),
        flat=Table(FLAT, rows, text("protection.table")),
        data=document,
        as_of=as_of,
        zone=zone,
        made_from=(
            (text("audit.catalog"), Code(document["catalog"][:12])),
            (text("audit.policy"), Code(document["policy"][:12])),
        ),
        filter=tuple(Option(state, text(f"protection.state_{state}"), tone) for state, tone in STATES.items()),
        filter_title=text("protection.state"),
    )


def _verdict(document: Mapping[str, Any]) -> Verdict:
    found = Counter(code for each in document["fields"] for code in each["problems"])
    tasks = tuple(_task(code, found[code]) for code in PROBLEMS if found[code])
    encrypted = sum(each["state"] == "encrypted" for each in document["fields"])
    bad = sum(any(PROBLEMS[code] is Tone.BAD for code in each["problems"]) for each in document["fields"])
    if bad:
        return Verdict(Tone.BAD, text("protection.verdict_bad", count=bad, encrypted=encrypted), tasks)
    warnings = {code: found[code] for code in ("missing", "migrating") if found[code]}
    warnings |= {"unseen": len(document["not_seen"])} if document["not_seen"] else {}
    if len(warnings) == 1:
        [(code, count)] = warnings.items()
        return Verdict(Tone.WARN, text(f"protection.verdict_{code}", count=count, encrypted=encrypted), tasks)
    if warnings:
        return Verdict(Tone.WARN, text("protection.verdict_warn", encrypted=encrypted), tasks)
    return Verdict(Tone.GOOD, text("protection.verdict_good", encrypted=encrypted))


def _task(code: str, count: int) -> Task:
    by = text("report.now") if PROBLEMS[code] is Tone.BAD else text("report.next_review")
    return Task(text(f"protection.task_{code}", count=count), by, text("report.engineer"), "fields")


def _overview(document: Mapping[str, Any]) -> Iterator[Block]:
    fields, least = document["fields"], document["encrypt_from"]
    required = [each for each in fields if each["required"]]
    done = sum(each["state"] == "encrypted" for each in required)
    left = sum(each["migration"]["left"] for each in fields if each["migration"])
    yield Facts(
        (
            Fact(
                text("protection.from"),
                Tag(text(f"report.{least}"), Tone(least)) if least else text("protection.from_none"),
            ),
            Fact(
                text("protection.required_done"),
                text("report.of_which", part=done, whole=len(required)),
                Tone.GOOD if done == len(required) else Tone.BAD,
            ),
            Fact(text("protection.declared_fields"), sum(each["declared"] for each in fields)),
            Fact(text("protection.clear_values"), sum(each["clear"] or 0 for each in fields if each["declared"])),
            Fact(text("protection.left"), left, Tone.WARN if left else Tone.PLAIN),
            Fact(text("protection.idle_keys"), sum(each["idle"] for each in document["keys"])),
        )
    )
    states = Counter(each["state"] for each in fields)
    bars = (Bar(text(f"protection.state_{state}"), states[state], tone) for state, tone in STATES.items())
    yield Chart(text("protection.chart"), tuple(bar for bar in bars if bar.value), "stack")


def _row(field: Mapping[str, Any]) -> Row:
    sensitivity, state = field["sensitivity"], field["state"]
    cells: tuple[Value, ...] = (
        Code(field["field"]),
        Tag(text(f"report.{sensitivity}"), Tone(sensitivity)),
        Tag(text(f"protection.state_{state}"), STATES[state]),
        _yes(field["required"]),
        _yes(field["declared"]),
        text(f"protection.shown_{field['shown']}"),
        field["rows"],
        field["clear"],
        field["tokens"],
        field["nulls"],
        _listed(_key_words(field)),
        _listed(text(f"protection.problem_{code}") for code in field["problems"]),
    )
    return Row(cells, facets=(state,), quiet=state == "harmless" and not field["problems"])


def _read_out(rows: Sequence[Row]) -> Table:
    """The table as people read it: what is seldom asked stands below the row."""
    places = {column.key: place for place, column in enumerate(FLAT)}
    kept = tuple(FLAT[places[key]] for key in _READ_OUT)
    shown = (
        Row(
            tuple(row.cells[places[key]] for key in _READ_OUT),
            (Facts(tuple(Fact(FLAT[places[key]].title, row.cells[places[key]]) for key in _BELOW)),),
            row.facets,
            row.quiet,
        )
        for row in rows
    )
    return Table(kept, tuple(shown), text("protection.table"))


def _key_words(field: Mapping[str, Any]) -> Iterator[Text]:
    for each in field["keys"]:
        state = text(f"protection.key_{each['state']}")
        yield text("protection.tokens_of_key", tokens=each["tokens"], id=Code(each["id"]), state=state)
    for word in ("active", "destroyed"):
        if field["persons"][word]:
            said = text(f"protection.key_{word}")
            yield text("protection.tokens_of_persons", tokens=field["persons"][word], state=said)
    if field["persons"]["keys"]:
        yield text("protection.person_keys", count=field["persons"]["keys"])
    for place in ("elsewhere", "unknown"):
        if field[place]:
            yield text(f"protection.tokens_{place}", tokens=field[place])
    if field["migration"]:
        to = text(f"protection.to_{field['migration']['to']}")
        yield text("protection.migration", to=to, filled=field["migration"]["filled"], left=field["migration"]["left"])


def _keys(keys: Sequence[Mapping[str, Any]]) -> Table:
    columns = (
        Column("key", text("protection.key"), "code"),
        Column("dataset", text("protection.dataset"), "code"),
        Column("state", text("protection.key_state"), "tag"),
        Column("created", text("protection.created"), "time"),
        Column("age", text("protection.age_days"), "number"),
        Column("tokens", text("protection.tokens"), "number"),
        Column("uses", text("protection.uses"), "number"),
        Column("idle", text("protection.idle")),
    )
    rows = (
        Row(
            (
                Code(each["id"]),
                Code(each["dataset"]),
                Tag(text(f"protection.key_{each['state']}"), _KEY_STATES[each["state"]]),
                dt.datetime.fromisoformat(each["created"]) if each["created"] else None,
                each["age_days"],
                each["tokens"],
                each["uses"],
                text("protection.idle_yes") if each["idle"] else None,
            )
        )
        for each in keys
    )
    return Table(columns, tuple(rows), text("protection.key_table"))


def _not_seen(document: Mapping[str, Any]) -> Iterator[Missing]:
    for each in document["not_seen"]:
        yield Missing(each["place"], each["found"] or text("protection.not_seen_files"))
    yield Missing("", text("protection.not_seen_form"))
    yield Missing("", text("protection.not_seen_pages"))


def _yes(answer: bool) -> Text:  # noqa: FBT001 the one thing it is about
    return text("common.yes" if answer else "common.no")


def _listed(items: Iterator[Text]) -> Value:
    found = tuple(items)
    return Listing(found) if found else None
