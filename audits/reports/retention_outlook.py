"""Sections of the report on retention beside plans and runs: what is kept and why, what comes, holds, restore tests."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audits.evidence import Evidence
from audits.report import Bar, Block, Chart, Code, Column, Listing, Notes, Row, Section, Table, Tag, Tone, Value, text

Plans = Sequence[Mapping[str, Any]]
"""Plans in the form of `docs/json/retention.md`."""

_RECORDS = Column("records", text("retention.records"), "number")
_DATASET = Column("dataset", text("audit.dataset"), "code")
_WAITS = ("hold", "request", "consent", "contract")


def due_charts(plans: Plans) -> tuple[Block, ...]:
    """What is due by month and by stage."""
    months, stages = _summed(plans, "by_month"), _summed(plans, "by_stage")
    bars = tuple(Bar(month, months[month], Tone.WARN) for month in sorted(months))
    charts = [Chart(text("retention.by_month"), bars, "days")] if bars else []
    if stages:
        named = sorted(stages.items(), key=lambda each: (-each[1], each[0]))
        shown = tuple(Bar(name or text("retention.no_stage"), count, Tone.WARN) for name, count in named)
        charts.append(Chart(text("retention.by_stage"), shown))
    return tuple(charts)


def outlook(evidence: Evidence, plans: Plans) -> Iterator[Section]:
    """The sections, each only where there is something to say; restore tests always."""
    coming = _summed(plans, "forecast")
    if any(coming.values()):
        bars = tuple(Bar(month, coming[month]) for month in sorted(coming))
        blocks = (Chart(text("retention.ahead"), bars, "days"), Notes((text("retention.ahead_note"),)))
        yield Section("ahead", text("retention.ahead"), blocks, marks=(sum(coming.values()),))
    kept = [(plan, why, count) for plan in plans for why, count in _blocked(plan)]
    if kept:
        yield _section("kept", "retention.kept", _kept_table(kept))
    disagreed = [(plan, each) for plan in plans for each in plan.get("conflicts", ())]
    if disagreed:
        yield _section("conflicts", "retention.conflicts", _conflict_table(disagreed))
    if evidence.fields_without_rule:
        yield _section("open-fields", "retention.open_fields", _names("field", evidence.fields_without_rule))
    if idle := idle_rules(evidence, plans):
        yield _section("idle", "retention.idle", _names("rule", idle))
    if evidence.holds:
        yield _section("holds", "retention.holds", _hold_table(evidence.holds))
    drills: Block = (
        _drill_table(evidence.drills) if evidence.drills else Notes((text("retention.no_drill"),), Tone.WARN)
    )
    yield Section("drills", text("retention.drills"), (drills,), marks=(len(evidence.drills),))


def idle_rules(evidence: Evidence, plans: Plans) -> tuple[str, ...]:
    """Rules that match nothing: no record, or no dataset; a plan that does not say is not counted."""
    empty = [str(each["rule"]).removeprefix("retention:") for each in plans if each.get("matched") == 0]
    return tuple(sorted({*empty, *evidence.rules_without_dataset}))


def _blocked(plan: Mapping[str, Any]) -> list[tuple[str, int]]:
    held = [("hold", plan["held"])] if plan.get("held") else []
    return [*held, *plan.get("blocked", {}).items()]


def _why(name: str) -> Value:
    if name.startswith("duty:"):
        return text("retention.by_duty", rule=Code(name.removeprefix("duty:")))
    return text(f"retention.by_{name}") if name in _WAITS else text("retention.by_reference", place=Code(name))


def _kept_table(kept: Sequence[tuple[Mapping[str, Any], str, int]]) -> Table:
    columns = (_DATASET, Column("rule", text("audit.rule"), "code"), Column("by", text("retention.kept_by")), _RECORDS)
    rows = tuple(Row((Code(plan["dataset"]), Code(plan["rule"]), _why(why), count)) for plan, why, count in kept)
    return Table(columns, rows, text("retention.kept"))


def _conflict_table(disagreed: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> Table:
    columns = (_DATASET, Column("won", text("retention.won")), Column("lost", text("retention.lost")), _RECORDS)
    rows: dict[Row, None] = {}  # a conflict stands in the plan of each rule that took part in it
    for plan, each in disagreed:
        won: Value = Listing(tuple(map(Code, each["won"]))) if each["won"] else _why(each["why"])
        lost = Listing(tuple(map(Code, each["lost"])))
        rows[Row((Code(plan["dataset"]), won, lost, each["rows"]))] = None
    return Table(columns, tuple(rows), text("retention.conflicts"))


def _hold_table(holds: Sequence[Mapping[str, Any]]) -> Table:
    columns = (
        _DATASET,
        Column("scope", text("retention.scope")),
        Column("placed", text("retention.placed"), "time"),
        Column("until", text("retention.until"), "time"),
    )
    rows = tuple(
        Row(
            (
                Code(each["place"]),
                text(f"retention.scope_{each['scope']}"),
                dt.datetime.fromisoformat(each["placed"]),
                dt.date.fromisoformat(each["until"]) if each["until"] else text("retention.until_released"),
            )
        )
        for each in holds
    )
    return Table(columns, rows, text("retention.holds"))


def _drill_table(drills: Sequence[Mapping[str, Any]]) -> Table:
    columns = (
        Column("day", text("audit.day"), "time"),
        Column("store", text("retention.store"), "code"),
        Column("backup", text("retention.backup_day"), "time"),
        Column("outcome", text("audit.outcome"), "tag"),
        Column("minutes", text("retention.minutes"), "number"),
        Column("checked", text("retention.checked")),
    )
    rows = tuple(
        Row(
            (
                dt.date.fromisoformat(each["drilled"]),
                Code(each["store"]),
                dt.date.fromisoformat(each["backup_day"]),
                _outcome(each["outcome"]),
                each["minutes"],
                Listing(tuple(map(Code, each["checked"]))),
            )
        )
        for each in drills
    )
    return Table(columns, rows, text("retention.drills"))


def _outcome(outcome: str) -> Tag:
    good = outcome == "passed"
    return Tag(text("retention.passed" if good else "retention.drill_failed"), Tone.GOOD if good else Tone.BAD)


def _names(key: str, names: Sequence[str]) -> Table:
    return Table((Column(key, text(f"audit.{key}"), "code"),), tuple(Row((Code(each),)) for each in names))


def _section(id_: str, title: str, table: Table) -> Section:
    return Section(id_, text(title), (table,), marks=(len(table.rows),))


def _summed(plans: Plans, key: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for plan in plans:
        found.update(plan.get(key, {}))
    return found
