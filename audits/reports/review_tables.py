"""The tables of the report on access reviews."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from audits.report import Code, Column, Count, Fact, Facts, Listing, Row, Table, Tag, Tone, Value, text
from audits.reports.review_facts import CRM, REVOKE, UNUSED_DAYS, Standing

STATES = {
    "unreviewed": Tone.WARN,
    "undecided": Tone.WARN,
    "changed": Tone.WARN,
    "new": Tone.WARN,
    "revoked": Tone.BAD,
    "kept": Tone.GOOD,
}
"""How a grant can stand, with its tone."""

_COLUMNS = (
    Column("grant", text("review.grant")),
    Column("state", text("review.state"), "tag"),
    Column("last_used", text("review.last_used"), "time"),
    Column("uses", text("audit.uses"), "number"),
    Column("users", text("grants.users"), "number"),
    Column("flags", text("review.look_at")),
    Column("line", text("review.line"), "number"),
    Column("id", text("review.id"), "code"),
)
_DECIDED = (
    Column("verdict", text("review.verdict")),
    Column("decided", text("review.when"), "time"),
    Column("decided_by", text("review.by")),
    Column("reason", text("audit.reason"), "code"),
)


def grants_table(found: Sequence[Standing], names: Mapping[str, str]) -> Table:
    """Every grant; who it reaches and what was decided opens below its row."""
    rows = tuple(Row(_cells(each), _details(each, names), (each.state,)) for each in found)
    return Table(_COLUMNS, rows, text("review.grants"))


def flat_table(found: Sequence[Standing], names: Mapping[str, str]) -> Table:
    """The same with the decision in the row, for CSV."""
    rows = tuple(Row((*_cells(each), *_decided(each, names)), facets=(each.state,)) for each in found)
    return Table((*_COLUMNS, *_DECIDED), rows, text("review.grants"))


def reviews_table(reviews: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> Table:
    """Every review that was ever opened, newest first."""
    columns = (
        Column("review", text("review.id"), "code"),
        Column("reviewer", text("review.reviewer")),
        Column("opened", text("review.opened"), "time"),
        Column("due", text("review.due")),
        Column("closed", text("review.closed"), "time"),
        Column("grants", text("review.grants"), "number"),
        Column("decided", text("review.decided"), "number"),
    )
    rows = tuple(
        Row(
            (
                Code(each["id"]),
                names.get(each["reviewer"]) or Code(each["reviewer"]),
                _moment(each["opened"]),
                dt.date.fromisoformat(each["due"]),
                _moment(each["closed"]),
                Count(each["grants"], (each["event"],)),
                each["decisions"],
            )
        )
        for each in reversed(reviews)
    )
    return Table(columns, rows, text("review.reviews"))


def _cells(standing: Standing) -> tuple[Value, ...]:
    grant = standing.grant
    flags = tuple(
        text("review.flag_unused", days=UNUSED_DAYS) if each == "unused" else text(f"review.flag_{each}")
        for each in standing.flags
    )
    return (
        in_words(grant),
        Tag(text(f"review.state_{standing.state}"), STATES[standing.state]),
        _moment(standing.last_used),
        standing.uses.count,
        grant["holders"] if grant["kind"] == CRM else len(grant["users"]),
        Listing(flags) if flags else None,
        grant["line"] or None,
        Code(grant["id"]),
    )


def in_words(grant: Mapping[str, Any]) -> Value:
    """What a line gives, as a sentence."""
    if grant["kind"] == CRM:
        actions = Listing(tuple(text(f"audit.action_{each}") for each in grant["action"].split()))
        said = "says_crm_role" if grant["role"] else "says_crm"
        return text(f"review.{said}", subject=grant["subject"], actions=actions, object=Code(grant["object"]))
    if grant["kind"] == "role":
        return text("review.says_role", member=grant["subject"], role=Code(grant["role"]))
    return text(
        "review.says_rows" if grant["rows"] else "review.says",
        subject=text("review.everybody") if grant["subject"] == "*" else grant["subject"],
        action=text(f"audit.action_{grant['action']}"),
        object=text("review.everything") if grant["object"] == "*" else Code(grant["object"]),
        treatment=Code(grant["treatment"]),
        purpose=Code(grant["purpose"]),
        rows=Code(grant["rows"]),
    )


def _details(standing: Standing, names: Mapping[str, str]) -> tuple[Facts]:
    grant, facts = standing.grant, list[Fact]()
    if grant["users"]:
        facts.append(Fact(text("grants.users"), Listing(tuple(grant["users"]))))
    if grant["kind"] == CRM and grant["inactive"]:
        facts.append(Fact(text("review.inactive"), grant["inactive"], Tone.WARN))
    if grant["fields"]:
        facts.append(Fact(text("grants.fields"), Listing(tuple(Code(each) for each in grant["fields"]))))
    pairs = tuple(text("review.pair", one=Code(one), other=Code(other)) for one, other in grant["separation"])
    if pairs:
        facts.append(Fact(text("review.flag_separation"), Listing(pairs), Tone.BAD))
    told = zip(_DECIDED, _decided(standing, names), strict=True)
    facts += [Fact(column.title, value) for column, value in told if value is not None]
    return (Facts(tuple(facts)),)


def _decided(standing: Standing, names: Mapping[str, str]) -> tuple[Value, ...]:
    decision = standing.decision
    if decision is None:
        return (None, None, None, None)
    by = decision["decided_by"]
    verdict = text("review.revoke") if decision["verdict"] == REVOKE else text("review.keep")
    return (verdict, _moment(decision["decided"]), names.get(by) or Code(by), Code(decision["note"]))


def _moment(stamp: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(stamp) if stamp else None
