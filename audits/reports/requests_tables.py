"""Tables of the report on requests: shares on time, tiers, what the CCPA asks for, complaints by step, old records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audits.report import (
    Bar,
    Chart,
    Code,
    Column,
    Notes,
    Row,
    Section,
    Share,
    Table,
    Tag,
    Text,
    Tone,
    Value,
    text,
)

_SETTLED = Column("settled", text("requests.settled"), "number")
_ON_TIME = Column("on_time", text("requests.on_time"), "share")


def law_word(law: str) -> Text:
    """The name of a law; its code where there is no word for it."""
    return Text(f"report.law_{law}", (), law)


def tables(document: Mapping[str, Any]) -> Iterator[Section]:
    """The sections, each only where there is something to say."""
    if document["shares"]:
        yield _section("shares", text("requests.shares"), _shares(document))
    if document["tiers"]:
        table = tier_table(document["tiers"])
        blocks = (Notes((text("requests.tiers_note"),)), table)
        yield Section("tiers", text("requests.tiers"), blocks, marks=(len(table.rows),))
    if any(each["received"] for each in document["ccpa"]["types"]):
        yield _section("ccpa", text("requests.ccpa", year=str(document["ccpa"]["year"])), _ccpa(document))
    if any(document["complaints"].values()):
        yield _complaints(document)
    if document["expired"]:
        yield _section("expired", text("requests.expired"), _expired(document))


def _section(id_: str, title: Text, table: Table) -> Section:
    return Section(id_, title, (table,), marks=(len(table.rows),))


def _shares(document: Mapping[str, Any]) -> Table:
    columns = (
        Column("key", text("requests.key")),
        Column("by", text("requests.by"), "tag"),
        _ON_TIME,
        Column("interval", text("requests.interval")),
        _SETTLED,
    )
    rows = tuple(
        Row(
            (
                _key(each["by"], each["key"]),
                Tag(text(f"requests.by_{each['by']}"), Tone.PLAIN),
                Share(each["share"], each["low"], each["high"]),
                text("report.interval", low=Share(each["low"]), high=Share(each["high"])),
                each["settled"],
            )
        )
        for each in document["shares"]
    )
    return Table(columns, rows, text("requests.shares"))


def _key(by: str, key: str) -> Value:
    if by == "type":
        return text(f"requests.type_{key}")
    return law_word(key) if by == "law" else Code(key)


def tier_table(tiers: Sequence[Mapping[str, Any]]) -> Table:
    """Each tier beside all others: the parts answered in time and their difference."""
    columns = (
        Column("tier", text("requests.tier"), "code"),
        _ON_TIME,
        _SETTLED,
        Column("others", text("requests.others"), "percent"),
        Column("others_settled", text("requests.others_settled"), "number"),
        Column("difference", text("requests.difference")),
        Column("finding", text("requests.finding"), "tag"),
    )
    return Table(columns, tuple(_tier(each) for each in tiers), text("requests.tiers"))


def _tier(each: Mapping[str, Any]) -> Row:
    value, low, high = (f"{each[name] * 100:+.1f}" for name in ("difference", "low", "high"))
    finding = Tag(text("requests.unequal"), Tone.BAD) if each["unequal"] else Tag(text("requests.equal"), Tone.GOOD)
    return Row(
        (
            Code(each["tier"]),
            Share(each["on_time"] / each["settled"]),
            each["settled"],
            Share(each["others_on_time"] / each["others_settled"]),
            each["others_settled"],
            text("requests.points", value=value, low=low, high=high),
            finding,
        )
    )


def _ccpa(document: Mapping[str, Any]) -> Table:
    counted = ("received", "complied", "partly", "denied")
    columns = (
        Column("type", text("requests.type")),
        Column("received", text("requests.received_count"), "number"),
        *(Column(each, text(f"requests.{each}"), "number") for each in counted[1:]),
        Column("median_days", text("requests.median_days")),
        Column("mean_days", text("requests.mean_days")),
    )
    rows = tuple(
        Row(
            (
                text(f"requests.type_{each['type']}"),
                *(each[name] for name in counted),
                *(_days(each[name]) for name in ("median_days", "mean_days")),
            )
        )
        for each in document["ccpa"]["types"]
    )
    return Table(columns, rows, text("requests.ccpa", year=str(document["ccpa"]["year"])))


def _days(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


def _complaints(document: Mapping[str, Any]) -> Section:
    counts = {step: count for step, count in document["complaints"].items() if count or step in _STEPS}
    bars = tuple(Bar(text(f"requests.state_{step}"), count) for step, count in counts.items())
    columns = (Column("step", text("requests.step")), Column("count", text("requests.count"), "number"))
    rows = tuple(Row((text(f"requests.state_{step}"), count)) for step, count in counts.items())
    blocks = (Chart(text("requests.complaints"), bars), Table(columns, rows, text("requests.complaints")))
    return Section("complaints", text("requests.complaints"), blocks, marks=(sum(counts.values()),))


_STEPS = ("received", "investigated", "resolved", "answered")


def _expired(document: Mapping[str, Any]) -> Table:
    columns = (
        Column("id", text("requests.id"), "code"),
        Column("law", text("requests.law")),
        Column("closed", text("requests.closed_on"), "time"),
        Column("article", text("requests.article")),
    )
    rows = tuple(
        Row((Code(each["id"]), law_word(each["law"]), dt.date.fromisoformat(each["closed"]), each["article"]))
        for each in document["expired"]
    )
    return Table(columns, rows, text("requests.expired"))
